/** Makes the driver of a camera that is asked for headers alone: whether it answers, and whether it lets us in. */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Text } from "../../../model/index.ts";
import { host } from "../../addresses.ts";
import type { Driver, Golden, NetProbe, Opening } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";
import { type Answer, bytesOf, readAnswer } from "./answer.ts";
import { digestFor, type Login } from "./digest.ts";
import { bothOrNeither, loginOf, loginShape } from "./login.ts";
import { type Exchange, exchangeOf, hostHeader } from "./onvif-dialogue.ts";
import { answered, polledHost, unanswered } from "./polled-host.ts";

export interface HeadersTable {
  readonly type: string;
  readonly title: Text;
  readonly by: "http" | "rtsp";
  readonly port: number;
  readonly path: string;
  /** What else its headers tell. */
  readonly points?: Readonly<Record<string, PointSpec>>;
  /** Of an answer that let us in; a code where nobody can tell. */
  read?(answer: Answer): Readonly<Record<string, boolean | { readonly code: string }>>;
  readonly goldens: readonly Golden[];
}

const optionsOf = (standardPort: number, standardPath: string) =>
  z
    .strictObject({
      host: host().describe("Host name or address, IPv6 too."),
      port: z.int().min(1).max(65_535).prefault(standardPort).describe("TCP port; without TLS."),
      path: z
        .string()
        .regex(/^\/[!-~]*$/, { error: "expected a path such as /stream1" })
        .prefault(standardPath)
        .describe("What is asked for, as the camera's manual names it."),
      ...loginShape,
      every: every("1min"),
      timeout: duration({ least: "10ms", most: "30s" }).prefault("5s").describe("How long to wait for each answer."),
      report: report(),
    })
    .superRefine(bothOrNeither);
type Options = z.output<ReturnType<typeof optionsOf>>;

const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
const ROW_AT_LEAST_MS = 15 * 60_000;
/** Cameras lock out whoever comes with a wrong password again and again. */
const LOGIN_AGAIN_MS = 15 * 60_000;

const ALWAYS: Readonly<Record<string, PointSpec>> = {
  alive: { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } },
  "answer-time": { unit: "ms", kind: "gauge", report: { change: 20, atLeastMs: ROW_AT_LEAST_MS } },
  authorised: { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } },
};

export function headersHealth(table: HeadersTable): Driver<Options> {
  const { type, title, goldens, points = {} } = table;
  return {
    type,
    title,
    wire: "net",
    options: optionsOf(table.port, table.path),
    goldens,
    points: (o) => withReport({ ...ALWAYS, ...points }, o.report),
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every + 2 * o.timeout),
    layout: (o) => ({ wire: "net", host: o.host, port: o.port }),
    async open(at: Opening<Options>): Promise<Device> {
      const camera = new Camera(table, at.options, await loginOf(at.options, at.wires), at.wires.net());
      return polledHost((stop) => camera.look(stop));
    },
    decode: ({ name, rx }) => {
      const answer = readAnswer(bytesOf(rx), { isOver: true, isHead: true });
      if (answer === "invalid" || answer === "more") throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readingsOf(table, answer, 0).map(({ point, value }) => [point, value]));
    },
  };
}

class Camera {
  readonly #table: HeadersTable;
  readonly #options: Options;
  readonly #login: Login | undefined;
  readonly #probe: NetProbe;
  /** The last refusal of the login, kernel monotonic ms. */
  #refusedAt: number | null = null;

  constructor(table: HeadersTable, options: Options, login: Login | undefined, probe: NetProbe) {
    this.#table = table;
    this.#options = options;
    this.#login = login;
    this.#probe = probe;
  }

  async look(stop: AbortSignal): Promise<readonly Reading[]> {
    const others = Object.keys({ ...ALWAYS, ...this.#table.points }).slice(1);
    const first = await this.#ask("", stop);
    if ("failed" in first) {
      // A camera that comes back may have been given the right password meanwhile.
      this.#refusedAt = null;
      return unanswered(first, others);
    }
    const alive = answered(first.answerMs, first.mono);
    const none = (code: string): readonly Reading[] =>
      others.slice(1).map((point) => ({ point, value: null, quality: "bad", code, mono: first.mono }));
    if (first.answer === "invalid") return [...alive, ...none("net.not-understood")];
    const answer = await this.#letIn(first.answer, first.mono, stop);
    if (answer === "open-password") return [...alive, ...none("net.open-password")];
    if ("failed" in answer) return [...alive, ...unanswered(answer, others.slice(1)).slice(1)];
    return [...alive, ...readingsOf(this.#table, answer, first.mono)];
  }

  /** With a login, where the camera asks for one. */
  async #letIn(
    first: Answer,
    mono: number,
    stop: AbortSignal,
  ): Promise<Answer | "open-password" | Extract<Exchange, { readonly failed: string }>> {
    const challenge = first.headers.get("www-authenticate");
    const isHeld = this.#refusedAt !== null && mono < this.#refusedAt + LOGIN_AGAIN_MS;
    if (first.status !== 401 || challenge === undefined || this.#login === undefined || isHeld) return first;
    const cnonce = randomBytes(16).toString("hex");
    const proof = digestFor(challenge, this.#login, { method: this.#method, uri: this.#uri, cnonce });
    if (proof === null) return "open-password";
    const second = await this.#ask(`Authorization: ${proof}\r\n`, stop);
    if ("failed" in second) return second;
    if (second.answer === "invalid") return first;
    this.#refusedAt = isRefusal(second.answer) ? second.mono : null;
    return second.answer;
  }

  get #method(): string {
    return this.#table.by === "rtsp" ? "OPTIONS" : "HEAD";
  }

  get #uri(): string {
    const { host, port, path } = this.#options;
    return this.#table.by === "rtsp" ? `rtsp://${host.includes(":") ? `[${host}]` : host}:${port}${path}` : path;
  }

  async #ask(header: string, stop: AbortSignal): Promise<Exchange> {
    const { host, port, timeout } = this.#options;
    const isHead = this.#table.by === "http";
    const head = isHead
      ? `HEAD ${this.#uri} HTTP/1.1\r\nHost: ${hostHeader(host, port)}\r\nConnection: close\r\n`
      : `OPTIONS ${this.#uri} RTSP/1.0\r\nCSeq: 1\r\n`;
    const isWhole = (bytes: Uint8Array) => readAnswer(bytes, { isHead }) !== "more";
    const question = { host, port, bytes: Buffer.from(`${head}${header}\r\n`), timeoutMs: timeout, isWhole };
    return exchangeOf(await this.#probe.ask(question, stop), { isHead });
  }
}

const isRefusal = ({ status }: Answer): boolean => status === 401 || status === 403;

/** Whatever it answered, it lives; that is said already. */
function readingsOf({ points = {}, read }: HeadersTable, answer: Answer, mono: number): readonly Reading[] {
  const isRefused = isRefusal(answer);
  const told = isRefused ? {} : (read?.(answer) ?? {});
  return [
    { point: "authorised", value: !isRefused, quality: "good", mono },
    ...Object.keys(points).map((point): Reading => {
      const value = told[point] ?? { code: isRefused ? "net.unauthorised" : "net.not-told" };
      if (typeof value === "boolean") return { point, value, quality: "good", mono };
      return { point, value: null, quality: "bad", code: value.code, mono };
    }),
  ];
}
