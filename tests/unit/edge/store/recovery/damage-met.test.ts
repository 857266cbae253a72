/** Pages of a file in use are damaged: whoever meets that tells, and the next opening names what is lost. */
import { open as openFile, readFile, stat, truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { decodeBody, encodeEvent } from "../../../../../src/edge/segments/segment.ts";
import type { Store } from "../../../../../src/edge/store/store.ts";
import type { Range, Stream } from "../../../../../src/model/index.ts";
import { Dice } from "../../../../support/memory/dice.ts";
import { event, folder, HandClock, headOf, inEpoch, nothing, open, readings } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const SEGMENTS = 300;
const PAGE = 512;
/** Where the events of a body begin, as it stands in the file. */
const OF_EVENTS = '"events":[';

/** A store in use, most of which lies in the file itself. */
async function inUse(file: string, clock: HandClock) {
  const store = await open(file, { clock, walBytes: 64 * 1024 });
  for (let i = 0; i < SEGMENTS; i += 1) {
    const events = [encodeEvent(inEpoch(store), event(store, i + 1, { text: { it: "", en: "x".repeat(300) } }), i % 50 === 0)];
    await store.commit({ ...readings(store, i * 100 + 1, i * 100 + 100), events });
    await store.tend(clock.at);
  }
  return store;
}

async function spoil(file: string, pages: readonly number[], with_: (page: number) => Buffer): Promise<void> {
  const handle = await openFile(file, "r+");
  for (const page of pages) await handle.write(with_(page), 0, PAGE, page * PAGE);
  await handle.close();
}

/** Reads all, as the platform's return does; then the slow round goes round twice. */
async function goOver(store: Store, clock: HandClock): Promise<void> {
  for (const stream of ["events", "readings"] as const)
    for (let from = 1; from <= headOf(store, stream) && store.broken === null; ) {
      const segments = await store.read(store.epoch.id, stream, from, ALL, 64 * 1024).catch(() => []);
      from = (segments.at(-1)?.to ?? ALL) + 1;
    }
  for (let i = 0; i < 40 && store.broken === null; i += 1) {
    clock.at += 5000;
    await store.tend(clock.at).catch(() => undefined);
  }
}

async function numbersIn(store: Store, epoch: string, stream: Stream): Promise<Set<number>> {
  const numbers = new Set<number>();
  for (let from = 1; ; ) {
    const segments = await store.read(epoch, stream, from, ALL, 2 ** 20);
    for (const segment of segments) {
      const decoded = decodeBody(segment.body);
      expect([decoded.epoch, decoded.from, decoded.to]).toEqual([epoch, segment.from, segment.to]);
      for (let seq = segment.from; seq <= segment.to; seq += 1) numbers.add(seq);
    }
    const last = segments.at(-1);
    if (last === undefined) return numbers;
    from = last.to + 1;
  }
}

/** Every number of the former run is stored, or named as lost. */
async function accountedFor(store: Store, epoch: string, heads: Readonly<Record<Stream, number>>): Promise<number> {
  let lost = 0;
  for (const stream of ["events", "readings"] as const) {
    const stored = await numbersIn(store, epoch, stream);
    const named: Range[] = store.lost.filter((one) => one.epoch === epoch && one.stream === stream).map(({ range }) => range);
    const missing: number[] = [];
    for (let seq = 1; seq <= heads[stream]; seq += 1)
      if (!stored.has(seq) && !named.some(([from, to]) => from <= seq && seq <= to)) missing.push(seq);
    expect([stream, missing.length, missing[0]]).toEqual([stream, 0, undefined]);
    for (const [from, to] of named) for (let seq = from; seq <= to; seq += 1) expect(stored.has(seq)).toBe(false);
    lost += named.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }
  return lost;
}

/** As a service is started again by its manager. */
async function untilSound<T>(file: string, clock: HandClock, work: (store: Store) => Promise<T>): Promise<T> {
  for (let start = 1; ; start += 1) {
    clock.at += 1000;
    await using store = await open(file, { clock });
    try {
      return await work(store);
    } catch (error) {
      if (store.broken === null || start === 3) throw error;
    }
  }
}

describe("spoiled while in use", () => {
  it.each(Array.from({ length: 12 }, (_, number) => number))("at random, case %i", { timeout: 60_000 }, async (number) => {
    await using at = await folder();
    const dice = new Dice(number);
    const clock = new HandClock();
    const store = await inUse(at.file, clock);
    const { id } = store.epoch;
    const pages = Math.floor((await stat(at.file)).size / PAGE);
    const chosen = Array.from({ length: 1 + dice.below(dice.pick(2, 20, 200)) }, () => 1 + dice.below(pages - 1));
    const fill = dice.pick(Buffer.alloc(PAGE), Buffer.alloc(PAGE, 0xa5), dice.bytes(1));
    await spoil(at.file, chosen, () =>
      fill.length === PAGE ? fill : Buffer.from(Array.from({ length: PAGE }, () => dice.below(256))),
    );
    await goOver(store, clock);
    const heads = { readings: headOf(store, "readings"), events: headOf(store, "events") };
    const { broken } = store;
    if (broken !== null) {
      expect(broken).toMatchObject({ code: "store.corrupt" });
      await expect(store.commit({ ...nothing, states: { a: 1 } })).rejects.toMatchObject({ code: "store.corrupt" });
    }
    await Promise.resolve(store[Symbol.asyncDispose]()).catch(() => undefined);
    // What was still in the memory of the run is met by the next one: it ends then, and is started again.
    let cause = "";
    const lost = await untilSound(at.file, clock, async (next) => {
      cause = next.epoch.cause;
      return accountedFor(next, id, heads);
    });
    if (broken !== null) expect(cause).toBe("salvaged");
    if (cause === "start") expect(lost).toBe(0);
    // What is beyond the damage is not given up with it.
    expect(lost).toBeLessThan(chosen.length * 100 * 60);
  });

  it.each([
    ["the file", "", 0.5],
    ["the file at its first pages", "", 0.02],
    ["its WAL", "-wal", 0.3],
  ])("%s, by cutting it", async (_, end, share) => {
    await using at = await folder();
    const clock = new HandClock();
    const store = await inUse(at.file, clock);
    const { id } = store.epoch;
    clock.at += 5000;
    await store.tend(clock.at);
    await truncate(`${at.file}${end}`, Math.floor(((await stat(`${at.file}${end}`)).size * share) / PAGE) * PAGE);
    await goOver(store, clock);
    expect(store.broken).toMatchObject({ code: "store.corrupt" });
    const heads = { readings: headOf(store, "readings"), events: headOf(store, "events") };
    // What was numbered in the last moment and found no file.
    const given = { readings: heads.readings + 7, events: heads.events + 1 };
    await store.unstored(given);
    await Promise.resolve(store[Symbol.asyncDispose]()).catch(() => undefined);
    await using next = await open(at.file, { clock });
    expect(next.epoch).toMatchObject({ cause: "salvaged", former: { epoch: id, last: given } });
    await accountedFor(next, id, given);
  });
});

it.each(["history", "events"] as const)("%s says that it is not whole, and the file is marked", async (asked) => {
  await using at = await folder();
  const clock = new HandClock();
  await (await inUse(at.file, clock))[Symbol.asyncDispose]();
  await using store = await open(at.file, { clock });
  const pages = Math.floor((await stat(at.file)).size / PAGE);
  const everySecond = Array.from({ length: Math.floor(pages / 2) - 8 }, (_, i) => 16 + 2 * i);
  await spoil(at.file, everySecond, () => Buffer.alloc(PAGE, 0xa5));
  const all = async () => {
    let told = 0;
    for await (const _ of store[asked]({})) told += 1;
    return told;
  };
  await expect(all()).rejects.toMatchObject({ code: "store.corrupt", context: { file: at.file } });
  expect(store.broken).toMatchObject({ code: "store.corrupt", context: { file: at.file } });
});

it("a body that is not what was written is told with the file's name", async () => {
  await using at = await folder();
  {
    await using store = await open(at.file);
    for (const seq of [1, 2]) await store.commit({ ...nothing, events: [encodeEvent(inEpoch(store), event(store, seq), false)] });
  }
  // SQLite sees nothing wrong: only the text inside a row is another one. Rows grow towards the front of a page.
  const first = (await readFile(at.file)).lastIndexOf(OF_EVENTS);
  expect(first).toBeGreaterThan(0);
  const handle = await openFile(at.file, "r+");
  await handle.write("{", first + OF_EVENTS.length - 1);
  await handle.close();
  await using store = await open(at.file);
  const all = async () => {
    for await (const _ of store.events({}));
  };
  const named = { code: "store.corrupt", context: { file: at.file, reason: expect.stringContaining("nobody wrote") } };
  await expect(all()).rejects.toMatchObject(named);
  expect(store.broken).toMatchObject(named);
});
