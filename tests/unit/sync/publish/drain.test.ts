/** Joined and cut bodies, and what is still to be sent, checked against the plainest model: a set of numbers. */

import { describe, expect, it } from "vitest";
import { encodeBody, readBody } from "../../../../src/contract/message-body.ts";
import { upTo } from "../../../../src/kit/range-set.ts";
import type { Range } from "../../../../src/model/index.ts";
import { cut, fitting, join, type Piece, parts } from "../../../../src/sync/publish/batch-body.ts";
import { DeliveryTracker } from "../../../../src/sync/publish/delivery-tracker.ts";
import { MemoryOutbox } from "../../../support/memory/memory-outbox.ts";
import fc from "../../../support/property.ts";

const numbers = (list: readonly Range[]): number[] =>
  [...new Set(list.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)))].sort((a, b) => a - b);

describe("bodies", () => {
  const edge = new MemoryOutbox();
  const piece = (count: number): Piece => {
    const { from, to, body } = edge.readings(count);
    return { range: [from, to], body };
  };

  it("are joined without changing a word, as many as fit", () => {
    const pieces = [piece(3), piece(200), piece(1)];
    const { count, texts } = fitting(pieces, 128 * 1024);
    expect(count).toBe(3);
    expect(readBody(join(texts))).toEqual({ v: 1, batches: pieces.map(({ body }) => readBody(body)) });
    expect(fitting(pieces, 100).count).toBe(1);
  });

  it("are cut at a record, again and again, until each stands alone", () => {
    const whole = piece(37);
    const alone: Piece[] = [];
    const divide = (part: Piece): void => {
      const halves = cut(part);
      if (halves === null) alone.push(part);
      else halves.forEach(divide);
    };
    divide(whole);
    expect(alone.map(({ range: [from, to] }) => [from, to])).toEqual(
      Array.from({ length: 37 }, (_, i) => [whole.range[0] + i, whole.range[0] + i]),
    );
    const rows = alone.map(({ body }) => readBody(body) as { rows: unknown[]; t0: number });
    expect(rows.flatMap((batch) => batch.rows)).toEqual((readBody(whole.body) as { rows: unknown[] }).rows);
  });

  it("that are damaged are neither joined nor cut: they travel as stored", () => {
    const good = piece(200);
    const damaged = { ...good, body: Buffer.concat([good.body.subarray(0, 40), Buffer.alloc(40, 7)]) };
    expect(fitting([piece(3), damaged, piece(3)], 128 * 1024).count).toBe(1);
    expect(fitting([damaged, piece(3)], 128 * 1024)).toEqual({ count: 1, texts: [] });
    expect(cut(damaged)).toBeNull();
  });

  it("that are thinned count whole or not at all", () => {
    const thinned = {
      v: 1,
      epoch: "E",
      from: 1,
      to: 60,
      thinned: "1min",
      n: [0, 30],
      points: [],
      rows: [
        [0, 0, 1],
        [1, 0, 2],
      ],
    };
    expect(cut({ range: [1, 60], body: encodeBody(JSON.stringify(thinned)) })).toBeNull();
  });

  it("of documents are parted without losing an entry, and refused when one entry is too large", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 30 }), { maxLength: 60 }),
        fc.integer({ min: 120, max: 2000 }),
        (list, limit) => {
          const bodies = parts({ cat: "c", list }, limit);
          if (bodies === null) return;
          for (const body of bodies) expect(body.length).toBeLessThanOrEqual(limit);
          const read = bodies.map((body) => readBody(body) as { list: string[]; part: number; parts: number; cat: string });
          expect(read.flatMap((part) => part.list)).toEqual(list);
          expect(read.map(({ part, parts, cat }) => [part, parts, cat])).toEqual(
            bodies.map((_, i) => [i + 1, bodies.length, "c"]),
          );
        },
      ),
    );
    expect(parts({ list: ["x".repeat(400)] }, 100)).toBeNull();
  });
});

describe("the book", () => {
  const epoch = { id: "E2", n: 2, boot: "b", opened: 0, cause: "start" as const, former: null };
  const state = (head: number) => ({ epoch: "E2", stream: "readings" as const, upTo: 0, held: [], head, oldest: 1 });

  it("hands out every number once, whatever fails on the way", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ take: fc.integer({ min: 1, max: 20 }), works: fc.boolean() }), { maxLength: 40 }),
        (steps) => {
          const tracker = new DeliveryTracker(epoch);
          tracker.refresh([state(100)]);
          const sent: number[] = [];
          const all = [...steps, ...Array.from({ length: 100 }, () => ({ take: 20, works: true }))];
          for (const { take, works } of all) {
            const job = tracker.next(() => false);
            if (job === null) break;
            const part: Range = [job.range[0], Math.min(job.range[1], job.range[0] + take - 1)];
            tracker.take(job.epoch, job.stream, part);
            if (works) {
              tracker.settle(job.epoch, job.stream, part);
              sent.push(...numbers([part]));
            } else tracker.release(job.epoch, job.stream, part);
          }
          expect(sent).toEqual(numbers([[1, 100]]));
          expect(tracker.sentUpTo("E2", "readings")).toBe(100);
          expect(tracker.unproved).toBe(true);
          tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 100 }, 0);
          expect(tracker.unproved).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("never lets a mark shrink, and reads held ranges as they are", () => {
    const tracker = new DeliveryTracker(epoch);
    tracker.refresh([state(100)]);
    tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 50 }, 0);
    expect(tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 10, held: [[61, 70]] }, 0)).toMatchObject({
      upTo: 50,
      held: [[61, 70]],
    });
    expect(tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 60 }, 0)).toMatchObject({ upTo: 70, held: [] });
    expect(upTo([[1, 70]])).toBe(70);
    expect(tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 60, held: [[90, 101]] }, 0)).toBeNull();
  });

  it("hands out a missing range again after a minute, not before", () => {
    const tracker = new DeliveryTracker(epoch);
    tracker.refresh([state(10)]);
    tracker.settle("E2", "readings", [1, 10]);
    const ask = (mono: number) => {
      tracker.acknowledge({ epoch: "E2", stream: "readings", upTo: 0, missing: [[3, 5]] }, mono);
      const job = tracker.next(() => false);
      if (job === null) return null;
      tracker.take(job.epoch, job.stream, job.range);
      tracker.settle(job.epoch, job.stream, job.range);
      return job.range;
    };
    expect([ask(0), ask(30_000), ask(59_999), ask(60_000)]).toEqual([[3, 5], null, null, [3, 5]]);
  });
});
