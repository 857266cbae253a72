/** Full, old and idle stores: what may go goes, nothing else, and each loss is named before it happens. */
import { stat } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { decodeBody, encodeEvent, encodeReadings } from "../../../../../src/edge/segments/segment.ts";
import { openDatabase } from "../../../../../src/edge/store/database/sqlite.ts";
import type { InboxRow, Shed, Store } from "../../../../../src/edge/store/store.ts";
import type { ReadingRecord } from "../../../../../src/model/index.ts";
import { event, events, folder, HandClock, headOf, inEpoch, nothing, OFFSET, open, readings } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const command = (id: string, state: string, expires: number, received = 0): InboxRow => ({
  id,
  received,
  expires,
  state,
  body: {},
});

const acknowledge = (store: Store, upTo: number, held: readonly (readonly [number, number])[] = []) =>
  store.commit({ ...nothing, marks: [{ epoch: store.epoch.id, stream: "readings", upTo, held }] });
const firsts = async (store: Store) => (await store.read(store.epoch.id, "readings", 1, ALL, ALL)).map(({ from }) => from);

/** Noise, so that it takes room: one segment of `size` records. */
const noise = (store: Store, from: number, size: number, stepMs = 1000) => ({
  ...nothing,
  readings: [
    encodeReadings(inEpoch(store), {
      from,
      clock: "synced",
      offset: OFFSET,
      records: Array.from(
        { length: size },
        (_, i): ReadingRecord => ({
          source: `meter-${i % 4}`,
          name: i % 4 === 3 ? "energy" : "power",
          unit: "W",
          value: Math.random() * 1e6,
          quality: "good",
          mono: store.epoch.opened + (from + i) * stepMs,
        }),
      ),
    }),
  ],
});

/** Commits until the quota refuses, answers the next number. */
async function fill(store: Store, size: number, from = 1): Promise<number> {
  for (let next = from; ; next += size) {
    try {
      await store.commit(noise(store, next, size));
    } catch (error) {
      expect(error).toMatchObject({ code: "store.full" });
      return next;
    }
  }
}

describe("acknowledged history", () => {
  it("goes when it is older than keep in running time, and nothing else goes", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock, keepMs: HOUR });
    for (let from = 1; from <= 1000; from += 100) await store.commit(readings(store, from, from + 99, 10_000));
    await acknowledge(store, 550, [[801, 1000]]);
    expect((await store.tend(clock.at + HOUR)).deleted).toBe(0);
    // The third segment ends 3000 s after the opening.
    expect((await store.tend(clock.at + 3_001_000 + HOUR)).deleted).toBe(3);
    expect(store.streams()[0]).toMatchObject({ oldest: 301, head: 1000, upTo: 550 });
    expect((await store.tend(clock.at + 100 * HOUR)).deleted).toBe(2);
    expect(await firsts(store)).toEqual([501, 601, 701, 801, 901]);
    expect((await store.tend(clock.at + 100 * HOUR)).shed).toEqual([]);
  });

  it("of events goes too behind a thousand urgent ones that wait for the broker", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock, keepMs: HOUR });
    await store.commit(events(store, 1, 1200, true));
    await store.commit(events(store, 1201, 3000));
    await store.commit({ ...nothing, marks: [{ epoch: store.epoch.id, stream: "events", upTo: 3000, held: [] }] });
    // The newest stays: the head is read from it.
    expect((await store.tend(clock.at + 2 * HOUR)).deleted).toBe(1799);
    const left = await store.read(store.epoch.id, "events", 1, ALL, ALL);
    expect(left.at(-1)?.from).toBe(1024);
    expect((await store.read(store.epoch.id, "events", 1201, ALL, ALL)).map(({ from }) => from)).toEqual([3000]);
    // Nothing is deleted that the broker does not have.
    expect((await store.tend(clock.at + 200 * HOUR)).deleted).toBe(0);
    expect(await store.urgentPending()).toHaveLength(1024);
  });

  it("takes its epoch along when nothing of it is left, but for the newest former one", async () => {
    await using at = await folder();
    const clock = new HandClock();
    for (let n = 1; n <= 3; n += 1) {
      await using store = await open(at.file, { clock });
      await store.commit({ ...readings(store, 1, 10), events: events(store, 1).events });
      for (const stream of ["readings", "events"] as const)
        await store.commit({ ...nothing, marks: [{ epoch: store.epoch.id, stream, upTo: 10, held: [] }] });
    }
    await using store = await open(at.file, { clock, keepMs: 0 });
    await store.tend(clock.at + HOUR);
    const { former } = store.epoch;
    // As long as it is the newest with records, the next opening goes on from them.
    expect(await store.read(former?.epoch ?? "", "readings", 1, ALL, ALL)).toHaveLength(1);
    await store.commit(readings(store, 1, 1));
    await store.tend(clock.at + HOUR);
    await store.tend(clock.at + HOUR);
    expect(await store.read(former?.epoch ?? "", "readings", 1, ALL, ALL)).toEqual([]);
    expect(store.epoch).toMatchObject({ n: 4, former: { last: { readings: 10, events: 1 } } });
  });

  it("keeps an urgent event that was not sent as one", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock, keepMs: 0 });
    await store.commit(events(store, 1, 1, true));
    await store.commit(events(store, 2, 3));
    await store.commit({ ...nothing, marks: [{ epoch: store.epoch.id, stream: "events", upTo: 3, held: [] }] });
    expect((await store.tend(clock.at + HOUR)).deleted).toBe(1);
    expect((await store.urgentPending()).map(({ seq }) => seq)).toEqual([1]);
  });
});

describe("commands", () => {
  it("are forgotten 30 days of running time after their end", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const row = (id: string, expires: number) => command(id, "succeeded", expires);
    {
      await using store = await open(at.file, { clock });
      await store.commit({ ...nothing, inbox: [row("old", DAY), row("young", 2 * DAY)] });
      await store.tend(clock.at + 31.5 * DAY);
    }
    await using store = await open(at.file, { clock });
    expect([...store.inbox.keys()]).toEqual(["young"]);
  });

  it("that had no effect are forgotten one day of running time after their end", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const states = ["accepted", "executing", "succeeded", "failed", "expired", "refused", "unknown"];
    {
      await using store = await open(at.file, { clock });
      const rows = states.flatMap((state) => [command(`${state}-old`, state, DAY), command(`${state}-young`, state, 2 * DAY)]);
      await store.commit({ ...nothing, inbox: rows });
      await store.tend(clock.at + 2.5 * DAY);
    }
    await using store = await open(at.file, { clock });
    const effects = ["accepted", "executing", "succeeded", "failed", "unknown"].map((state) => `${state}-old`);
    expect([...store.inbox.keys()].sort()).toEqual([...states.map((state) => `${state}-young`), ...effects].sort());
  });

  it("are never more than 20,000: those without effect go first, oldest first, and those that may still have one stay", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const many = (prefix: string, state: string, count: number, expires: number, first = 0) =>
      Array.from({ length: count }, (_, i) => command(`${prefix}-${first + i}`, state, expires, first + i));
    const kept = async (): Promise<Map<string, number>> => {
      const db = await openDatabase(at.file, "read-only");
      const rows = await db.all<{ what: string; oldest: number; count: number }>(
        "SELECT substr(id, 1, 1) AS what, min(received) AS oldest, count(*) AS count FROM inbox GROUP BY what",
      );
      await db.close();
      return new Map(rows.flatMap(({ what, oldest, count }) => [[what, count] as const, [`${what} from`, oldest] as const]));
    };
    await using store = await open(at.file, { clock, quotaMB: 64 });
    await store.commit({
      ...nothing,
      inbox: [...many("done", "succeeded", 15_000, DAY), ...many("refused", "refused", 6000, DAY)],
    });
    await store.tend(clock.at + 1.5 * DAY);
    expect(await kept()).toEqual(new Map([["d", 15_000], ["d from", 0], ["r", 5000], ["r from", 1000]])); // biome-ignore format: pairs
    // A flood does not wait for the ten minutes between two looks.
    await store.commit({ ...nothing, inbox: many("accepted", "accepted", 7000, 2 * DAY) });
    await store.tend(clock.at + 1.5 * DAY + 5000);
    expect(await kept()).toEqual(new Map([["a", 7000], ["a from", 0], ["d", 13_000], ["d from", 2000]])); // biome-ignore format: pairs
    // An id whose command could still be delivered again is not forgotten for room.
    await store.commit({ ...nothing, inbox: many("valid", "succeeded", 14_000, 2 * DAY) });
    await store.tend(clock.at + 1.5 * DAY + 10_000);
    expect(await kept()).toEqual(new Map([["a", 7000], ["a from", 0], ["v", 14_000], ["v from", 0]])); // biome-ignore format: pairs
  });
});

describe("the WAL", () => {
  it("is copied into the database at its size, or when idle, and stays as large as it was grown", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock, walBytes: 512 * 1024 });
    const wal = async () => (await stat(`${at.file}-wal`)).size;
    expect(await wal()).toBe(512 * 1024);
    await store.commit(noise(store, 1, 100));
    expect((await store.tend(clock.at)).checkpointed).toBe(false);
    let from = 101;
    for (let times = 0; times < 3; ) {
      await store.commit(noise(store, from, 100));
      from += 100;
      if ((await store.tend(clock.at)).checkpointed) times += 1;
    }
    expect(await wal()).toBeLessThan(2 * 512 * 1024);
    for (let i = 0; i < 120; i += 1) {
      await store.commit(noise(store, from, 100));
      from += 100;
    }
    expect((await store.tend(clock.at + 61_000)).checkpointed).toBe(true);
    expect((await store.tend(clock.at + 122_000)).checkpointed).toBe(false);
    expect(await firsts(store)).toHaveLength((from - 1) / 100);
  });
});

describe("the quota", () => {
  it("refuses when full, without half a commit, and takes commits again once history could go", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock, quotaMB: 1, keepMs: ALL });
    const next = await fill(store, 500);
    expect(headOf(store, "readings")).toBe(next - 1);
    await acknowledge(store, next - 1).catch(() => undefined);
    const { deleted } = await store.tend(clock.at);
    // Even the mark may have found no room: then unsent readings are shed instead.
    expect(deleted).toBeGreaterThan(0);
    await store.commit(noise(store, next, 500));
    expect(store.size().bytes).toBeLessThan(0.92 * 2 ** 20);
    expect(headOf(store, "readings")).toBe(next + 499);
  });

  it("thins unsent readings first, then drops them, each once, and never the newest", { timeout: 60_000 }, async () => {
    await using at = await folder();
    const clock = new HandClock();
    const kindOf = (_: string, name: string) => (name === "energy" ? "counter" : "gauge") as "counter" | "gauge";
    await using store = await open(at.file, { clock, quotaMB: 0.5, kindOf });
    let next = await fill(store, 500);
    const named: Shed[] = [];
    let seq = 1;
    for (let round = 0; round < 60 && !named.some(({ kept }) => kept === 0); round += 1) {
      const mono = clock.at + (next + 1000) * 1000 + HOUR;
      const { shed } = await store.tend(mono);
      // Until they are committed they are not answered twice.
      const again = await store.tend(mono, { bytes: 0, refusals: 0, shed });
      expect(again.shed).toEqual(shed.length > 0 ? [] : expect.anything());
      named.push(...shed);
      await store.commit({ ...events(store, seq, seq + Math.max(0, shed.length - 1)), shed });
      seq += Math.max(1, shed.length);
      next = await fill(store, 500, next);
    }
    expect(named[0]).toMatchObject({ reason: "thinned", policy: "1min", range: [1, expect.any(Number)] });
    const dropped = named.filter(({ kept }) => kept === 0);
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped[0]).toMatchObject({ reason: "quota", replacement: null, range: [1, expect.any(Number)] });
    await accountedFor(store, named);
    expect((await firsts(store)).at(-1)).toBe(next - 500);
  });

  it("drops what cannot be thinned, and events only when no reading is left", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const kindOf = () => "state" as const;
    await using store = await open(at.file, { clock, quotaMB: 1, kindOf });
    await store.commit(noise(store, 1, 100));
    await store.commit(noise(store, 101, 100));
    let seq = 1;
    for (; ; seq += 20) {
      const full = await store.commit(events(store, seq, seq + 19)).then(
        () => false,
        () => true,
      );
      if (full) break;
    }
    const first = await store.tend(clock.at);
    expect(first.shed).toEqual([
      expect.objectContaining({ stream: "readings", range: [1, 100], count: 100, kept: 0, reason: "quota" }),
    ]);
    await store.commit({ ...nothing, shed: first.shed });
    const { shed } = await store.tend(clock.at);
    const dropped = shed[0]?.range[1] ?? 0;
    expect(shed).toEqual([expect.objectContaining({ stream: "events", range: [1, dropped], count: dropped, kept: 0 })]);
    await store.commit({ ...nothing, shed });
    await store.commit(events(store, seq, seq + 19));
    expect(store.streams()[1]).toMatchObject({ oldest: dropped + 1, head: seq + 19 });
  });
});

it("what names a loss or the time never goes, and refusals go before readings", async () => {
  await using at = await folder();
  const clock = new HandClock();
  await using store = await open(at.file, { clock, quotaMB: 1 });
  await store.commit(noise(store, 1, 100));
  await store.commit(noise(store, 101, 100));
  let seq = 1;
  const stored: string[] = [];
  const text = { it: "", en: "x".repeat(300) };
  const round = async () => {
    const kinds = [...Array.from({ length: 40 }, () => "command.refused"), "ledger.gap", "clock.corrected", "test.happened"];
    const rows = kinds.map((kind, i) => encodeEvent(inEpoch(store), event(store, seq + i, { kind, text }), false));
    await store.commit({ ...nothing, events: rows });
    seq += kinds.length;
    stored.push(...kinds);
  };
  while (store.size().bytes < 0.93 * 2 ** 20) {
    await round();
    const { shed } = await store.tend(clock.at);
    if (shed.length === 0) continue;
    expect(new Set(shed.map(({ stream, kept }) => `${stream} ${kept}`))).toEqual(new Set(["events 0"]));
    for (const { range } of shed)
      for (let gone = range[0]; gone <= range[1]; gone += 1) expect(stored[gone - 1]).toBe("command.refused");
    await store.commit({ ...nothing, shed });
    break;
  }
  expect(await firsts(store)).toEqual([1, 101]);
  // Nothing else is left: of the events those go that explain nothing.
  const waiting = { bytes: 2 ** 20, refusals: 0, shed: [] };
  const { shed } = await store.tend(clock.at, waiting);
  for (const { stream, range } of shed)
    if (stream === "events")
      for (let gone = range[0]; gone <= range[1]; gone += 1) expect(stored[gone - 1]).not.toMatch(/^(ledger|clock)/);
  expect(shed.map(({ stream }) => stream)).toContain("readings");
});

/** delivered ∪ stored ∪ ledger = produced. */
async function accountedFor(store: Store, named: readonly Shed[]): Promise<void> {
  const gone = new Set<number>();
  for (const { range, kept } of named) if (kept === 0) for (let seq = range[0]; seq <= range[1]; seq += 1) gone.add(seq);
  let expected = 1;
  while (gone.has(expected)) expected += 1;
  for (let from = expected; ; ) {
    const segments = await store.read(store.epoch.id, "readings", from, ALL, 2 ** 20);
    for (const segment of segments) {
      expect(segment.from).toBe(expected);
      const decoded = decodeBody(segment.body);
      expect(decoded.stream === "readings" && decoded.records.length).toBe(segment.count);
      expected = segment.to + 1;
      while (gone.has(expected)) expected += 1;
    }
    if (segments.length === 0) break;
    from = expected;
  }
  expect(expected).toBe(headOf(store, "readings") + 1);
}
