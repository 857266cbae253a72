/** The ways in which registers hold a value: how wide each is, what it can say, and its bytes to and fro. Pure. */
import type { Decode, RegisterValue } from "../../driver.ts";

/** Digits that a number keeps through a decimal scale: 231 × 0.1 is 23.1, not 23.1000000000000014. */
const DIGITS = 15;

const WIDTH: Readonly<Record<Exclude<Decode, "text">, number>> = {
  bool: 1,
  uint8: 1,
  int8: 1,
  uint16: 1,
  int16: 1,
  bcd16: 1,
  uint32: 2,
  int32: 2,
  bcd32: 2,
  float32: 2,
  uint48: 3,
  int48: 3,
  bcd48: 3,
  uint64: 4,
  int64: 4,
  bcd64: 4,
  float64: 4,
};

export type WholeDecode = Exclude<Decode, "bool" | "text" | "float32" | "float64">;

/** Smallest and largest number of each type of whole numbers; of four registers the largest as a number has it, rounded up. */
const WHOLE: Readonly<Record<WholeDecode, readonly [least: number, most: number]>> = {
  uint8: [0, 0xff],
  int8: [-0x80, 0x7f],
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  bcd16: [0, 9999],
  uint32: [0, 0xffff_ffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  bcd32: [0, 99_999_999],
  uint48: [0, 2 ** 48 - 1],
  int48: [-(2 ** 47), 2 ** 47 - 1],
  bcd48: [0, 999_999_999_999],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
  bcd64: [0, 10 ** 16],
};

/** No device counts up to the limits of types this wide, so their largest number, and of signed types the smallest too, means "no value". */
const NEVER: Partial<Readonly<Record<Decode, readonly bigint[]>>> = {
  uint48: [2n ** 48n - 1n],
  int48: [-(2n ** 47n), 2n ** 47n - 1n],
  uint64: [2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

export const isFloat = (decode: Decode): boolean => decode === "float32" || decode === "float64";
export const isWhole = (decode: Decode): decode is WholeDecode => decode in WHOLE;

export const widthOf = ({ decode, count = 1 }: { readonly decode: Decode; readonly count?: number | undefined }): number =>
  decode === "text" ? count : WIDTH[decode];

/** What this type can hold, in words, where it cannot hold the number; undefined: it can. */
export function unsayable(number: number, decode: Exclude<Decode, "bool" | "text">): string | undefined {
  if (decode === "float32") return Number.isFinite(Math.fround(number)) ? undefined : "a number that float32 holds";
  if (decode === "float64") return Number.isFinite(number) ? undefined : "a number that float64 holds";
  const [least, most] = WHOLE[decode];
  if (Number.isInteger(number) && number >= least && number <= most) return undefined;
  return `a whole number from ${least} to ${most}, which is what ${decode} holds`;
}

/** What the bytes say, most significant first; bigint beyond 2^53; `none`: the device's own "no value"; `unreadable`: not of this type. */
export function rawOf(
  view: DataView,
  { decode, byte }: Pick<RegisterValue, "decode" | "byte">,
): number | bigint | boolean | "none" | "unreadable" {
  switch (decode) {
    case "bool":
      return view.getUint16(0) !== 0;
    case "uint8":
      return view.getUint8(byte === "high" ? 0 : 1);
    case "int8":
      return view.getInt8(byte === "high" ? 0 : 1);
    case "uint16":
      return view.getUint16(0);
    case "int16":
      return view.getInt16(0);
    case "uint32":
      return view.getUint32(0);
    case "int32":
      return view.getInt32(0);
    case "float32":
      return real(view.getFloat32(0));
    case "float64":
      return real(view.getFloat64(0));
    case "uint48":
      return told((BigInt(view.getUint16(0)) << 32n) + BigInt(view.getUint32(2)), decode);
    case "int48":
      return told((BigInt(view.getInt16(0)) << 32n) + BigInt(view.getUint32(2)), decode);
    case "uint64":
      return told(view.getBigUint64(0), decode);
    case "int64":
      return told(view.getBigInt64(0), decode);
    case "bcd16":
    case "bcd32":
    case "bcd48":
    case "bcd64":
      return decimals(view);
    case "text":
      return "unreadable";
  }
}

const real = (value: number): number | "none" => (Number.isNaN(value) ? "none" : value);
const told = (value: bigint, decode: Decode): number | bigint | "none" =>
  NEVER[decode]?.includes(value) ? "none" : asNumber(value);
const asNumber = (value: bigint): number | bigint => (isSafe(value) ? Number(value) : value);
const isSafe = (value: bigint): boolean => value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;

/** Four bits each digit; all ones in all of them is "no value". */
function decimals(view: DataView): number | bigint | "none" | "unreadable" {
  let digits = "";
  for (let i = 0; i < view.byteLength; i++) digits += view.getUint8(i).toString(16).padStart(2, "0");
  if (/^f+$/.test(digits)) return "none";
  return /^\d+$/.test(digits) ? asNumber(BigInt(digits)) : "unreadable";
}

/** Writes a raw number most significant byte first; false when the type cannot hold it. */
export function put(view: DataView, decode: Decode, exact: number): boolean {
  if (decode === "float32") {
    view.setFloat32(0, exact);
    return Number.isFinite(view.getFloat32(0));
  }
  if (decode === "float64") {
    view.setFloat64(0, exact);
    return true;
  }
  const raw = Math.round(exact);
  if (!isWhole(decode) || !Number.isSafeInteger(raw) || unsayable(raw, decode) !== undefined) return false;
  const bits = BigInt(view.byteLength * 8);
  let rest = decode.startsWith("bcd") ? BigInt(`0x${raw}`) : BigInt.asUintN(Number(bits), BigInt(raw));
  for (let i = view.byteLength - 1; i >= 0; i--, rest >>= 8n) view.setUint8(i, Number(rest & 0xffn));
  return true;
}

/** Turns the device's order of bytes into most significant first, and back: the same function does both. */
export function inOrder(bytes: Uint8Array, { words, bytes: within }: Pick<RegisterValue, "words" | "bytes">): Uint8Array {
  const [turned, swapped] = [words === "low-first" && bytes.length > 2, within === "low-first"];
  if (!turned && !swapped) return bytes;
  const ordered = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const word = turned ? bytes.length - 2 - (i & ~1) : i & ~1;
    ordered[i] = bytes[word + (swapped ? 1 - (i & 1) : i & 1)] ?? 0;
  }
  return ordered;
}

/** Up to a zero byte, without blanks around it; all ones is "no value", and what ASCII cannot print is no text. */
export function textOf(bytes: Uint8Array): { readonly text: string } | "none" | "unreadable" {
  if (bytes.every((byte) => byte === 0xff)) return "none";
  const letters = lettersOf(bytes);
  const end = letters.indexOf(0);
  const text = Buffer.from(end < 0 ? letters : letters.subarray(0, end)).toString("latin1");
  return /^[\t\r\n -~]*$/.test(text) ? { text: text.trim() } : "unreadable";
}

/** Some devices send one letter in each register, beside a zero byte. */
function lettersOf(bytes: Uint8Array): Uint8Array {
  for (const idle of [0, 1])
    if (bytes.every((byte, i) => i % 2 !== idle || byte === 0)) return bytes.filter((_, i) => i % 2 !== idle);
  return bytes;
}

type Linear = Pick<RegisterValue, "decode" | "scale" | "offset">;

/** Value = raw × scale × factor + offset, as decimals; undefined: more than a number can say exactly. */
export function scaled(raw: number | bigint, { decode, scale = 1, offset = 0 }: Linear, factor = 1): number | string | undefined {
  const times = factor === 1 ? scale : Number((scale * factor).toPrecision(DIGITS));
  if (times === 1 && offset === 0) return plain(raw, decode);
  if (decode === "float32") return finite(shortest(Math.fround(Number(raw) * times + offset)));
  const value = Number((Number(raw) * times + offset).toPrecision(DIGITS));
  if (Number.isSafeInteger(value) || !Number.isInteger(value) || decode === "float64") return finite(value);
  return Number.isSafeInteger(times) && Number.isSafeInteger(offset)
    ? String(BigInt(raw) * BigInt(times) + BigInt(offset))
    : undefined;
}

/** Whole numbers beyond 2^53 travel as strings (docs/mqtt-contract.md, Readings). */
const plain = (raw: number | bigint, decode: Decode): number | string => {
  if (typeof raw === "bigint") return String(raw);
  return decode === "float32" ? shortest(raw) : raw;
};

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** The shortest decimal that is this very float32: 230.2, not 230.1999969482422. */
function shortest(value: number): number {
  for (let digits = 7; digits < 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return Number(value.toPrecision(9));
}
