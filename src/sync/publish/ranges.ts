/** Sets of record numbers kept as sorted ranges; every operation costs as much as what it is given. */
import type { Range } from "../../model/index.ts";

/** Ascending and never touching: [1,3] and [4,6] are always [1,6]. */
export type RangeSet = readonly Range[];

export const nothing: RangeSet = [];

/** Any ranges, in any order, as a set; empty ones count for nothing. */
export function setOf(ranges: readonly Range[]): RangeSet {
  const sorted = [...ranges].filter(([from, to]) => from <= to).sort(([a], [b]) => a - b);
  const set: Range[] = [];
  for (const range of sorted) append(set, range);
  return set;
}

/** Adds a range that begins at or after the beginning of the last one. */
function append(set: Range[], [from, to]: Range): void {
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
  // A range that begins at to + 1 touches, and is merged too.
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
  if (b.length === 0) return a;
  const set: Range[] = [];
  let j = 0;
  for (const [from, to] of a) {
    let next = from;
    for (let gone = b[j]; gone !== undefined && gone[0] <= to; gone = b[j]) {
      if (gone[0] > next) set.push([next, gone[0] - 1]);
      next = Math.max(next, gone[1] + 1);
      // It reaches beyond this range, and may cut the next one too.
      if (gone[1] > to) break;
      j += 1;
    }
    if (next <= to) set.push([next, to]);
  }
  return set;
}

/** The part of the set inside from..to. */
export const within = (set: RangeSet, [from, to]: Range): RangeSet =>
  set.flatMap(([low, high]): Range[] => (high < from || low > to ? [] : [[Math.max(low, from), Math.min(high, to)]]));

/** The largest n for which 1..n is covered; 0 when 1 is not. */
export const upTo = (set: RangeSet): number => (set[0] !== undefined && set[0][0] <= 1 ? set[0][1] : 0);

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
