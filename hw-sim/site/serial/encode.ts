/** Builds a frame of a serial device from the values of its fields, by code that the product does not share. */
import type { FrameField, FrameLayout, LineField, LineFrame } from "../../../src/drivers/driver.ts";

export type Shown = Readonly<Record<string, number | string>>;

/** What a field's bytes can carry, in raw numbers. */
const RANGE = {
  uint8: [0, 0xff],
  int8: [-0x80, 0x7f],
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  plus15: [-0x7fff, 0x7fff],
} as const;

/** The value as near as the field can carry it; throws a plain sentence for what it cannot. */
export function carried(field: FrameField | LineField, value: number | string): number | string {
  const { name, scale = 1 } = field;
  if (isWritten(field)) {
    const text = String(value);
    const [least, most] = field.chars;
    if (text.length < least || text.length > most) throw new Error(`${name} has ${least} to ${most} characters`);
    return text;
  }
  if (field.decode === "number") return numberOf(field, Number(value)) * scale;
  const raw = Math.round(Number(value) / scale);
  if (Number.isNaN(raw)) throw new Error(`${name} is a number, or true or false`);
  const [low, high] = field.decode === "decimal" ? [0, 10 ** field.chars[1] - 1] : RANGE[field.decode];
  return Math.min(high, Math.max(low, raw)) * scale;
}

/** A field whose characters are sent as they are set. */
const isWritten = (field: FrameField | LineField): field is Exclude<LineField, { decode: "decimal" | "number" }> =>
  field.decode === "text" || field.decode === "hex" || "bits" in field;

/** What a field shows before anybody has set it. */
export function initial(field: FrameField | LineField): number | string {
  if (isWritten(field)) return "0".repeat(field.chars[0]);
  return "oneOf" in field ? (field.oneOf?.[0] ?? 0) * (field.scale ?? 1) : 0;
}

export function encodeFrame(layout: FrameLayout, shown: Shown): Uint8Array {
  if (layout.framing === "line") return Buffer.from(lineOf(layout, shown), "latin1");
  const body = layout.fields.flatMap((field) => bytesOf(field, Number(shown[field.name] ?? initial(field))));
  if (layout.framing === "fixed") {
    const summed = [...layout.header, ...body];
    const from = layout.check === "sum8-body" ? layout.header.length : 0;
    const sum = layout.check === "none" ? [] : [summed.slice(from).reduce((total, byte) => total + byte, 0) & 0xff];
    return Uint8Array.from([...summed, ...sum, ...(layout.tail ?? [])]);
  }
  const whole = [...body, ...(layout.bodyEnd ?? [])];
  const size = layout.size === "uint8" ? [whole.length] : [whole.length & 0xff, whole.length >> 8];
  return Uint8Array.from([...layout.header, ...size, ...whole, ...layout.tail]);
}

function bytesOf({ decode, bytes, scale = 1 }: FrameField, value: number): readonly number[] {
  const raw = Math.round(value / scale);
  if (decode === "uint8" || decode === "int8") return [raw & 0xff];
  // 15 bits of magnitude, and the highest bit set for a positive number.
  const word = decode === "plus15" ? Math.abs(raw) + (raw > 0 ? 0x8000 : 0) : raw & 0xffff;
  const [high, low] = [(word >> 8) & 0xff, word & 0xff];
  return bytes === "low-first" ? [low, high] : [high, low];
}

function lineOf({ begin, fields, check, after = "", end }: LineFrame, shown: Shown): string {
  const texts = fields.map((field) => textOf(field, shown[field.name] ?? initial(field)));
  if (check === "nmea") {
    const sentence = `${begin}${texts.join(",").replace(/,+$/, "")}`;
    return `${sentence}*${xorHex(Buffer.from(sentence.slice(1), "latin1"))}\r\n`;
  }
  const text = texts.join("");
  return `${begin}${text}${check === undefined ? "" : xorHex(Buffer.from(text, "hex"))}${after}${end[0] ?? ""}`;
}

const xorHex = (bytes: Uint8Array): string =>
  bytes
    .reduce((all, byte) => all ^ byte, 0)
    .toString(16)
    .padStart(2, "0")
    .toUpperCase();

/** With as many decimals as its place has room for. */
function numberOf({ name, chars: [, most], scale = 1 }: LineField, value: number): number {
  const limit = 10 ** (most - 1) - 1;
  const raw = Math.min(limit, Math.max(-limit, value / scale));
  if (Number.isNaN(raw)) throw new Error(`${name} is a number`);
  for (let decimals = 6; decimals > 0; decimals -= 1) {
    const written = Number(raw.toFixed(decimals));
    if (String(written).length <= most) return written;
  }
  return Math.round(raw);
}

function textOf(field: LineField, value: number | string): string {
  const { decode, chars, scale = 1 } = field;
  if (decode === "number") return String(numberOf(field, Number(value))).padStart(chars[0], " ");
  return decode === "decimal" ? String(Math.round(Number(value) / scale)).padStart(chars[0], "0") : String(value);
}
