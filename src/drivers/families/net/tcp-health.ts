/** Makes the driver of a device of which is only known whether it takes a TCP connection, and how soon. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import { verbatim } from "../../../kit/text/reasons.ts";
import type { Device, PointSpec, Reading, Text } from "../../../model/index.ts";
import { host } from "../../addresses.ts";
import type { Driver, Golden, Opening, ProbeResult } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";
import { answered, NO_ANSWER, polledHost, unanswered } from "./polled-host.ts";

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
    open: opened,
    decode: ({ name, rx }) => {
      const result = resultIn(rx);
      if (result === null) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readingsOf(result).map(({ point, value }) => [point, value]));
    },
  };
}

function opened({ options: { host, port, timeout }, wires }: Opening<Options>): Promise<Device> {
  const probe = wires.net();
  return Promise.resolve(polledHost(async (stop) => readingsOf(await probe.connect(host, port, timeout, stop))));
}

const readingsOf = (result: ProbeResult): readonly Reading[] =>
  "failed" in result ? unanswered(result, ["answer-time"]) : answered(result.answerMs, result.mono);

function resultIn(text: string): ProbeResult | null {
  const answerMs = /^answered after (\d+(?:\.\d+)?) ms$/.exec(text)?.[1];
  if (answerMs !== undefined) return { answerMs: Number(answerMs), mono: 0 };
  const failed = (Object.keys(NO_ANSWER) as (keyof typeof NO_ANSWER)[]).find((word) => word === text);
  if (failed === undefined) return null;
  return failed === "not-tried" ? { failed, reason: verbatim(failed), mono: 0 } : { failed, mono: 0 };
}
