/** What a platform says in many pieces costs as much as it is long, not its square: counted, and by the ratio of n to 2n. */
import { describe, expect, it } from "vitest";
import { firstGap, setOf, subtract, union } from "../../../../src/kit/range-set.ts";
import type { Range } from "../../../../src/model/index.ts";
import { type Ack, DeliveryTracker } from "../../../../src/sync/publish/delivery-tracker.ts";
import { RawBroker } from "../../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../../support/memory/memory-outbox.ts";
import { eventually, harness, ROOT } from "../../../support/memory/sync-harness.ts";

/** Every second number, from `first` on. */
const crumbs = (n: number, first = 1): Range[] => Array.from({ length: n }, (_, i) => [first + 2 * i, first + 2 * i]);

/** How often elements of these lists are looked at while `work` runs. */
function looks(lists: readonly Range[][], work: (...lists: Range[][]) => unknown): number {
  let count = 0;
  const numbered = lists.map(
    (list) =>
      new Proxy(list, {
        get(target, key, receiver) {
          if (typeof key === "string" && /^\d+$/.test(key)) count += 1;
          return Reflect.get(target, key, receiver);
        },
      }),
  );
  work(...numbered);
  return count;
}

describe("looks at its input, of twice as many ranges, at most 2.5 times as often", () => {
  const apart = (n: number) => [crumbs(n), crumbs(n, 2)];
  const three = (n: number) => [crumbs(n), crumbs(n / 2, 2), crumbs(n / 2, n + 2)];
  const size = 4000;
  it.each<[string, (n: number) => Range[][], (...lists: Range[][]) => unknown]>([
    ["the union", apart, (a = [], b = []) => union(a, b)],
    ["the difference", apart, (a = [], b = []) => subtract(a, b)],
    ["a set made of ranges in no order", (n) => [crumbs(n).reverse()], (a = []) => setOf(a)],
    ["the first gap of sets that fill each other's gaps", three, (...sets) => firstGap(1, 1_000_000, sets)],
  ])("%s", (_, lists, work) => {
    const [once, twice] = [looks(lists(size), work), looks(lists(2 * size), work)];
    expect(once).toBeGreaterThan(0);
    expect(twice).toBeLessThanOrEqual(2.5 * once);
  });
});

describe("the book", () => {
  const HEAD = 2_000_000;
  const opened = (held: readonly Range[] = []): DeliveryTracker => {
    const tracker = new DeliveryTracker(new MemoryOutbox().epoch);
    const of = { epoch: "E2", head: HEAD, oldest: 1, upTo: 0 };
    tracker.refresh([
      { ...of, stream: "readings", held },
      { ...of, stream: "events", held: [] },
    ]);
    return tracker;
  };
  const ack = (more: Partial<Ack>): Ack => ({ epoch: "E2", stream: "readings", upTo: 0, ...more });

  it("keeps the lowest 500 of the ranges that are held, however many are said", () => {
    const tracker = opened();
    for (let i = 0; i < 40; i += 1) tracker.acknowledge(ack({ held: crumbs(500, 3 + 1000 * i) }), 0);
    expect(tracker.acknowledge(ack({}), 0)?.held).toEqual(crumbs(500, 3));
  });

  it("asks the history for the lowest 500 that are missing, and for more when those are done", () => {
    const tracker = opened();
    tracker.settle("E2", "readings", [1, HEAD]);
    tracker.settle("E2", "events", [1, HEAD]);
    for (let i = 0; i < 40; i += 1) tracker.acknowledge(ack({ missing: crumbs(500, 1 + 1000 * i) }), 0);
    const done: Range[] = [];
    for (let job = tracker.next(() => false); job !== null; job = tracker.next(() => false)) {
      done.push(job.range);
      tracker.take("E2", "readings", job.range);
      tracker.settle("E2", "readings", job.range);
    }
    expect(done).toEqual(crumbs(500));
    tracker.acknowledge(ack({ missing: crumbs(500, 1001) }), 60_000);
    expect(tracker.next(() => false)?.range).toEqual([1001, 1001]);
  });

  it("takes over what a database has kept by one walk through it, and keeps 500 of it at the next word", () => {
    const taking = (n: number) => looks([crumbs(n, 3)], (held) => opened(held));
    expect(taking(80_000)).toBeLessThanOrEqual(2.5 * taking(40_000));
    const tracker = opened(crumbs(80_000, 3));
    expect(tracker.acknowledge(ack({}), 0)?.held).toEqual(crumbs(500, 3));
  });
});

it("an acknowledgement of 128 KiB in crumbs, a hundred times, leaves the link alive and the bounds kept", async () => {
  await using broker = await RawBroker.open();
  const edge = new MemoryOutbox();
  for (let i = 0; i < 40; i += 1) edge.readings(2500, "E2", false);
  await using h = harness(broker.url, {}, edge, broker);
  await eventually(() => expect(broker.topics()).toContain("reported"));
  let last = 0;
  for (let i = 0; i < 100; i += 1) {
    const acks = Array.from({ length: 10 }, (_, j) => ({
      epoch: "E2",
      stream: "readings",
      upTo: 0,
      held: crumbs(900, 3 + 2 * ((i * 10 + j) % 40) * 1000),
    }));
    last = broker.send(`${ROOT}/down/ack`, { v: 1, acks });
  }
  await eventually(() => expect(broker.acknowledged).toContain(last), 60_000);
  expect(h.edge.mark("readings").held).toHaveLength(500);
  expect(broker.connects).toHaveLength(1);
}, 90_000);
