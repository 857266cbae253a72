/** Makes the driver of a device of which is only known whether it takes a TCP connection, and how soon. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import { verbatim } from "../../../kit/text/reasons.ts";
import type { Device, PointSpec, Reading, Text, Ticks } from "../../../model/index.ts";
import { host } from "../../addresses.ts";
import type { Driver, Golden, NetProbe, ProbeResult } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";

export interface TcpHealthTable {
  readonly type: string;
  readonly title: Text;
  /** `answered after N ms`, `refused`, `unreachable`, `timeout`, `unknown-host`, `not-tried`: what the network said, in place of bytes. */
  readonly goldens: readonly Golden[];
}

const options = z.strictObject({
  host: host().describe("Host name or address, IPv6 too."),
  port: z.int().min(1).max(65_535).describe("TCP port that takes connections when the device works: 80, 443, 554 for cameras."),
  every: every("1min"),
  timeout: duration({ least: "10ms", most: "30s" }).prefault("5s").describe("How long to wait for the connection."),
  report: report(),
});
type Options = z.output<typeof options>;

const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
const ROW_AT_LEAST_MS = 15 * 60_000;
const POINTS: Readonly<Record<string, PointSpec>> = {
  alive: { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } },
  "answer-time": { unit: "ms", kind: "gauge", report: { change: 20, atLeastMs: ROW_AT_LEAST_MS } },
};

export function tcpHealth({ type, title, goldens }: TcpHealthTable): Driver<Options> {
  return {
    type,
    title,
    wire: "net",
    options,
    goldens,
    points: (o) => withReport(POINTS, o.report),
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every + o.timeout),
    layout: (o) => ({ wire: "net", host: o.host, port: o.port }),
    open: (at) => Promise.resolve(new ProbedHost(at.wires.net(), at.options)),
    decode: ({ name, rx }) => {
      const result = resultIn(rx);
      if (result === null) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readingsOf(result).map(({ point, value }) => [point, value]));
    },
  };
}

class ProbedHost implements Device {
  readonly #probe: NetProbe;
  readonly #options: Options;

  constructor(probe: NetProbe, options: Options) {
    this.#probe = probe;
    this.#options = options;
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { host, port, timeout } = this.#options;
    while (!stop.aborted) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const result = await this.#probe.connect(host, port, timeout, stop);
      if (!stop.aborted) yield readingsOf(result);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A host name that has no address says nothing about the device, as the name server may be down; nor does a gateway without a network. */
function readingsOf(result: ProbeResult): readonly Reading[] {
  const { mono } = result;
  if (!("failed" in result)) {
    const answerMs = Math.round(result.answerMs * 10) / 10;
    return [
      { point: "alive", value: true, quality: "good", mono },
      { point: "answer-time", value: answerMs, quality: "good", mono },
    ];
  }
  const code = CODES[result.failed];
  const why = "reason" in result ? { why: { reason: result.reason } } : {};
  const none: Reading = { point: "answer-time", value: null, quality: "bad", code, mono, ...why };
  if (result.failed === "unknown-host" || result.failed === "not-tried") return [{ ...none, point: "alive" }, none];
  return [{ point: "alive", value: false, quality: "good", mono }, none];
}

const CODES = {
  refused: "net.refused",
  unreachable: "net.unreachable",
  timeout: "net.timeout",
  "unknown-host": "net.unknown-host",
  "not-tried": "net.not-tried",
} as const;

function resultIn(text: string): ProbeResult | null {
  const answerMs = /^answered after (\d+(?:\.\d+)?) ms$/.exec(text)?.[1];
  if (answerMs !== undefined) return { answerMs: Number(answerMs), mono: 0 };
  const failed = (Object.keys(CODES) as (keyof typeof CODES)[]).find((word) => word === text);
  if (failed === undefined) return null;
  return failed === "not-tried" ? { failed, reason: verbatim(failed), mono: 0 } : { failed, mono: 0 };
}
