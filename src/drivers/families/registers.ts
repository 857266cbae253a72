/** Points with addresses go in; requests that read them in blocks, values decoded from the answers, and registers to write come out. Pure. */
import type { Value } from "../../model.ts";
import type { RegisterPoint, RegisterValue } from "../driver.ts";

export type Points = Readonly<Record<string, RegisterPoint>>;

/** One request: points of one function, and the unused registers between them that are read over. */
export interface Block {
  readonly fc: RegisterPoint["fc"];
  readonly address: number;
  /** Registers, or bits for functions 1 and 2. */
  readonly quantity: number;
  readonly points: readonly string[];
  /** Reads registers that belong to no point. */
  readonly overHoles: boolean;
}

export interface Merging {
  /** Most registers that the device gives in one reply. */
  readonly maxRegisters: number;
  /** Most unused registers (or 16 unused bits each) that are read over to save a request. */
  readonly hole: number;
}

/** Most bits that one request may ask (Modbus Application Protocol V1.1b3, 6.1). */
const MAX_BITS = 2000;

const WIDTH: Readonly<Record<RegisterPoint["decode"], number>> = {
  bool: 1,
  uint16: 1,
  int16: 1,
  uint32: 2,
  int32: 2,
  float32: 2,
  uint64: 4,
  int64: 4,
};
/** Smallest and largest number of each type of whole numbers; of 64 bits the largest as a number has it, rounded up. */
const WHOLE = {
  uint16: [0, 0xffff],
  int16: [-0x8000, 0x7fff],
  uint32: [0, 0xffff_ffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint64: [0, 2 ** 64],
  int64: [-(2 ** 63), 2 ** 63],
} as const satisfies Partial<Record<RegisterPoint["decode"], readonly [number, number]>>;

/** What registers of this type can say, in words, when this number is none of it. */
export function unsayable(number: number, decode: Exclude<RegisterPoint["decode"], "bool">): string | undefined {
  if (decode === "float32") return Number.isFinite(Math.fround(number)) ? undefined : "a number that float32 holds";
  const [least, most] = WHOLE[decode];
  if (Number.isInteger(number) && number >= least && number <= most) return undefined;
  return `a whole number from ${least} to ${most}, which is what ${decode} holds`;
}

export const widthOf = (point: Pick<RegisterValue, "decode">): number => WIDTH[point.decode];

/** Points that lie near enough share a request, up to what the device gives at once. */
export function blocksOf(points: Points, { maxRegisters, hole }: Merging): readonly Block[] {
  const sorted = Object.entries(points).sort(([, a], [, b]) => a.fc - b.fc || a.address - b.address);
  const blocks: Block[] = [];
  for (const [name, point] of sorted) {
    const last = blocks.at(-1);
    const { fc, address } = point;
    const joined = last && join(last, name, point, fc <= 2 ? { most: MAX_BITS, hole: hole * 16 } : { most: maxRegisters, hole });
    if (joined) blocks[blocks.length - 1] = joined;
    else blocks.push({ fc, address, quantity: widthOf(point), points: [name], overHoles: false });
  }
  return blocks;
}

/** The block with one point more, or null when that would be too long, too far or another function. */
function join(block: Block, name: string, point: RegisterPoint, { most, hole }: { most: number; hole: number }): Block | null {
  const unused = point.address - (block.address + block.quantity);
  const quantity = Math.max(block.quantity, point.address + widthOf(point) - block.address);
  if (point.fc !== block.fc || unused > hole || quantity > most) return null;
  return { ...block, quantity, points: [...block.points, name], overHoles: block.overHoles || unused > 0 };
}

/** A value, or the code that says why there is none. */
export type Decoded = { readonly value: Value } | { readonly code: "value.not-a-number" | "value.out-of-range" };

/** One point from the data bytes of the block that holds it. */
export function decodePoint(data: Uint8Array, block: Pick<Block, "address">, point: RegisterValue): Decoded {
  const at = point.address - block.address;
  if (point.fc <= 2) return { value: (((data[at >> 3] ?? 0) >> (at & 7)) & 1) === 1 };
  const bytes = inOrder(data.subarray(at * 2, (at + widthOf(point)) * 2), point.words);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const raw = rawOf(view, point.decode);
  if (typeof raw === "boolean") return { value: raw };
  if (Number.isNaN(raw) || isAbsent(raw, point)) return { code: "value.not-a-number" };
  if (!Number.isFinite(raw) || (Number.isInteger(raw) && !Number.isSafeInteger(raw) && point.decode !== "float32"))
    return { code: "value.out-of-range" };
  const value = scaled(raw, point);
  // The scale may make of it what no number holds.
  const [min, max] = point.range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  return value < min || value > max ? { code: "value.out-of-range" } : { value };
}

/** A float32 is hardly ever the decimal that a table gives for it: -999.9 is sent as -999.9000244140625. */
const isAbsent = (raw: number, { absent = [], decode }: RegisterValue): boolean =>
  absent.some((number) => (decode === "float32" ? Math.fround(number) : number) === raw);

function rawOf(view: DataView, decode: RegisterPoint["decode"]): number | boolean {
  switch (decode) {
    case "bool":
      return view.getUint16(0) !== 0;
    case "uint16":
      return view.getUint16(0);
    case "int16":
      return view.getInt16(0);
    case "uint32":
      return view.getUint32(0);
    case "int32":
      return view.getInt32(0);
    case "float32":
      return view.getFloat32(0);
    case "uint64":
      return Number(view.getBigUint64(0));
    case "int64":
      return Number(view.getBigInt64(0));
  }
}

function inOrder(bytes: Uint8Array, words: RegisterPoint["words"]): Uint8Array {
  if (words !== "low-first" || bytes.length <= 2) return bytes;
  const turned = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += 2) {
    turned[i] = bytes[bytes.length - 2 - i] ?? 0;
    turned[i + 1] = bytes[bytes.length - 1 - i] ?? 0;
  }
  return turned;
}

function scaled(raw: number, { decode, scale = 1 }: Pick<RegisterValue, "decode" | "scale">): number {
  if (decode === "float32") return scale === 1 ? shortest(raw) : shortest(Math.fround(raw * scale));
  // 231 × 0.1 is 23.1, not 23.1000000000000014: scales are decimal, products are rounded as decimals.
  return scale === 1 ? raw : Number((raw * scale).toPrecision(15));
}

/** The shortest decimal that is this very float32: 230.2, not 230.1999969482422. */
function shortest(value: number): number {
  for (let digits = 7; digits < 9; digits++) {
    const decimal = Number(value.toPrecision(digits));
    if (Math.fround(decimal) === value) return decimal;
  }
  return Number(value.toPrecision(9));
}

export interface Encoded {
  readonly registers: readonly number[];
  /** What they say when they are read: the nearest that they hold. */
  readonly value: number | boolean;
}

/** The registers that hold a value, or null when they cannot hold it. */
export function encodePoint(
  value: number | boolean,
  point: Pick<RegisterValue, "fc" | "decode" | "words" | "scale">,
): Encoded | null {
  if (point.fc === 1 || point.decode === "bool") {
    const isOn = value === true || value === 1;
    return { registers: [isOn ? 1 : 0], value: isOn };
  }
  const view = new DataView(new ArrayBuffer(widthOf(point) * 2));
  const exact = Number(value) / (point.scale ?? 1);
  const raw = Math.round(exact);
  if (!Number.isFinite(exact)) return null;
  if (!put(view, point.decode, exact, raw)) return null;
  const words = Array.from({ length: widthOf(point) }, (_, i) => view.getUint16(i * 2));
  const held = scaled(Number(rawOf(view, point.decode)), point);
  return { registers: point.words === "low-first" ? words.reverse() : words, value: held };
}

function put(view: DataView, decode: RegisterPoint["decode"], exact: number, raw: number): boolean {
  if (decode === "bool") return false;
  if (decode === "float32") {
    view.setFloat32(0, exact);
    return Number.isFinite(view.getFloat32(0));
  }
  const [least, most] = WHOLE[decode];
  if (raw < least || raw > most) return false;
  switch (decode) {
    case "uint16":
      view.setUint16(0, raw);
      return true;
    case "int16":
      view.setInt16(0, raw);
      return true;
    case "uint32":
      view.setUint32(0, raw);
      return true;
    case "int32":
      view.setInt32(0, raw);
      return true;
    case "uint64":
      if (!Number.isSafeInteger(raw)) return false;
      view.setBigUint64(0, BigInt(raw));
      return true;
    case "int64":
      if (!Number.isSafeInteger(raw)) return false;
      view.setBigInt64(0, BigInt(raw));
      return true;
  }
}
