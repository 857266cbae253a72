/** The three ways in which serial devices frame their bytes, each as a codec made from its layout. */
import type { FixedFrame, FrameField, FrameLayout, LineField, LineFrame, SizedFrame } from "../../layout.ts";
import { integerIn } from "../integers.ts";
import { type Fields, type FrameCodec, type Next, overwritable } from "./codec.ts";
import { wiegandDigits } from "./wiegand.ts";

export function codecOf(layout: FrameLayout): FrameCodec {
  if (layout.framing === "fixed") return fixedCodec(layout);
  return layout.framing === "sized" ? sizedCodec(layout) : lineCodec(layout);
}

/** Constant bytes from which on a frame is trusted at once: with fewer of them and only an 8-bit sum, random bytes too often look like a frame. */
const SURE_BYTES = 4;

function fixedCodec({ header, fields, check, tail = [] }: FixedFrame): FrameCodec {
  const body = header.length + widthOf(fields);
  const sum = check === "none" ? 0 : 1;
  const summed = check === "sum8-body" ? header.length : 0;
  const most = body + sum + tail.length;
  return {
    most,
    isWeak: header.length + tail.length < SURE_BYTES,
    next(bytes, at) {
      if (!stands(bytes, at, header)) return none(bytes, at, header[0]);
      if (bytes.length - at < most) return "more";
      const isRight = sum === 0 || sum8(bytes, at + summed, at + body) === bytes[at + body];
      if (!isRight || !stands(bytes, at + body + sum, tail)) return none(bytes, at, header[0]);
      return found(bytes, at + header.length, fields, most) ?? none(bytes, at, header[0]);
    },
  };
}

function sizedCodec({ header, size, most: longest, fields, bodyEnd = [], tail }: SizedFrame): FrameCodec {
  const head = header.length + (size === "uint8" ? 1 : 2);
  const least = widthOf(fields) + bodyEnd.length;
  const most = head + longest + tail.length;
  return {
    most,
    isWeak: header.length + bodyEnd.length + tail.length < SURE_BYTES,
    next(bytes, at) {
      if (!stands(bytes, at, header)) return none(bytes, at, header[0]);
      if (bytes.length - at < head) return "more";
      const low = bytes[at + header.length] ?? 0;
      const body = size === "uint8" ? low : low + (bytes[at + header.length + 1] ?? 0) * 256;
      if (body < least || body > longest) return none(bytes, at, header[0]);
      const length = head + body + tail.length;
      if (bytes.length - at < length) return "more";
      const isWhole = stands(bytes, at + head + body - bodyEnd.length, [...bodyEnd, ...tail]);
      return (isWhole && found(bytes, at + head, fields, length)) || none(bytes, at, header[0]);
    },
  };
}

/** False as soon as a byte is another one; bytes that are still to come may be right. */
function stands(bytes: Uint8Array, at: number, expected: readonly number[]): boolean {
  const there = Math.min(expected.length, bytes.length - at);
  for (let i = 0; i < there; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** No frame begins here: skips to the next byte that could be the first of one. */
function none(bytes: Uint8Array, at: number, first: number | undefined): Next {
  const next = first === undefined ? at + 1 : bytes.indexOf(first, at + 1);
  return { skip: (next < 0 ? bytes.length : next) - at };
}

function sum8(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i] ?? 0;
  return sum & 0xff;
}

const bytesOf = ({ decode }: FrameField): number => (decode === "uint8" || decode === "int8" ? 1 : 2);
const widthOf = (fields: readonly FrameField[]): number => fields.reduce((sum, field) => sum + bytesOf(field), 0);

/** Null where a field is not what it always is. */
function found(bytes: Uint8Array, from: number, fields: readonly FrameField[], length: number): Next | null {
  const values: Record<string, number> = {};
  let offset = from;
  for (const field of fields) {
    const raw = rawOf(bytes, offset, field);
    if (field.oneOf !== undefined && !field.oneOf.includes(raw)) return null;
    values[field.name] = scaled(raw, field.scale);
    offset += bytesOf(field);
  }
  return { frame: values, length };
}

/** 543 × 0.1 is 54.3: scaling adds no digits that nobody measured. */
const scaled = (raw: number, scale = 1): number =>
  Number.isInteger(scale) ? raw * scale : Number((raw * scale).toPrecision(12));

function rawOf(bytes: Uint8Array, at: number, { decode, bytes: order }: FrameField): number {
  const isLowFirst = order === "low-first";
  if (decode !== "plus15") return integerIn(bytes, at, decode, isLowFirst);
  const raw = integerIn(bytes, at, "uint16", isLowFirst);
  return raw >= 0x8000 ? raw - 0x8000 : 0 - raw;
}

const STAR = 0x2a;
const COMMA = 0x2c;
const CR = 0x0d;
const LF = 0x0a;
const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number): boolean => isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
const MAY_STAND = {
  decimal: isDigit,
  number: isPrintable,
  hex: isHex,
  text: isPrintable,
  "wiegand-hex": isHex,
  "wiegand-decimal": isDigit,
  "wiegand-bits": isDigit,
} as const;
/** Of a number; blanks before it fill its place up. */
const NUMBER = /^ *[-+]?\d+(\.\d+)?$/;

function lineCodec(layout: LineFrame): FrameCodec {
  const { fields, check, after = "" } = layout;
  const [begin, end] = [[...Buffer.from(layout.begin, "latin1")], [...Buffer.from(layout.end, "latin1")]];
  const sum = check === undefined ? 0 : check === "nmea" ? fields.length + 2 : 2;
  const around = begin.length + after.length + sum;
  const most = around + fields.reduce((sum, { chars }) => sum + chars[1], 0) + 1;
  const first = begin[0];
  const isFiller = (byte: number) => end.includes(byte) || byte === CR || byte === LF;
  return {
    most,
    // A line without a start mark whose beginning was lost still looks like a whole one.
    isWeak: begin.length === 0,
    next(bytes, at) {
      if (isFiller(bytes[at] ?? 0)) return { skip: 1, isFiller: true };
      if (!stands(bytes, at, begin)) return lineOver(bytes, at, lineEnd(bytes, at, isFiller), first);
      const from = at + begin.length;
      let to = from;
      while (to < bytes.length && isPrintable(bytes[to] ?? 0) && !end.includes(bytes[to] ?? 0)) to++;
      if (to >= bytes.length) return to - at < most ? "more" : lineOver(bytes, at, to, first);
      const fieldsIn = check === "nmea" ? sentenceFields : textFields;
      const values = end.includes(bytes[to] ?? 0) ? fieldsIn(bytes.subarray(from, to), layout) : null;
      if (values === null) return lineOver(bytes, at, to + 1, first);
      return { frame: values, length: to + 1 - at };
    },
  };
}

/** Where the line ends that begins here. */
function lineEnd(bytes: Uint8Array, at: number, isEnd: (byte: number) => boolean): number {
  let to = at;
  while (to < bytes.length && !isEnd(bytes[to] ?? 0)) to++;
  return to;
}

/** Skips what was no line. If lines have a start mark, one may begin inside of it; otherwise only after its end. */
function lineOver(bytes: Uint8Array, at: number, to: number, first: number | undefined): Next {
  const again = first === undefined ? -1 : bytes.subarray(0, to).indexOf(first, at + 1);
  return { skip: (again < 0 ? to : again) - at };
}

/** Null for a line that is another one. Of the fields one at most may have more or fewer characters. */
function textFields(line: Uint8Array, { fields, check, after = "" }: LineFrame): Fields | null {
  const body = line.length - after.length - (check === undefined ? 0 : 2);
  const fixed = fields.reduce((sum, { chars: [least] }) => sum + least, 0);
  if (body < fixed || !stands(line, line.length - after.length, [...Buffer.from(after, "latin1")])) return null;
  const values: Record<string, number | Uint8Array> = {};
  let at = 0;
  for (const field of fields) {
    const [least, most] = field.chars;
    const length = least === most ? least : Math.min(most, body - fixed + least);
    const value = valueIn(line.subarray(at, at + length), field);
    if (value === null) return null;
    values[field.name] = value;
    at += length;
  }
  if (at !== body || (check !== undefined && !xorHolds(line.subarray(0, body + 2)))) return null;
  return values;
}

/** Null for a line that is another one. */
function sentenceFields(line: Uint8Array, { begin, fields }: LineFrame): Fields | null {
  const star = line.length - 3;
  if (line[star] !== STAR || !line.subarray(star + 1).every(isHex)) return null;
  const sum = nibble(line[star + 1]) * 16 + nibble(line[star + 2]);
  if (xorOf(Buffer.from(begin.slice(1), "latin1")) !== (xorOf(line.subarray(0, star)) ^ sum)) return null;
  const values: Record<string, number | Uint8Array> = {};
  let at = 0;
  for (const field of fields) {
    const comma = line.subarray(0, star).indexOf(COMMA, at);
    const to = comma < 0 ? star : comma;
    const [least, most] = field.chars;
    const value = to - at < least || to - at > most ? null : valueIn(line.subarray(at, to), field);
    if (value === null) return null;
    values[field.name] = value;
    at = Math.min(star, to + 1);
  }
  return at === star ? values : null;
}

const xorOf = (bytes: Uint8Array): number => bytes.reduce((all, byte) => all ^ byte, 0);

function valueIn(chars: Uint8Array, field: LineField): number | Uint8Array | null {
  const { decode, scale } = field;
  if (!chars.every(MAY_STAND[decode])) return null;
  if ("bits" in field) return wiegandDigits(chars, field.decode, field.bits);
  if (decode === "hex" || decode === "text") return overwritable(chars);
  const text = Buffer.from(chars).toString("latin1");
  return decode === "decimal" || NUMBER.test(text) ? scaled(Number(text), scale) : null;
}

/** The last two hex digits are the XOR of the bytes before. */
function xorHolds(digits: Uint8Array): boolean {
  let xor = 0;
  for (let i = 0; i + 1 < digits.length; i += 2) xor ^= nibble(digits[i]) * 16 + nibble(digits[i + 1]);
  return digits.length % 2 === 0 && digits.every(isHex) && xor === 0;
}

const nibble = (digit = 0): number => (isDigit(digit) ? digit - 0x30 : (digit | 0x20) - 0x61 + 10);
