/** Register tables at work: the blocks that read their points, values out of the replies, and registers to write. Pure. */
import type { Value } from "../../../model/index.ts";
import type { RegisterPoint, RegisterValue } from "../../driver.ts";
import { inOrder, put, rawOf, scaled, textOf, widthOf } from "./decodes.ts";
import { isPlausible } from "./plausible-ranges.ts";

export type Points = Readonly<Record<string, RegisterPoint>>;

/** One request: points of one function, and the unused registers between them that are read over. */
export interface Block {
  readonly fc: RegisterPoint["fc"];
  readonly address: number;
  /** Registers, or bits for functions 1 and 2. */
  readonly quantity: number;
  readonly points: readonly string[];
  /** Reads registers that belong to no point. */
  readonly overGaps: boolean;
  /** Asked for at most this often; absent: with every round. */
  readonly leastEveryMs?: number;
}

export interface Merging {
  /** Most registers that the device gives in one reply. */
  readonly maxRegisters: number;
  /** Most unused registers (or 16 unused bits each) that are read over to save a request. */
  readonly maxGap: number;
}

/** Most bits that one request may ask (Modbus Application Protocol V1.1b3, 6.1). */
const MAX_BITS = 2000;

/** All registers that a point needs in one reply: its own, and as far as the one with its power of ten. */
export function spanOf(point: Placed): Pick<Block, "address" | "quantity"> {
  const { address, scaleFrom = address } = point;
  const first = Math.min(address, scaleFrom);
  return { address: first, quantity: Math.max(address + widthOf(point), scaleFrom + 1) - first };
}

type Placed = Parameters<typeof widthOf>[0] & { readonly address: number; readonly scaleFrom?: number | undefined };

/** Points that lie near enough share a request, up to what the device gives at once. */
export function blocksOf(points: Points, { maxRegisters, maxGap }: Merging): readonly Block[] {
  const cadence = ({ leastEveryMs = 0 }: RegisterPoint) => leastEveryMs;
  const sorted = Object.entries(points).sort(
    ([, a], [, b]) => a.fc - b.fc || cadence(a) - cadence(b) || spanOf(a).address - spanOf(b).address,
  );
  const blocks: Block[] = [];
  for (const [name, point] of sorted) {
    if (point.writeOnly) continue;
    const last = blocks.at(-1);
    const { fc, leastEveryMs } = point;
    const { address, quantity } = spanOf(point);
    const joined =
      last && join(last, name, point, fc <= 2 ? { most: MAX_BITS, maxGap: maxGap * 16 } : { most: maxRegisters, maxGap });
    if (joined) blocks[blocks.length - 1] = joined;
    else
      blocks.push({
        fc,
        address,
        quantity,
        points: [name],
        overGaps: false,
        ...(leastEveryMs !== undefined && { leastEveryMs }),
      });
  }
  return blocks;
}

/** The block with one point more, or null when that would be too long, too far, another function or at other times. */
function join(
  block: Block,
  name: string,
  point: RegisterPoint,
  { most, maxGap }: { most: number; maxGap: number },
): Block | null {
  const span = spanOf(point);
  const unused = span.address - (block.address + block.quantity);
  const quantity = Math.max(block.quantity, span.address + span.quantity - block.address);
  if (point.fc !== block.fc || point.leastEveryMs !== block.leastEveryMs || unused > maxGap || quantity > most) return null;
  return { ...block, quantity, points: [...block.points, name], overGaps: block.overGaps || unused > 0 };
}

/** A value; the code that says why there is none; or a value with the code that says why it is doubtful. */
export type Decoded =
  | { readonly value: Value }
  | { readonly code: "value.not-a-number" | "value.out-of-range" | "value.unreadable" | "value.no-factor" | "value.implausible" }
  | { readonly value: Value; readonly doubt: "value.unlisted" };

/** A point to decode. If it has a unit, values that are impossible in that unit are refused. */
type DecodedPoint = RegisterValue & Partial<Pick<RegisterPoint, "unit" | "kind">>;

/** One point from the data bytes of the block that holds it. */
export function decodePoint(data: Uint8Array, block: Pick<Block, "address">, point: DecodedPoint): Decoded {
  const at = point.address - block.address;
  if (point.fc <= 2) return { value: ((((data[at >> 3] ?? 0) >> (at & 7)) & 1) === 1) !== isInverted(point) };
  const bytes = inOrder(data.subarray(at * 2, (at + widthOf(point)) * 2), point);
  if (point.decode === "text") {
    const read = textOf(bytes);
    return typeof read === "string" ? { code: CODES[read] } : { value: read.text };
  }
  const raw = rawOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), point);
  if (typeof raw === "boolean") return { value: raw !== isInverted(point) };
  if (typeof raw === "string") return { code: CODES[raw] };
  if (isAbsent(raw, point)) return { code: "value.not-a-number" };
  const factor = factorOf(data, block, point);
  return factor === undefined ? { code: "value.no-factor" } : meaningOf(raw, point, factor);
}

/** A sunssf is -10 to 10; -32768 says that there is none (SunSpec Information Model Specification, 3.2). */
const MOST_TENS = 10;

function factorOf(
  data: Uint8Array,
  { address }: Pick<Block, "address">,
  { scaleFrom, bytes }: RegisterValue,
): number | undefined {
  if (scaleFrom === undefined) return 1;
  const at = (scaleFrom - address) * 2;
  const held = inOrder(data.subarray(at, at + 2), bytes ? { bytes } : {});
  if (held.length < 2) return undefined;
  const tens = new DataView(held.buffer, held.byteOffset).getInt16(0);
  return Math.abs(tens) <= MOST_TENS ? Number(`1e${tens}`) : undefined;
}

const CODES = { none: "value.not-a-number", unreadable: "value.unreadable" } as const;

/** A float32 is hardly ever the decimal that a table gives for it: -999.9 is sent as -999.9000244140625. */
const isAbsent = (raw: number | bigint, { absent = [], decode }: RegisterValue): boolean =>
  absent.some((number) => (decode === "float32" ? Math.fround(number) : number) === Number(raw));

/** What the number stands for: one of its bits, a word, or a quantity. */
function meaningOf(raw: number | bigint, point: DecodedPoint, factor: number): Decoded {
  const { bit, mask, map, range } = point;
  if (bit !== undefined) return { value: (Math.floor(Number(raw) / 2 ** bit) % 2 === 1) !== isInverted(point) };
  const number = mask === undefined ? raw : masked(Number(raw), mask);
  if (map) {
    const word = map[String(number)];
    return word === undefined ? { value: String(number), doubt: "value.unlisted" } : { value: word };
  }
  const value = Number.isFinite(Number(number)) ? scaled(number, point, factor) : undefined;
  if (value === undefined) return { code: "value.out-of-range" };
  const [min, max] = range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  if (Number(value) < min || Number(value) > max) return { code: "value.out-of-range" };
  return isPlausible(Number(value), point) ? { value } : { code: "value.implausible" };
}

const isInverted = ({ inverted }: Pick<RegisterValue, "inverted">): boolean => inverted === true;

/** The bits of the mask, moved down so that its lowest is bit 0: 0x1A34 under 0x00F0 is 3. */
const masked = (raw: number, mask: number): number => Math.floor(((raw & mask) >>> 0) / ((mask & -mask) >>> 0));

export interface Encoded {
  readonly registers: readonly number[];
  /** What they say when they are read: the nearest that they hold. */
  readonly value: number | boolean;
}

/** The registers that hold a value, or null when they cannot hold it. */
export function encodePoint(value: number | boolean, point: Omit<RegisterValue, "address" | "absent" | "range">): Encoded | null {
  if (point.fc === 1 || point.decode === "bool" || point.bit === 0) {
    const isOn = value === true || value === 1;
    return { registers: [isOn !== isInverted(point) ? 1 : 0], value: isOn };
  }
  const bytes = new Uint8Array(widthOf(point) * 2);
  const view = new DataView(bytes.buffer);
  const exact = (Number(value) - (point.offset ?? 0)) / (point.scale ?? 1);
  if (!Number.isFinite(exact) || !put(view, point.decode, exact)) return null;
  const raw = rawOf(view, point);
  const held = typeof raw === "number" ? scaled(raw, point) : undefined;
  if (typeof held !== "number") return null;
  const sent = inOrder(bytes, point);
  return {
    registers: Array.from({ length: sent.length / 2 }, (_, i) => ((sent[i * 2] ?? 0) << 8) + (sent[i * 2 + 1] ?? 0)),
    value: held,
  };
}

/** Relative error of a float32 that was rounded twice on its way through a scale. */
const FLOAT32_DIGIT = 2 ** -22;

/** Whether a value is within the limits. A float32 may exceed them by its rounding error, because it may not be able to hold the limit exactly. */
export function isWithin(value: number | boolean, { decode, writable }: Points[string]): boolean {
  if (typeof value === "boolean") return true;
  const { min = -Infinity, max = Infinity, orZero } = writable?.limits ?? {};
  if (value === 0 && orZero) return true;
  const slack = (limit: number) => (decode === "float32" ? Math.abs(limit) * FLOAT32_DIGIT : 0);
  return value >= min - slack(min) && value <= max + slack(max);
}
