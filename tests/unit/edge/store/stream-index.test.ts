/** Acknowledged marks in any order: what is held is their union and never shrinks. */

import { expect, it } from "vitest";
import { type Epoch, emptyEntry, grown, isHeld, keyOf, seqOf } from "../../../../src/edge/store/stream-index.ts";
import fc from "../../../support/property.ts";

const epoch: Epoch = { n: 1, id: "e", boot: "b", opened: 0, cause: "start", ran0: 0 };
const HEAD = 60;
const range = fc
  .tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 0, max: 9 }))
  .map(([from, more]) => [from, from + more] as const);
const mark = fc.record({ upTo: fc.integer({ min: 0, max: 70 }), held: fc.array(range, { maxLength: 4 }) });

it("marks join to the numbers that any of them holds", () => {
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 6 }), (marks) => {
      let line = { ...emptyEntry(epoch, "readings"), head: HEAD };
      const held = new Set<number>();
      for (const one of marks) {
        for (let seq = 1; seq <= one.upTo; seq += 1) held.add(seq);
        for (const [from, to] of one.held) for (let seq = from; seq <= to; seq += 1) held.add(seq);
        line = { ...line, ...grown(line, one) };
      }
      for (let seq = 1; seq <= HEAD; seq += 1) expect(isHeld(line, seq, seq)).toBe(held.has(seq));
      expect(line.upTo).toBeLessThanOrEqual(HEAD);
      // Ranges are apart, in order, and none touches what lies below.
      let last = line.upTo;
      for (const [from, to] of line.held) {
        expect(from).toBeGreaterThan(last + 1);
        expect(to).toBeGreaterThanOrEqual(from);
        last = to;
      }
      expect(grown(line, { upTo: 0, held: [] })).toEqual({ upTo: line.upTo, held: line.held });
    }),
  );
});

it("of more than 500 held ranges the highest go, but none that was kept and whose records may be off the disk", () => {
  const crumbs = (n: number, first: number) => Array.from({ length: n }, (_, i) => [first + 2 * i, first + 2 * i] as const);
  const line = { ...emptyEntry(epoch, "readings"), head: 100_000 };
  const high = grown(line, { upTo: 0, held: crumbs(500, 50_001) });
  expect(high.held).toEqual(crumbs(500, 50_001));
  // Nothing was deleted: lower ones take the place of higher ones.
  expect(grown({ ...line, ...high }, { upTo: 0, held: crumbs(100, 3) }).held).toEqual([
    ...crumbs(100, 3),
    ...crumbs(400, 50_001),
  ]);
  // The records of the highest are gone: what is new gives way, and is only sent again.
  const gone = { ...line, ...high, goneTo: 100_000 };
  expect(grown(gone, { upTo: 0, held: crumbs(100, 3) }).held).toEqual(high.held);
  expect(grown(gone, { upTo: 60_000, held: [] })).toEqual({ upTo: 60_000, held: [] });
});

it("keys are exact for every epoch and number", () => {
  for (const [n, seq] of [
    [1, 1],
    [2 ** 18 - 1, 2 ** 35 - 1],
  ] as const) {
    expect(Number.isSafeInteger(keyOf(n, seq))).toBe(true);
    expect(seqOf(keyOf(n, seq))).toBe(seq);
  }
});
