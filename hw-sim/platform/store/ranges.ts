/** Sets of record numbers as sorted, merged ranges: what every consumer of the contract needs once. Pure. */
import type { Range } from "../../../src/model/index.ts";

/** Ascending, never touching one another: [1,3],[4,6] is always [1,6]. */
export type RangeSet = readonly Range[];

export const none: RangeSet = [];

/** Index of the first range that ends at or after `n`. */
function firstEndingAt(set: RangeSet, n: number): number {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle]?.[1] ?? 0) < n) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The set with from..to in it. */
export function add(set: RangeSet, [from, to]: Range): RangeSet {
  if (to < from) return set;
  const first = firstEndingAt(set, from - 1);
  let last = first;
  let low = from;
  let high = to;
  for (let touching = set[last]; touching !== undefined && touching[0] <= to + 1; touching = set[last]) {
    low = Math.min(low, touching[0]);
    high = Math.max(high, touching[1]);
    last += 1;
  }
  return [...set.slice(0, first), [low, high], ...set.slice(last)];
}

/** Two sets as one, each walked through once. */
export function union(a: RangeSet, b: RangeSet): RangeSet {
  const set: Range[] = [];
  let i = 0;
  let j = 0;
  for (let [left, right] = [a[0], b[0]]; left !== undefined || right !== undefined; ) {
    const isLeft = right === undefined || (left !== undefined && left[0] <= right[0]);
    const [from, to] = (isLeft ? left : right) ?? [1, 0];
    const last = set.at(-1);
    if (last !== undefined && from <= last[1] + 1) set[set.length - 1] = [last[0], Math.max(last[1], to)];
    else set.push([from, to]);
    if (isLeft) left = a[++i];
    else right = b[++j];
  }
  return set;
}

/** Any ranges, in any order, as a set. */
export const setOf = (ranges: readonly Range[]): RangeSet =>
  [...ranges]
    .sort(([a], [b]) => a - b)
    .reduce<Range[]>((set, range) => {
      const last = set.at(-1);
      if (range[1] < range[0]) return set;
      if (last !== undefined && range[0] <= last[1] + 1) set[set.length - 1] = [last[0], Math.max(last[1], range[1])];
      else set.push(range);
      return set;
    }, []);

/** The parts of from..to that the set does not hold. */
export function absent(set: RangeSet, [from, to]: Range): RangeSet {
  const parts: Range[] = [];
  let next = from;
  for (let i = firstEndingAt(set, from); next <= to; i += 1) {
    const held = set[i];
    if (held === undefined || held[0] > to) break;
    if (held[0] > next) parts.push([next, held[0] - 1]);
    next = held[1] + 1;
  }
  if (next <= to) parts.push([next, to]);
  return parts;
}

export const subtract = (a: RangeSet, b: RangeSet): RangeSet => a.flatMap((range) => absent(b, range));

/** The parts of from..to that the set holds. */
export const within = (set: RangeSet, range: Range): RangeSet => absent(absent(set, range), range);

export function has(set: RangeSet, n: number): boolean {
  const range = set[firstEndingAt(set, n)];
  return range !== undefined && range[0] <= n;
}

/** How many numbers. */
export const size = (set: RangeSet): number => set.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** The largest n for which 1..n is held whole; 0 when 1 is not. */
export function upTo(set: RangeSet): number {
  const first = set[0];
  return first !== undefined && first[0] <= 1 ? first[1] : 0;
}

export const top = (set: RangeSet): number => set.at(-1)?.[1] ?? 0;
