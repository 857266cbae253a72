/** Ranges of record numbers go in; the set of numbers they cover comes out: sorted, disjoint, merged. Pure. */
import type { Range } from "../../model.ts";

/** Ascending and never touching: [1,3] and [4,6] are always [1,6]. */
export type RangeSet = readonly Range[];

export const nothing: RangeSet = [];

export function add(set: RangeSet, [from, to]: Range): RangeSet {
  if (to < from) return set;
  const last = set.at(-1);
  // Numbers mostly come in order: the set grows at its end.
  if (last === undefined || from > last[1] + 1) return [...set, [from, to]];
  const before = set.filter((r) => r[1] + 1 < from);
  const after = set.filter((r) => r[0] > to + 1);
  const touching = set.slice(before.length, set.length - after.length);
  const low = Math.min(from, touching[0]?.[0] ?? from);
  const high = Math.max(to, touching.at(-1)?.[1] ?? to);
  return [...before, [low, high], ...after];
}

export function remove(set: RangeSet, [from, to]: Range): RangeSet {
  if (to < from || set.length === 0) return set;
  return set.flatMap(([low, high]): Range[] => {
    if (high < from || low > to) return [[low, high]];
    const left: Range[] = low < from ? [[low, from - 1]] : [];
    const right: Range[] = high > to ? [[to + 1, high]] : [];
    return [...left, ...right];
  });
}

export const union = (a: RangeSet, b: RangeSet): RangeSet => b.reduce(add, a);
export const subtract = (a: RangeSet, b: RangeSet): RangeSet => b.reduce(remove, a);

/** The part of the set inside from..to. */
export const within = (set: RangeSet, [from, to]: Range): RangeSet =>
  set.flatMap(([low, high]): Range[] => (high < from || low > to ? [] : [[Math.max(low, from), Math.min(high, to)]]));

/** The largest n for which 1..n is covered; 0 when 1 is not. */
export const upTo = (set: RangeSet): number => (set[0] !== undefined && set[0][0] <= 1 ? set[0][1] : 0);

export const highest = (set: RangeSet): number => set.at(-1)?.[1] ?? 0;

/** The first stretch of from..to that none of the sets covers. */
export function firstGap(from: number, to: number, sets: readonly RangeSet[]): Range | null {
  let start = from;
  for (let moved = true; moved; ) {
    moved = false;
    for (const set of sets)
      for (const [low, high] of set)
        if (low <= start && high >= start) {
          start = high + 1;
          moved = true;
        }
  }
  if (start > to) return null;
  const next = sets.flatMap((set) => set.filter(([low]) => low > start).slice(0, 1)).map(([low]) => low);
  return [start, Math.min(to, ...next.map((low) => low - 1))];
}
