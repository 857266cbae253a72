/** Contacts that bounce, chatter and stop: settled states at the time of their edge, and passages counted once. */

import { describe, expect, it } from "vitest";
import { gpioContact } from "../../../../../src/drivers/devices/gpio-contact.ts";
import type { GpioEdge, Wires } from "../../../../../src/drivers/driver.ts";
import { type Change, Debouncer } from "../../../../../src/drivers/families/gpio/debounce.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import fc from "../../../../support/property.ts";
import { codeOf } from "../../support.ts";

describe("the debouncer", () => {
  it("gives every level that stood for its time, once, at the time of its edge, whatever is between", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, (list) => {
        const debouncer = new Debouncer(50);
        const got = [...debouncer.edge(0, 0)];
        let level: 0 | 1 = 0;
        let mono = 0;
        const stood: { level: 0 | 1; mono: number }[] = [{ level: 0, mono: 0 }];
        for (const [i, gap] of list.entries()) {
          mono += gap;
          level = level === 0 ? 1 : 0;
          got.push(...debouncer.edge(level, mono));
          if ((list[i + 1] ?? 1000) >= 50 && stood.at(-1)?.level !== level) stood.push({ level, mono });
        }
        got.push(...debouncer.tick(mono + 1000));
        const good = got.filter(({ chatter }) => !chatter).map(({ level, mono }) => ({ level, mono }));
        const changes = good.filter((change, i) => change.level !== good[i - 1]?.level);
        expect(changes).toEqual(stood);
        expect(debouncer.edges).toBe(list.length);
      }),
    );
  });

  it("tells no level that may not have stood: the edge that ended it came late, or while nobody could hear it", () => {
    const debouncer = new Debouncer(50);
    const spike = [...debouncer.edge(0, 0), ...debouncer.edge(1, 10), ...debouncer.edge(0, 200, 10), ...debouncer.tick(300)];
    expect(spike).toEqual([{ level: 0, mono: 0, chatter: false }]);
    // Nor one whose beginning may be as new as the moment it was heard of.
    const next = [...debouncer.edge(1, 400), ...debouncer.edge(0, 410), ...debouncer.edge(1, 600, 410), ...debouncer.tick(649)];
    expect(next).toEqual([]);
    expect(debouncer.tick(650)).toEqual([{ level: 1, mono: 600, chatter: false }]);
  });

  it("says chatter once for a minute of it, and the state once it is over", () => {
    const debouncer = new Debouncer(50);
    const got = [...debouncer.edge(0, 0)];
    for (let mono = 1; mono <= 60_000; mono++) got.push(...debouncer.edge(mono % 2 === 1 ? 1 : 0, mono));
    got.push(...debouncer.tick(60_050));
    expect(got).toEqual([
      { level: 0, mono: 0, chatter: false },
      { level: 0, mono: 1001, chatter: true },
      { level: 0, mono: 60_000, chatter: false },
    ]);
    expect(debouncer.edges).toBe(60_000);
  });
});

describe("the debouncer that tells no more than asked for", () => {
  it("tells at most one change each time, and never leaves the last state untold", () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, (list) => {
        const debouncer = new Debouncer(50, 1000);
        const told: { readonly level: 0 | 1; readonly at: number }[] = [];
        const hear = (now: number, changes: readonly Change[]) => {
          for (const { level, chatter } of changes) if (!chatter) told.push({ level, at: now });
        };
        let level: 0 | 1 = 0;
        let mono = 0;
        hear(0, debouncer.edge(0, 0));
        const until = (next: number) => {
          for (let due = debouncer.due; due !== null && due < next; due = debouncer.due) hear(due, debouncer.tick(due));
        };
        for (const gap of list) {
          until(mono + gap);
          mono += gap;
          level = level === 0 ? 1 : 0;
          hear(mono, debouncer.edge(level, mono));
        }
        until(mono + 5000);
        const changes = told.filter((one, i) => i === 0 || one.level !== told[i - 1]?.level);
        expect(changes.at(-1)?.level).toBe(level);
        for (const [i, one] of changes.entries())
          if (i > 0) expect(one.at - (changes[i - 1]?.at ?? 0)).toBeGreaterThanOrEqual(1000);
        expect(debouncer.edges).toBe(list.length);
      }),
    );
  });

  it("says when a state began that it tells late, and forgets one that is over by then", () => {
    const debouncer = new Debouncer(50, 1000);
    debouncer.edge(0, 0);
    const first = [...debouncer.edge(1, 2000), ...debouncer.tick(2050)];
    const held = [...debouncer.edge(0, 2100), ...debouncer.tick(2150)];
    expect([first, held, debouncer.now(2200), debouncer.due]).toEqual([
      [{ level: 1, mono: 2000, chatter: false }],
      [],
      null,
      3050,
    ]);
    expect(debouncer.tick(3050)).toEqual([{ level: 0, mono: 2100, chatter: false }]);
    const over = [...debouncer.edge(1, 3100), ...debouncer.edge(0, 3200), ...debouncer.tick(4100)];
    expect([over, debouncer.due]).toEqual([[], null]);
  });
});

/** A chip whose edges the test gives. */
function chip() {
  let wake: () => void = () => undefined;
  const queue: (GpioEdge | Error)[] = [];
  const give = (edge: GpioEdge | Error) => {
    queue.push(edge);
    wake();
  };
  const state = { closed: false };
  const wires = {
    gpio: () => ({
      async *watch(_line: number, _options: unknown, stop: AbortSignal): AsyncGenerator<GpioEdge> {
        try {
          while (!stop.aborted) {
            const next = queue.shift();
            if (next instanceof Error) throw next;
            if (next) yield next;
            else
              await new Promise<void>((resolve) => {
                wake = resolve;
                stop.addEventListener("abort", () => resolve(), { once: true });
              });
          }
        } finally {
          state.closed = true;
        }
      },
    }),
  } as unknown as Wires;
  return { wires, give: (level: 0 | 1, mono: number) => give({ level, mono }), fail: (error: Error) => give(error), state };
}

async function device(written: Readonly<Record<string, unknown>>) {
  const hand = chip();
  const stop = new AbortController();
  const options = gpioContact.options.parse({ line: 17, means: "presence", ...written });
  const opened = await gpioContact.open({ id: "c", options, bus: "pins", wires: hand.wires, stop: stop.signal });
  const batches = opened.readings({ next: () => Promise.resolve(0) }, stop.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<readonly Reading[] | undefined> => (await batches.next()).value;
  return { ...hand, stop, batches, next };
}

describe("a contact", () => {
  it("tells its first state at once, then a change once it has settled", async () => {
    const { give, next, stop, batches, state } = await device({ active: "low", debounce: "30ms" });
    const first = next();
    give(1, 1000);
    expect(await first).toEqual([{ point: "presence", value: false, quality: "good", mono: 1000 }]);
    const second = next();
    const at = monotonic();
    give(0, at);
    expect(await second).toEqual([{ point: "presence", value: true, quality: "good", mono: at }]);
    expect(monotonic() - at).toBeGreaterThanOrEqual(30);
    stop.abort();
    expect((await batches.next()).done).toBe(true);
    expect(state.closed).toBe(true);
  });

  it("repeats its state as a sign of life; a passage point lives without inventing passages", async () => {
    const door = await device({ means: "door", every: "60ms" });
    const first = door.next();
    door.give(1, monotonic());
    await first;
    expect((await door.next())?.map(({ value, quality }) => [value, quality])).toEqual([[true, "good"]]);
    door.stop.abort();
    const gate = await device({ means: "passage", every: "60ms" });
    const opening = gate.next();
    const at = monotonic();
    gate.give(1, at);
    // Nobody counted until then, as with a meter's pulses.
    expect(await opening).toEqual([{ point: "passage", value: 0, quality: "uncertain", code: "counter.unobserved", mono: at }]);
    expect(await gate.next()).toMatchObject([{ point: "passage", value: 0, quality: "good" }]);
    gate.stop.abort();
  });

  it("shows every change of level where the site asks for them, to tell a bad contact from a busy one", async () => {
    const door = await device({ means: "door", every: "60ms", edges: true });
    const first = door.next();
    door.give(1, monotonic());
    await first;
    for (const level of [0, 1, 0, 1] as const) door.give(level, monotonic());
    const alive = await door.next();
    expect(alive?.find(({ point }) => point === "edges")).toMatchObject({ quality: "good" });
    door.stop.abort();
  });

  it("counts a passage by its edges' own times, even when they are heard of late", async () => {
    const { give, next, stop } = await device({ means: "passage", debounce: "50ms" });
    const opening = next();
    give(0, 1000);
    await opening;
    const passage = next();
    give(1, 2000);
    expect(await passage).toEqual([{ point: "passage", value: 1, quality: "good", mono: 2000 }]);
    stop.abort();
  });

  it("hands on what befalls the line, and closes it when nobody listens any more", async () => {
    const broken = await device({});
    const first = codeOf(broken.next());
    broken.fail(Object.assign(new Error("gone"), { code: "gpio.line-busy" }));
    expect(await first).toBe("gpio.line-busy");
    const left = await device({});
    const seen = left.next();
    left.give(0, monotonic());
    await seen;
    await left.batches.return?.();
    expect(left.state.closed).toBe(true);
  });
});
