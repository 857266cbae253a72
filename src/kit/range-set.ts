/** Sets of record numbers, kept as sorted ranges; an operation costs as much as what it is given, not as the set is large. */
import type { Range } from "../model/index.ts";

/** Ascending and never touching: [1,3] and [4,6] are always [1,6]. */
export type RangeSet = readonly Range[];

export const none: RangeSet = [];

/** Any ranges, in any order, as a set; empty ones count for nothing. */
export function setOf(ranges: readonly Range[]): RangeSet {
  const sorted = ranges.filter(([from, to]) => from <= to).sort(([a], [b]) => a - b);
  const set: Range[] = [];
  for (const range of sorted) append(set, range);
  return set;
}

/** Adds at the end of the set: the range begins not before the last one does. */
export function append(set: Range[], [from, to]: Range): void {
  const last = set.at(-1);
  if (last === undefined || from > last[1] + 1) set.push([from, to]);
  else if (to > last[1]) set[set.length - 1] = [last[0], to];
}

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

export function add(set: RangeSet, [from, to]: Range): RangeSet {
  if (to < from) return set;
  const last = set.at(-1);
  // Numbers mostly come in order: the set grows at its end.
  if (last === undefined || from > last[1] + 1) return [...set, [from, to]];
  const first = firstEndingAt(set, from - 1);
  const after = firstEndingAt(set, to + 1);
  // The one that holds to + 1, or begins there, touches too.
  const end = (set[after]?.[0] ?? Number.POSITIVE_INFINITY) <= to + 1 ? after + 1 : after;
  const low = Math.min(from, set[first]?.[0] ?? from);
  const high = Math.max(to, set[end - 1]?.[1] ?? to);
  return [...set.slice(0, first), [low, high], ...set.slice(end)];
}

export const remove = (set: RangeSet, range: Range): RangeSet => (range[1] < range[0] ? set : subtract(set, [range]));

export function union(a: RangeSet, b: RangeSet): RangeSet {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const set: Range[] = [];
  let i = 0;
  let j = 0;
  for (let [left, right] = [a[0], b[0]]; left !== undefined || right !== undefined; ) {
    if (right === undefined || (left !== undefined && left[0] <= right[0])) {
      if (left !== undefined) append(set, left);
      left = a[++i];
    } else {
      append(set, right);
      right = b[++j];
    }
  }
  return set;
}

export function subtract(a: RangeSet, b: RangeSet): RangeSet {
  if (b.length === 0 || a.length === 0) return a;
  const set: Range[] = [];
  let j = firstEndingAt(b, a[0]?.[0] ?? 0);
  for (const [from, to] of a) {
    let next = from;
    for (let gone = b[j]; gone !== undefined && gone[0] <= to; gone = b[j]) {
      if (gone[0] > next) set.push([next, gone[0] - 1]);
      next = Math.max(next, gone[1] + 1);
      // One that goes on behind this range may meet the next.
      if (gone[1] > to) break;
      j += 1;
    }
    if (next <= to) set.push([next, to]);
  }
  return set;
}

/** The part of from..to that the set does not hold. */
export const absent = (set: RangeSet, range: Range): RangeSet => (range[1] < range[0] ? none : subtract([range], set));

/** The part of from..to that the set holds. */
export function within(set: RangeSet, [from, to]: Range): RangeSet {
  const found: Range[] = [];
  for (let i = firstEndingAt(set, from), at = set[i]; at !== undefined && at[0] <= to; at = set[++i])
    found.push([Math.max(at[0], from), Math.min(at[1], to)]);
  return found;
}

/** Whether any number of from..to is in the set. */
export const meets = (set: RangeSet, [from, to]: Range): boolean =>
  (set[firstEndingAt(set, from)]?.[0] ?? Number.POSITIVE_INFINITY) <= to;

/** Whether all numbers of from..to are in the set. */
export function covers(set: RangeSet, [from, to]: Range): boolean {
  const range = set[firstEndingAt(set, from)];
  return range !== undefined && range[0] <= from && to <= range[1];
}

export const has = (set: RangeSet, n: number): boolean => meets(set, [n, n]);

/** How many numbers. */
export const size = (set: RangeSet): number => set.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** The largest n for which 1..n is held whole; 0 when 1 is not. */
export const upTo = (set: RangeSet): number => (set[0] !== undefined && set[0][0] <= 1 ? set[0][1] : 0);

/** 0 when the set is empty. */
export const highest = (set: RangeSet): number => set.at(-1)?.[1] ?? 0;

/** The first stretch of from..to that none of the sets covers. */
export function firstGap(from: number, to: number, sets: readonly RangeSet[]): Range | null {
  let start = from;
  const at = sets.map((set) => firstEndingAt(set, from));
  for (let moved = true; moved; ) {
    moved = false;
    for (const [s, set] of sets.entries()) {
      let i = at[s] ?? 0;
      for (let range = set[i]; range !== undefined && range[0] <= start; range = set[++i])
        if (range[1] >= start) {
          start = range[1] + 1;
          moved = true;
        }
      at[s] = i;
    }
  }
  if (start > to) return null;
  const next = sets.flatMap((set, s) => set.slice(at[s] ?? 0, (at[s] ?? 0) + 1)).map(([low]) => low);
  return [start, Math.min(to, ...next.map((low) => low - 1))];
}
