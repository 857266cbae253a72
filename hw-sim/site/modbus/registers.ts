/** A value and its place in a table go in; the 16-bit words of the wire come out, and back: the simulator's own codec, sharing nothing with the product's. */
import type { RegisterValue } from "../../../src/drivers/driver.ts";

interface Codec {
  readonly words: number;
  /** Whole numbers are rounded and held inside; absent: float. */
  readonly range?: readonly [low: number, high: number];
  readonly set: (view: DataView, raw: number) => void;
  readonly get: (view: DataView) => number | boolean;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const CODECS: Readonly<Record<RegisterValue["decode"], Codec>> = {
  bool: { words: 1, range: [0, 1], set: (v, raw) => v.setUint16(0, raw), get: (v) => v.getUint16(0) !== 0 },
  uint16: { words: 1, range: [0, 0xffff], set: (v, raw) => v.setUint16(0, raw), get: (v) => v.getUint16(0) },
  int16: { words: 1, range: [-0x8000, 0x7fff], set: (v, raw) => v.setInt16(0, raw), get: (v) => v.getInt16(0) },
  uint32: { words: 2, range: [0, 0xffff_ffff], set: (v, raw) => v.setUint32(0, raw), get: (v) => v.getUint32(0) },
  int32: { words: 2, range: [-0x8000_0000, 0x7fff_ffff], set: (v, raw) => v.setInt32(0, raw), get: (v) => v.getInt32(0) },
  float32: { words: 2, set: (v, raw) => v.setFloat32(0, raw), get: (v) => v.getFloat32(0) },
  uint64: { words: 4, range: [0, SAFE], set: (v, raw) => v.setBigUint64(0, BigInt(raw)), get: (v) => Number(v.getBigUint64(0)) },
  int64: { words: 4, range: [-SAFE, SAFE], set: (v, raw) => v.setBigInt64(0, BigInt(raw)), get: (v) => Number(v.getBigInt64(0)) },
};

export const widthOf = (point: RegisterValue): number => CODECS[point.decode].words;

/** What the registers hold for `value`: the nearest raw number that the type can carry. */
export function toWords(point: RegisterValue, value: number | boolean): number[] {
  const { words, range, set } = CODECS[point.decode];
  const raw = Number(value) / (point.scale ?? 1);
  const view = new DataView(new ArrayBuffer(words * 2));
  set(view, range ? Math.min(range[1], Math.max(range[0], Math.round(raw))) : raw);
  const high = Array.from({ length: words }, (_, i) => view.getUint16(i * 2));
  return point.words === "low-first" ? high.reverse() : high;
}

/** What a master must make of these words: raw × scale to 12 significant digits; of a float32 the shortest decimal that is this very float. */
export function fromWords(point: RegisterValue, words: readonly number[]): number | boolean {
  const view = new DataView(new ArrayBuffer(words.length * 2));
  for (const [i, word] of (point.words === "low-first" ? [...words].reverse() : words).entries()) view.setUint16(i * 2, word);
  const raw = CODECS[point.decode].get(view);
  const scale = point.scale ?? 1;
  if (typeof raw === "boolean") return raw;
  if (point.decode !== "float32") return scale === 1 ? raw : Number((raw * scale).toPrecision(12));
  const single = Math.fround(raw * scale);
  // Nine digits always name a float32 (IEEE 754: 24 bits of significand).
  const digits = [6, 7, 8].find((count) => Math.fround(Number(single.toPrecision(count))) === single) ?? 9;
  return Number(single.toPrecision(digits));
}
