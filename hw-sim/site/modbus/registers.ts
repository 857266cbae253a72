/** The simulator's own codec between values and 16-bit words; shares nothing with the product's. */
import type { RegisterValue } from "../../../src/drivers/driver.ts";

export type Shown = number | boolean | string;

interface Shape {
  readonly type: "bool" | "uint" | "int" | "float" | "bcd" | "text";
  readonly bits: number;
}

function shapeOf({ decode, count = 1 }: RegisterValue): Shape {
  if (decode === "bool") return { type: "bool", bits: 16 };
  if (decode === "text") return { type: "text", bits: count * 16 };
  const [, type = "", bits = ""] = /^(uint|int|float|bcd)(\d+)$/.exec(decode) ?? [];
  return { type: type as Shape["type"], bits: Number(bits) };
}

export const widthOf = (point: RegisterValue): number => Math.max(1, shapeOf(point).bits / 16);

/** Most significant byte first, from the words as they are on the wire; and the same way back. */
function significant(point: RegisterValue, words: readonly number[]): number[] {
  const ordered = point.words === "low-first" ? [...words].reverse() : words;
  return ordered.flatMap((word) => (point.bytes === "low-first" ? [word & 0xff, word >> 8] : [word >> 8, word & 0xff]));
}

function onWire(point: RegisterValue, bytes: readonly number[]): number[] {
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    const [first = 0, second = 0] = [bytes[i], bytes[i + 1]];
    words.push(point.bytes === "low-first" ? (second << 8) | first : (first << 8) | second);
  }
  return point.words === "low-first" ? words.reverse() : words;
}

const hexOf = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex: string): number[] => (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
const wholeHex = (value: bigint, bits: number): string =>
  BigInt.asUintN(bits, value)
    .toString(16)
    .padStart(bits / 4, "0");

/**
 * The words for `value`, or for the nearest value that the type can carry. `before`: the words as they are now; a point that is only some of their
 * bits leaves the other bits as they were.
 */
export function toWords(point: RegisterValue, value: Shown, before: readonly number[] = [], factor = 0): number[] {
  const { type, bits } = shapeOf(point);
  const part = partOf(point);
  if (part) return withPart(point, part, numberOf(point, value, factor), before);
  if (type === "text") return onWire(point, [...Buffer.alloc(bits / 8, String(value), "latin1").fill(0, String(value).length)]);
  const raw = numberOf(point, value, factor);
  if (type === "float") {
    const view = new DataView(new ArrayBuffer(bits / 8));
    if (bits === 32) view.setFloat32(0, raw);
    else view.setFloat64(0, raw);
    return onWire(point, [...new Uint8Array(view.buffer)]);
  }
  const whole = BigInt(Math.round(inside(raw, point)));
  return onWire(point, bytesOf(type === "bcd" ? String(whole).padStart(bits / 4, "0") : wholeHex(whole, bits)));
}

/** A word by its number; everything else by scale and offset. */
function numberOf({ map, scale = 1, offset = 0 }: RegisterValue, value: Shown, factor: number): number {
  if (map) return Number(Object.keys(map).find((number) => map[number] === value) ?? Object.keys(map)[0] ?? 0);
  return (Number(value) - offset) / (scale * 10 ** factor);
}

function inside(raw: number, point: RegisterValue): number {
  const { type, bits } = shapeOf(point);
  const most = { bool: 1, uint: 2 ** bits - 1, int: 2 ** (bits - 1) - 1, bcd: 10 ** (bits / 4) - 1, float: raw, text: raw }[type];
  const held = Math.min(raw, most, Number.MAX_SAFE_INTEGER);
  return Math.max(held, type === "int" ? Math.max(-(2 ** (bits - 1)), -Number.MAX_SAFE_INTEGER) : 0);
}

interface Part {
  readonly shift: number;
  readonly ones: bigint;
}

/** Of points that share their registers with others: which bits are theirs. */
function partOf({ decode, byte, bit, mask }: RegisterValue): Part | undefined {
  if (bit !== undefined) return { shift: bit, ones: 1n };
  if (mask !== undefined) {
    const shift = mask.toString(2).length - mask.toString(2).replace(/0+$/, "").length;
    return { shift, ones: BigInt(mask) >> BigInt(shift) };
  }
  return decode === "uint8" || decode === "int8" ? { shift: byte === "high" ? 8 : 0, ones: 0xffn } : undefined;
}

function withPart(point: RegisterValue, { shift, ones }: Part, raw: number, before: readonly number[]): number[] {
  const bits = widthOf(point) * 16;
  const held = BigInt(`0x${hexOf(significant(point, before)).padStart(bits / 4, "0")}`);
  const whole = BigInt(Math.round(raw)) & ones;
  const kept = held & ~(ones << BigInt(shift));
  return onWire(point, bytesOf(wholeHex(kept | (whole << BigInt(shift)), bits)));
}

/** What a master must make of these words. `factor`: the power of ten that a register beside them holds. */
export function fromWords(point: RegisterValue, words: readonly number[], factor = 0): Shown {
  const { type, bits } = shapeOf(point);
  const bytes = significant(point, words);
  if (type === "bool") return bytes.some((byte) => byte !== 0);
  if (type === "text") return Buffer.from(bytes).toString("latin1").replace(/\0.*$/s, "").trim();
  if (type === "float") return floating(point, bytes, factor);
  const hex = hexOf(bytes);
  const part = partOf(point);
  const whole = part ? (BigInt(`0x${hex}`) >> BigInt(part.shift)) & part.ones : type === "bcd" ? BigInt(hex) : BigInt(`0x${hex}`);
  const raw = type === "int" ? BigInt.asIntN(bits, whole) : whole;
  if (point.bit !== undefined) return raw === 1n;
  if (point.map) return point.map[String(raw)] ?? String(raw);
  const { scale = 1, offset = 0 } = point;
  if (scale === 1 && offset === 0 && factor === 0) return Number.isSafeInteger(Number(raw)) ? Number(raw) : String(raw);
  return Number((Number(raw) * scale * 10 ** factor + offset).toPrecision(12));
}

/** Of a float32 the shortest decimal that is this very float; nine digits always name one (IEEE 754: 24 bits of significand). */
function floating({ decode, scale = 1, offset = 0 }: RegisterValue, bytes: readonly number[], factor: number): number {
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const times = scale * 10 ** factor;
  if (decode === "float64") {
    const double = view.getFloat64(0);
    return times === 1 && offset === 0 ? double : Number((double * times + offset).toPrecision(12));
  }
  const single = Math.fround(view.getFloat32(0) * times + offset);
  const digits = [6, 7, 8].find((count) => Math.fround(Number(single.toPrecision(count))) === single) ?? 9;
  return Number(single.toPrecision(digits));
}
