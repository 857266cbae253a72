/** Makes the driver of a camera that is asked by VISCA in datagrams: kind, length, number, and the message. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, Reading, Text } from "../../../model/index.ts";
import { host } from "../../addresses.ts";
import type { Driver, Golden, Opening } from "../../driver.ts";
import { answered, polledHost, unanswered } from "../net/polled-host.ts";
import { every, report, withReport } from "../options.ts";
import { VISCA_POINTS, versionInquiry, viscaUnderstood } from "./visca-messages.ts";

export interface ViscaUdpTable {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}

const options = z.strictObject({
  host: host().describe("Host name or address, IPv6 too."),
  port: z.int().min(1).max(65_535).prefault(52_381).describe("UDP port."),
  every: every("1min"),
  timeout: duration({ least: "10ms", most: "10s" }).prefault("2s").describe("How long to wait for its answer."),
  report: report(),
});
type Options = z.output<typeof options>;

const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
/** Over IP every camera has this one. */
const ADDRESS = 1;
const HEAD_BYTES = 8;
const INQUIRY = 0x0110;
const REPLY = 0x0111;
const { alive, model, firmware } = VISCA_POINTS;
/** That it restarted is told unasked, and nobody listens between two questions. */
const POINTS = {
  ...(alive && { alive }),
  "answer-time": { unit: "ms", kind: "gauge", report: { change: 20, atLeastMs: 15 * 60_000 } },
  ...(model && { model }),
  ...(firmware && { firmware }),
} as const;

export function viscaUdpHealth({ type, title, goldens }: ViscaUdpTable): Driver<Options> {
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
      const bytes = Buffer.from(rx.replaceAll(" ", ""), "hex");
      const message = messageIn(bytes, bytes.readUInt32BE(4));
      const answer = message === null ? undefined : viscaUnderstood(message, ADDRESS);
      if (!answer?.answers) throw new EdgeError("frame.invalid", { device: name });
      return { alive: true, ...answer.values };
    },
  };
}

function opened({ options: { host: to, port, timeout }, wires }: Opening<Options>): Promise<Device> {
  const probe = wires.net();
  let number = 0;
  return Promise.resolve(
    polledHost(async (stop) => {
      number = (number + 1) >>> 0;
      const asked = number;
      const isWhole = (bytes: Uint8Array) => messageIn(bytes, asked) !== null;
      const question = { host: to, port, by: "udp" as const, bytes: datagram(asked), timeoutMs: timeout, isWhole };
      const came = await probe.ask(question, stop);
      if ("failed" in came) return unanswered(came, ["answer-time", "model", "firmware"]);
      return [...answered(came.answerMs, came.mono), ...told(messageIn(came.bytes, asked), came.mono)];
    }),
  );
}

function told(message: Uint8Array | null, mono: number): readonly Reading[] {
  const { values = {} } = message === null ? {} : viscaUnderstood(message, ADDRESS);
  return ["model", "firmware"].map((point) => {
    const value = values[point];
    if (value !== undefined) return { point, value, quality: "good", mono };
    return { point, value: null, quality: "bad", code: "net.not-told", mono };
  });
}

function datagram(number: number): Uint8Array {
  const message = versionInquiry(ADDRESS);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(INQUIRY, 0);
  head.writeUInt16BE(message.length, 2);
  head.writeUInt32BE(number, 4);
  return Buffer.concat([head, message]);
}

/** What answers this question; null: the datagram is something else. */
function messageIn(bytes: Uint8Array, number: number): Uint8Array | null {
  if (bytes.length <= HEAD_BYTES) return null;
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const isOurs =
    head.readUInt16BE(0) === REPLY && head.readUInt16BE(2) === bytes.length - HEAD_BYTES && head.readUInt32BE(4) === number;
  return isOurs ? bytes.subarray(HEAD_BYTES) : null;
}
