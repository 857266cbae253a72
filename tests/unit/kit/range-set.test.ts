/** Random range sets hold exactly the numbers that a plain set of numbers would. */

import { describe, expect, it } from "vitest";
import {
  absent,
  add,
  covers,
  firstGap,
  has,
  highest,
  meets,
  none,
  type RangeSet,
  remove,
  size,
  subtract,
  union,
  upTo,
  within,
} from "../../../src/kit/range-set.ts";
import type { Range } from "../../../src/model/index.ts";
import fc from "../../support/property.ts";

const range = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 }))
  .map(([from, more]): Range => [from, from + more]);
const ranges = fc.array(range, { maxLength: 15 });
const numbers = (list: readonly Range[]): Set<number> =>
  new Set(list.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)));
const setOf = (list: readonly Range[]): RangeSet => list.reduce(add, none);
const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b);

describe("range sets", () => {
  it("hold what a set of numbers would, sorted and merged", () => {
    fc.assert(
      fc.property(ranges, (list) => {
        const set = setOf(list);
        const truth = numbers(list);
        expect(sorted(numbers(set))).toEqual(sorted(truth));
        expect(size(set)).toBe(truth.size);
        expect(highest(set)).toBe(Math.max(0, ...truth));
        for (const [i, [from]] of set.entries()) if (i > 0) expect(from).toBeGreaterThan((set[i - 1]?.[1] ?? 0) + 1);
        for (let n = 0; n <= 75; n += 1) expect(has(set, n)).toBe(truth.has(n));
        let whole = 0;
        while (truth.has(whole + 1)) whole += 1;
        expect(upTo(set)).toBe(whole);
      }),
    );
  });

  it("tell what is absent and what is within", () => {
    fc.assert(
      fc.property(ranges, range, (list, asked) => {
        const set = setOf(list);
        const truth = numbers(list);
        const inside = sorted(numbers([asked]));
        expect(sorted(numbers(absent(set, asked)))).toEqual(inside.filter((n) => !truth.has(n)));
        expect(sorted(numbers(within(set, asked)))).toEqual(inside.filter((n) => truth.has(n)));
        expect(sorted(numbers(remove(set, asked)))).toEqual(sorted(truth).filter((n) => !inside.includes(n)));
        expect(meets(set, asked)).toBe(inside.some((n) => truth.has(n)));
        expect(covers(set, asked)).toBe(inside.every((n) => truth.has(n)));
      }),
    );
  });

  it("join and subtract", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [one, two] = [numbers(a), numbers(b)];
        expect(union(setOf(a), setOf(b))).toEqual(setOf([...a, ...b]));
        expect(sorted(numbers(subtract(setOf(a), setOf(b))))).toEqual(sorted(new Set([...one].filter((n) => !two.has(n)))));
      }),
    );
  });

  it("find the first gap of several", () => {
    fc.assert(
      fc.property(ranges, ranges, fc.integer({ min: 1, max: 80 }), (a, b, head) => {
        const covered = numbers([...a, ...b]);
        const gap = firstGap(1, head, [setOf(a), setOf(b)]);
        const free = Array.from({ length: head }, (_, i) => i + 1).filter((n) => !covered.has(n));
        expect(gap?.[0] ?? null).toBe(free[0] ?? null);
        if (gap === null) return;
        for (const n of numbers([gap])) expect(free).toContain(n);
        expect(free).not.toContain(gap[1] + 1);
      }),
    );
  });

  it("an empty range adds nothing", () => expect(add(none, [5, 4])).toEqual([]));
});
