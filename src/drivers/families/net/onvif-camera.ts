/** Makes the driver of an ONVIF camera without its pictures: whether it lives, its clock, and who it is. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { duration } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Text } from "../../../model/index.ts";
import { host } from "../../addresses.ts";
import type { Driver, Golden, Opening, Wires } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";
import { bytesOf, readAnswer } from "./answer.ts";
import type { Login } from "./digest.ts";
import { bothOrNeither, loginOf, loginShape } from "./login.ts";
import { type CameraAddress, type Introduced, OnvifDialogue, timeOf } from "./onvif-dialogue.ts";
import { type DeviceInformation, informationIn, isRefusal } from "./onvif-messages.ts";
import { answered, polledHost, unanswered } from "./polled-host.ts";

export interface OnvifHealthTable {
  readonly type: string;
  readonly title: Text;
  /** The answers of a camera as on the wire, one after the other: to the question for its time, then to the one who it is. */
  readonly goldens: readonly Golden[];
}

const options = z
  .strictObject({
    host: host().describe("Host name or address, IPv6 too."),
    port: z.int().min(1).max(65_535).prefault(80).describe("TCP port of its ONVIF service; without TLS."),
    path: z
      .string()
      .regex(/^\/[!-~]*$/, { error: "expected a path such as /stream1" })
      .prefault("/onvif/device_service")
      .describe("Path of its device service."),
    ...loginShape,
    every: every("1min"),
    timeout: duration({ least: "10ms", most: "30s" }).prefault("5s").describe("How long to wait for each answer."),
    report: report(),
  })
  .superRefine(bothOrNeither);
type Options = z.output<typeof options>;

const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
const ROW_AT_LEAST_MS = 15 * 60_000;
/** Cameras lock out whoever comes with a wrong password again and again. */
const LOGIN_AGAIN_MS = 15 * 60_000;
/** Its clock is told to the second. */
const HALF_SECOND_MS = 500;

const atLeast = { atLeastMs: ROW_AT_LEAST_MS };
const ALWAYS: Readonly<Record<string, PointSpec>> = {
  alive: { unit: "", kind: "state", report: atLeast },
  "answer-time": { unit: "ms", kind: "gauge", report: { change: 20, ...atLeast } },
  "clock-offset": { unit: "s", kind: "gauge", report: { change: 5, ...atLeast } },
};
const WITH_LOGIN: Readonly<Record<string, PointSpec>> = {
  authorised: { unit: "", kind: "state", report: atLeast },
  manufacturer: { unit: "", kind: "text", report: {} },
  model: { unit: "", kind: "text", report: {} },
  firmware: { unit: "", kind: "state", isWord: true, report: {} },
  "serial-number": { unit: "", kind: "text", report: {} },
};
const KNOWN: readonly (readonly [point: string, of: keyof DeviceInformation])[] = [
  ["manufacturer", "manufacturer"],
  ["model", "model"],
  ["firmware", "firmware"],
  ["serial-number", "serial"],
];

export function onvifHealth({ type, title, goldens }: OnvifHealthTable): Driver<Options> {
  return {
    type,
    title,
    wire: "net",
    options,
    goldens,
    points: (o) => withReport(o.user === undefined ? ALWAYS : { ...ALWAYS, ...WITH_LOGIN }, o.report),
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every + 3 * o.timeout),
    layout: (o) => ({ wire: "net", host: o.host, port: o.port }),
    open: opened,
    decode: decoded,
  };
}

/** The password is read at once: one that is missing is told, and no camera is asked in vain. */
async function opened(at: Opening<Options>): Promise<Device> {
  const camera = new Camera(at.options, await loginOf(at.options, at.wires), at.wires);
  return polledHost((stop) => camera.look(stop));
}

class Camera {
  readonly #dialogue: OnvifDialogue;
  readonly #login: Login | undefined;
  readonly #wires: Wires;
  /** The last refusal, and when it came, kernel monotonic ms. */
  #refusal: { readonly met: Introduced; readonly at: number } | null = null;

  constructor(at: CameraAddress, login: Login | undefined, wires: Wires) {
    this.#dialogue = new OnvifDialogue(wires.net(), at);
    this.#login = login;
    this.#wires = wires;
  }

  async look(stop: AbortSignal): Promise<readonly Reading[]> {
    const from = this.#wires.now();
    const exchange = await this.#dialogue.time(stop);
    const all = ["answer-time", "clock-offset", ...(this.#login === undefined ? [] : Object.keys(WITH_LOGIN))];
    if ("failed" in exchange) {
      // A camera that comes back may have been given the right password meanwhile.
      this.#refusal = null;
      return unanswered(exchange, all);
    }
    const { answer, answerMs, mono } = exchange;
    const time = timeOf(answer);
    const alive = answered(answerMs, mono);
    if (time === undefined) return [...alive, ...none(all.slice(1), "net.not-understood", mono)];
    // Half a second, since it leaves out the fractions; and it looked at its clock half way.
    const offsetMs = time === null ? null : time + HALF_SECOND_MS - (from.wall + answerMs / 2);
    const clock = clockReading(offsetMs, from.synced, mono);
    if (this.#login === undefined) return [...alive, clock];
    return [...alive, clock, ...(await this.#introduced(this.#login, offsetMs, stop))];
  }

  async #introduced(login: Login, offsetMs: number | null, stop: AbortSignal): Promise<readonly Reading[]> {
    const { mono, wall, synced } = this.#wires.now();
    const refusal = this.#refusal;
    if (refusal !== null && mono < refusal.at + LOGIN_AGAIN_MS) return introducedAs(refusal.met, mono);
    const createdMs = offsetMs === null ? (synced ? wall : null) : wall + offsetMs;
    const met = await this.#dialogue.information(login, createdMs, offsetMs !== null, stop);
    const end = this.#wires.now().mono;
    this.#refusal = met === "refused" || ("code" in met && met.code === "net.no-time") ? { met, at: end } : null;
    return introducedAs(met, end);
  }
}

function clockReading(offsetMs: number | null, isOurs: boolean, mono: number): Reading {
  const point = "clock-offset";
  if (offsetMs === null) return { point, value: null, quality: "bad", code: "net.no-time", mono };
  if (!isOurs) return { point, value: null, quality: "bad", code: "net.own-clock", mono };
  return { point, value: Math.round(offsetMs / 1000), quality: "good", mono };
}

const none = (points: readonly string[], code: string, mono: number): readonly Reading[] =>
  points.map((point) => ({ point, value: null, quality: "bad", code, mono }));

function introducedAs(met: Introduced, mono: number): readonly Reading[] {
  const points = KNOWN.map(([point]) => point);
  if (met === "refused")
    return [{ point: "authorised", value: false, quality: "good", mono }, ...none(points, "net.unauthorised", mono)];
  if ("failed" in met) return unanswered(met, ["authorised", ...points]).slice(1);
  if ("code" in met) return none(["authorised", ...points], met.code, mono);
  const known = KNOWN.map(([point, of]): Reading => {
    const value = met[of];
    return value === null
      ? { point, value, quality: "bad", code: "net.not-told", mono }
      : { point, value, quality: "good", mono };
  });
  return [{ point: "authorised", value: true, quality: "good", mono }, ...known];
}

/** The offset is left out: it depends on when the bytes came. Of a time its second is told in its place. */
function decoded({ name, rx }: Golden) {
  const answer = readAnswer(bytesOf(rx), { isOver: true });
  if (answer === "more" || answer === "invalid") throw new EdgeError("frame.invalid", { device: name });
  const time = timeOf(answer);
  const information = informationIn(answer.body);
  if (information !== undefined)
    return Object.fromEntries(introducedAs(information, 0).map(({ point, value }) => [point, value]));
  if (isRefusal(answer.body)) return { authorised: false };
  if (time === undefined) throw new EdgeError("frame.invalid", { device: name });
  return { alive: true, clock: time === null ? null : new Date(time).toISOString() };
}
