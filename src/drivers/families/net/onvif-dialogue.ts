/** Asks an ONVIF camera for its time, as nobody in particular, and then, with a login, who it is. */
import { randomBytes } from "node:crypto";
import type { Asked, NetProbe } from "../../driver.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { digestFor, type Login } from "./digest.ts";
import {
  actionOf,
  type DeviceInformation,
  informationIn,
  isRefusal,
  type OnvifQuestion,
  soap,
  timeIn,
  usernameToken,
} from "./onvif-messages.ts";
import type { NoAnswer } from "./polled-host.ts";

export interface CameraAddress {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly timeout: number;
}

/** An answer, or how what came was none. */
export type Exchange = { readonly answer: Answer | "invalid"; readonly answerMs: number; readonly mono: number } | NoAnswer;

/** Who the camera is; or that it does not know us, or why neither can be told. */
export type Introduced =
  | DeviceInformation
  | "refused"
  | { readonly code: "net.not-understood" | "net.no-time" | "net.open-password" }
  | NoAnswer;

/**
 * Some cameras refuse proofs that are longer, or whose time is a few seconds away from their own clock: that one counts, so that a clock that is wrong
 * is not taken for a password that is.
 */
const NONCE_BYTES = 16;

export class OnvifDialogue {
  readonly #probe: NetProbe;
  readonly #at: CameraAddress;

  constructor(probe: NetProbe, at: CameraAddress) {
    this.#probe = probe;
    this.#at = at;
  }

  time(stop: AbortSignal): Promise<Exchange> {
    return this.#ask(soap("GetSystemDateAndTime"), "GetSystemDateAndTime", stop);
  }

  /** `createdMs`: what the camera's clock says now; null: nobody knows. `isByClock`: it was the camera that said so. */
  async information(login: Login, createdMs: number | null, isByClock: boolean, stop: AbortSignal): Promise<Introduced> {
    const question = "GetDeviceInformation";
    const token = createdMs === null ? "" : usernameToken(login, randomBytes(NONCE_BYTES), createdMs);
    const first = await this.#ask(soap(question, token), question, stop);
    if ("failed" in first) return first;
    const challenge = first.answer === "invalid" ? undefined : first.answer.headers.get("www-authenticate");
    const met = introducedBy(first.answer);
    if (met !== "refused" || challenge === undefined) return met === "refused" && !isByClock ? { code: "net.no-time" } : met;
    const request = { method: "POST", uri: this.#at.path, cnonce: randomBytes(NONCE_BYTES).toString("hex") };
    const proof = digestFor(challenge, login, request);
    if (proof === null) return { code: "net.open-password" };
    const second = await this.#ask(soap(question), question, stop, `Authorization: ${proof}\r\n`);
    return "failed" in second ? second : introducedBy(second.answer);
  }

  async #ask(body: string, question: OnvifQuestion, stop: AbortSignal, header = ""): Promise<Exchange> {
    const { host, port, path, timeout } = this.#at;
    const bytes = Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: ${hostHeader(host, port)}\r\nContent-Type: application/soap+xml; charset=utf-8; action="${actionOf(question)}"\r\n${header}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    const isWhole = (so: Uint8Array) => readAnswer(so) !== "more";
    return exchangeOf(await this.#probe.ask({ host, port, bytes, timeoutMs: timeout, isWhole }, stop));
  }
}

export const hostHeader = (host: string, port: number): string => {
  const name = host.includes(":") ? `[${host.split("%")[0]}]` : host;
  return port === 80 ? name : `${name}:${port}`;
};

export function exchangeOf(asked: Asked, how: { readonly isHead?: boolean } = {}): Exchange {
  if ("failed" in asked) return asked;
  const { bytes, answerMs, mono } = asked;
  const answer = readAnswer(bytes, { ...how, isOver: true });
  return { answer: answer === "more" ? "invalid" : answer, answerMs, mono };
}

function introducedBy(answer: Answer | "invalid"): Introduced {
  if (answer === "invalid") return { code: "net.not-understood" };
  const { status, body } = answer;
  if (status === 401 || status === 403 || isRefusal(body)) return "refused";
  return (status === 200 ? informationIn(body) : undefined) ?? { code: "net.not-understood" };
}

/** What its clock says; null: it did not say it, or not in UTC. undefined: this is no ONVIF camera that answered. */
export function timeOf(answer: Answer | "invalid"): number | null | undefined {
  if (answer === "invalid") return undefined;
  const time = answer.status === 200 ? timeIn(answer.body) : undefined;
  if (time !== undefined) return time;
  // Some have not this call at all, or want a login for it: a SOAP fault, or a challenge, is an answer of a camera none the less.
  return answer.status === 401 || /<(?:[\w.-]+:)?Fault[\s>]/.test(answer.body) ? null : undefined;
}
