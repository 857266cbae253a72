/** The two questions that ONVIF cameras are asked, as SOAP, and what of their answers is understood. */
import { createHash } from "node:crypto";
import type { Login } from "./digest.ts";

export type OnvifQuestion = "GetSystemDateAndTime" | "GetDeviceInformation";

const DEVICE = "http://www.onvif.org/ver10/device/wsdl";
const OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";

/** `header`: what proves who asks; absent: nobody in particular. */
export const soap = (question: OnvifQuestion, header = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>${header}</s:Header><s:Body><${question} xmlns="${DEVICE}"/></s:Body></s:Envelope>`;

export const actionOf = (question: OnvifQuestion): string => `${DEVICE}/${question}`;

/** Base64 of SHA-1 over nonce, time and password: WS-Security UsernameToken Profile 1.0, 3.1. */
export const passwordDigest = (nonce: Uint8Array, created: string, password: string): string =>
  createHash("sha1").update(nonce).update(created).update(password).digest("base64");

/** Proves that a password is known at a moment of the camera's own clock. `createdMs`: epoch ms. */
export function usernameToken({ user, password }: Login, nonce: Uint8Array, createdMs: number): string {
  const created = new Date(createdMs).toISOString().replace(/\.\d+Z$/, "Z");
  const digest = passwordDigest(nonce, created, password);
  const encoding = `${OASIS}-soap-message-security-1.0#Base64Binary`;
  return `<Security s:mustUnderstand="1" xmlns="${OASIS}-wssecurity-secext-1.0.xsd"><UsernameToken><Username>${escaped(user)}</Username><Password Type="${OASIS}-username-token-profile-1.0#PasswordDigest">${digest}</Password><Nonce EncodingType="${encoding}">${Buffer.from(nonce).toString("base64")}</Nonce><Created xmlns="${OASIS}-wssecurity-utility-1.0.xsd">${created}</Created></UsernameToken></Security>`;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

function unescaped(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** What stands in the first element of this name, whatever its prefix; undefined: there is none. */
function inside(xml: string, name: string): string | undefined {
  const begin = new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^<>]*)?(/?)>`).exec(xml);
  if (begin === null) return undefined;
  if (begin[1] === "/") return "";
  const from = begin.index + begin[0].length;
  const end = new RegExp(`</(?:[\\w.-]+:)?${name}\\s*>`).exec(xml.slice(from));
  return end === null ? undefined : xml.slice(from, from + end.index);
}

/** Letters of a text at most: what a camera calls itself is short. */
const LETTERS = 100;

function textIn(xml: string, name: string): string | null {
  const text = inside(xml, name);
  if (text === undefined || text.includes("<")) return null;
  return (
    unescaped(text)
      .replaceAll(/[\p{C}\s]+/gu, " ")
      .trim()
      .slice(0, LETTERS) || null
  );
}

/** Epoch ms of the camera's clock, to the second; null: it does not say it in UTC. undefined: this is no such answer. */
export function timeIn(xml: string): number | null | undefined {
  const body = inside(xml, "GetSystemDateAndTimeResponse");
  if (body === undefined) return undefined;
  const utc = inside(body, "UTCDateTime");
  if (utc === undefined) return null;
  const of = (name: string): number => Number(/^\s*(\d{1,4})\s*$/.exec(inside(utc, name) ?? "")?.[1] ?? Number.NaN);
  const [year, month, day] = [of("Year"), of("Month"), of("Day")];
  const [hour, minute, second] = [of("Hour"), of("Minute"), of("Second")];
  // A day such as 31 February is a mistake, which Date would take for one of March. A second may be a leap one.
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  if (time.getUTCMonth() !== month - 1 || !(hour < 24 && minute < 60 && second < 61)) return null;
  return time.setUTCHours(hour, minute, second);
}

export interface DeviceInformation {
  readonly manufacturer: string | null;
  readonly model: string | null;
  readonly firmware: string | null;
  readonly serial: string | null;
}

/** undefined: this is no such answer. */
export function informationIn(xml: string): DeviceInformation | undefined {
  const body = inside(xml, "GetDeviceInformationResponse");
  if (body === undefined) return undefined;
  return {
    manufacturer: textIn(body, "Manufacturer"),
    model: textIn(body, "Model"),
    firmware: textIn(body, "FirmwareVersion"),
    serial: textIn(body, "SerialNumber"),
  };
}

/** A fault by which a camera says that who asks is nobody it knows (ONVIF Core, ter:NotAuthorized; WS-Security, wsse:FailedAuthentication …). */
export const isRefusal = (xml: string): boolean =>
  /[>:](?:NotAuthorized|FailedAuthentication|InvalidSecurity|InvalidSecurityToken)\s*</.test(xml);
