/** Records and events under failing disks and jumping clocks: gapless numbers, whole commits, honest times. */
import { describe, expect, it } from "vitest";
import { CommitBuffer } from "../../../../src/edge/commit/commit-buffer.ts";
import { type Clock, monotonic } from "../../../../src/kit/clock.ts";
import { type Log, noLog } from "../../../../src/kit/log.ts";
import type { EdgeEvent, ReadingRecord } from "../../../../src/model/index.ts";
import { MemoryStore } from "../../../support/memory/memory-store.ts";
import { folder, Heard, open } from "../store/support.ts";

const WALL = 1_764_000_000_000;
const record = (value: number, mono = monotonic()): ReadingRecord => ({
  source: "m",
  name: "power",
  unit: "W",
  value,
  quality: "good",
  mono,
});
const draft = { kind: "test.happened", state: "noted", severity: "info", text: { it: "", en: "" } } as const;

/** A wall clock that the test moves; monotonic time is real. */
function movable() {
  const hands = { offset: WALL - monotonic(), synced: true };
  const clock: Clock = {
    boot: "boot",
    mono: monotonic,
    now: () => {
      const mono = monotonic();
      return { mono, wall: mono + hands.offset, synced: hands.synced };
    },
  };
  return { hands, clock };
}

function opened(commitMs = 20, log: Log = noLog) {
  const store = new MemoryStore(monotonic());
  const { hands, clock } = movable();
  const window = new CommitBuffer({ store, clock, log, commitMs, cat: "cat" });
  const stop = new AbortController();
  const run = window.run(stop.signal);
  return {
    store,
    hands,
    clock,
    window,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await run;
    },
  };
}

describe("numbers", () => {
  it("are gapless over windows, for both streams apart", async () => {
    await using o = opened();
    for (let i = 0; i < 50; i += 1) {
      o.window.add(record(i));
      if (i % 7 === 0) o.window.raise(draft);
      if (i % 10 === 0) await o.window.flush();
    }
    await o.window.flush();
    expect(o.store.records().map((r) => r.seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(o.store.happened().map((e) => e.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("an event says after which record it came", async () => {
    await using o = opened();
    o.window.add(record(1));
    o.window.add(record(2));
    expect(o.window.raise(draft).after).toBe(2);
  });

  it("an event closes the window at once, records wait for the commit window", async () => {
    await using o = opened(60_000);
    o.window.add(record(1));
    o.window.raise(draft);
    await o.window.flush();
    expect(o.store.commits).toHaveLength(1);
    expect(o.store.commits[0]?.readings[0]?.count).toBe(1);
  });
});

describe("whoever waits until it is durable", () => {
  it("hears of it with the commit that holds it, and makes no commit of its own", async () => {
    await using o = opened(50);
    o.window.add(record(1));
    await o.window.durable();
    expect(o.store.commits).toHaveLength(1);
    await o.window.durable();
    expect(o.store.commits).toHaveLength(1);
  });

  it("waits for a commit that is under way, and not for the one after it", async () => {
    await using o = opened(1);
    o.store.failing = "store.unwritable";
    o.window.add(record(1));
    while (o.store.attempts < 1) await new Promise((resolve) => setTimeout(resolve, 1));
    const durable = o.window.durable();
    o.store.failing = null;
    await durable;
    expect(o.store.records().map((r) => r.value)).toEqual([1]);
  });

  it("does not wait a long window out; and sixteen who wait are worth a commit at once", async () => {
    await using o = opened(3_600_000);
    const before = monotonic();
    o.window.add(record(1));
    await o.window.durable();
    expect(monotonic() - before).toBeGreaterThanOrEqual(900);
    const then = monotonic();
    o.window.add(record(2));
    await Promise.all(Array.from({ length: 16 }, () => o.window.durable()));
    expect(monotonic() - then).toBeLessThan(900);
  });

  it("is told at a stop that it will not be", async () => {
    const o = opened();
    o.store.failing = "store.unwritable";
    o.window.add(record(1));
    const durable = o.window.durable();
    o.window.leave();
    await o[Symbol.asyncDispose]();
    await expect(durable).rejects.toMatchObject({ code: "store.unwritable" });
  });
});

describe("a disk that fails", () => {
  it("keeps the window, tells nobody, and commits it whole when the disk is back", async () => {
    await using o = opened();
    const told: number[] = [];
    o.window.onCommitted(({ segments }) => told.push(...segments.map((s) => s.to)));
    o.store.failing = "store.unwritable";
    o.window.add(record(1));
    o.window.save("rule", { x: 1 });
    const durable = o.window.flush();
    while (o.store.attempts < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(o.window.writable).toBe(false);
    expect(told).toEqual([]);
    o.window.add(record(2));
    o.store.failing = null;
    await durable;
    expect(o.store.commits).toHaveLength(1);
    expect(o.store.records().map((r) => r.value)).toEqual([1, 2]);
    expect(o.store.saved.get("rule")).toEqual({ x: 1 });
    expect(o.window.writable).toBe(true);
  });

  it("is bounded: the oldest records go to the ledger, counted", async () => {
    await using o = opened();
    o.store.failing = "store.unwritable";
    for (let i = 0; i < 50_001; i += 1) o.window.add(record(i));
    o.store.failing = null;
    await o.window.flush();
    const gap = o.store.happened().find((e) => e.kind === "ledger.gap");
    expect(gap).toMatchObject({ stream: "readings", from: 1, to: 5000, count: 5000, kept: 0, reason: "disk" });
    const held = o.store.records().map((r) => r.seq);
    expect(held[0]).toBe(5001);
    expect(held.length).toBe(50_001 - 5000);
  });

  it("is bounded for alarms too: of the urgent events the newest thousand wait, the ledger names the others", async () => {
    await using o = opened();
    o.store.failing = "store.unwritable";
    o.window.raise({ ...draft, severity: "critical" });
    while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
    for (let i = 2; i <= 12_000; i += 1) o.window.raise({ ...draft, severity: "critical" });
    expect(o.window.waiting).toBeLessThan(1200);
    o.store.failing = null;
    await o.window.flush();
    const happened = o.store.happened();
    const urgent = happened.filter(({ kind }) => kind === draft.kind);
    const gaps = happened.filter(({ kind }) => kind === "ledger.gap");
    expect(urgent.length).toBeLessThanOrEqual(1000);
    expect(urgent.length).toBeGreaterThan(890);
    expect(urgent.length + gaps.reduce((sum, gap) => sum + Number(gap["count"]), 0)).toBe(12_000);
    // Every number is there or named, and none is both.
    const named = gaps.flatMap((gap) =>
      Array.from({ length: Number(gap["to"]) - Number(gap["from"]) + 1 }, (_, i) => Number(gap["from"]) + i),
    );
    const numbers = [...happened.map(({ seq }) => seq), ...named].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: o.window.newest.events }, (_, i) => i + 1));
  });

  it("names what neighbours lost in one event while it waits, however long it lasts", async () => {
    await using o = opened();
    o.store.failing = "store.unwritable";
    for (let i = 0; i < 100_001; i += 1) o.window.add(record(i));
    o.store.failing = null;
    await o.window.flush();
    expect(o.store.happened().map((e) => [e.kind, e["from"], e["to"], e["count"], e["kept"]])).toEqual([
      ["ledger.gap", 1, 55_000, 55_000, 0],
    ]);
    expect(o.store.happened()[0]?.text.en).toBe("55000 records not kept (disk)");
  });

  it("content that can never be stored goes, named in the ledger, and what can be stored is", async () => {
    await using o = opened();
    o.store.refuses = ({ inbox, readings }) => inbox.length > 0 || readings.some(({ from }) => from === 1);
    o.window.add(record(1));
    o.window.raise(draft);
    o.window.inbox({ id: "c", received: 0, expires: 0.5, state: "accepted", body: {} });
    await o.window.flush();
    const gap = o.store.happened().find((e) => e.kind === "ledger.gap");
    expect(gap).toMatchObject({ stream: "readings", from: 1, to: 1, reason: "refused" });
    o.window.add(record(2));
    await o.window.flush();
    expect(o.store.records().map((r) => r.seq)).toEqual([2]);
    expect(o.store.happened().map((e) => e.seq)).toEqual([1, 2]);
  });

  it("a state that no store can write does not cost the command beside it: it is kept, and done once", async () => {
    await using place = await folder();
    await using store = await open(place.file);
    const { clock } = movable();
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 20, cat: "cat" });
    const stop = new AbortController();
    const run = window.run(stop.signal);
    window.save("asset/hall", { facts: 1n });
    window.inbox({ id: "c", received: 0, expires: 60_000, state: "accepted", body: { target: "relay.lamp" } });
    window.raise(draft);
    window.add(record(1));
    await window.flush();
    stop.abort();
    await run;
    await store[Symbol.asyncDispose]();
    await using again = await open(place.file);
    expect([...again.inbox.values()]).toMatchObject([{ id: "c", state: "accepted", body: { target: "relay.lamp" } }]);
    expect(again.saved.has("asset/hall")).toBe(false);
    const kinds: string[] = [];
    for await (const { event } of again.events({})) kinds.push(event.kind);
    expect(kinds).toEqual(["test.happened"]);
  });

  it("a command that cannot be kept is not promised: whoever waits for it is told", async () => {
    await using o = opened();
    o.store.refuses = ({ inbox }) => inbox.length > 0;
    o.window.inbox({ id: "c", received: 0, expires: 60_000, state: "accepted", body: {} });
    await expect(o.window.flush()).rejects.toMatchObject({ code: "store.binding" });
    o.window.add(record(1));
    await o.window.flush();
    expect(o.store.records().map((r) => r.value)).toEqual([1]);
  });

  it("that stored a commit and denied it: nothing is denied or lost, and what came since follows", async () => {
    await using o = opened();
    const told: (readonly [string, number, number])[] = [];
    o.window.onCommitted(({ segments }) => told.push(...segments.map(({ stream, from, to }) => [stream, from, to] as const)));
    o.store.lies = true;
    o.window.add(record(1));
    o.window.raise(draft);
    o.window.inbox({ id: "c", received: 0, expires: 0.5, state: "executing", body: {} });
    while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
    o.window.add(record(2));
    o.window.inbox({ id: "c", received: 0, expires: 0.5, state: "succeeded", body: {} });
    o.window.save("rule", { counter: 8 });
    await o.window.flush();
    expect(o.store.records().map((r) => r.value)).toEqual([1, 2]);
    expect(o.store.happened().map((e) => e.kind)).toEqual(["test.happened"]);
    expect(o.store.inbox.get("c")?.state).toBe("succeeded");
    expect(o.store.saved.get("rule")).toEqual({ counter: 8 });
    expect(told).toEqual([
      ["events", 1, 1],
      ["readings", 1, 1],
      ["readings", 2, 2],
    ]);
  });

  it("that stored a loss, denied it, and lost more of the same: all of it is named by what is stored", async () => {
    await using o = opened();
    o.store.lies = true;
    for (let i = 0; i < 50_001; i += 1) o.window.add(record(i));
    while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
    // So many that some go which the disk has not stored either.
    for (let i = 0; i < 60_000; i += 1) o.window.add(record(i));
    await o.window.flush();
    const gaps = o.store.happened().filter(({ kind }) => kind === "ledger.gap");
    const missing = new Set(Array.from({ length: o.window.newest.readings }, (_, i) => i + 1));
    for (const { seq } of o.store.records()) missing.delete(seq);
    for (const gap of gaps) for (let n = Number(gap["from"]); n <= Number(gap["to"]); n += 1) missing.delete(n);
    expect([...missing]).toEqual([]);
  });

  it.each([false, true])(
    "a value that cannot be encoded goes alone, named in the ledger (disk full before: %s)",
    async (full) => {
      await using o = opened();
      if (full) {
        o.store.failing = "store.full";
        o.window.add(record(0));
        while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const first = full ? 2 : 1;
      const circle: Record<string, unknown> = {};
      circle["self"] = circle;
      o.window.add(record(1));
      o.window.add(record(1n as unknown as number));
      o.window.add(record(3));
      o.window.raise({ ...draft, extra: { circle } });
      o.window.raise(draft);
      o.window.inbox({ id: "c", received: 0, expires: 0.5, state: "succeeded", body: {} });
      const durable = o.window.flush();
      o.store.failing = null;
      await durable;
      expect(o.store.records().map((r) => r.value)).toEqual(full ? [0, 1, 3] : [1, 3]);
      const events = o.store.happened();
      expect(events.filter(({ kind }) => kind === "test.happened").map(({ seq }) => seq)).toEqual([2]);
      expect(
        events.filter(({ kind }) => kind === "ledger.gap").map((e) => [e["stream"], e["from"], e["to"], e["reason"]]),
      ).toEqual([
        ["readings", first + 1, first + 1, "refused"],
        ["events", 1, 1, "refused"],
      ]);
      expect(o.store.inbox.get("c")?.state).toBe("succeeded");
    },
  );

  it("is tried once more at a stop", async () => {
    const store = new MemoryStore(monotonic());
    const { clock } = movable();
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 10, cat: "cat" });
    store.failing = "store.unwritable";
    window.add(record(1));
    const stop = new AbortController();
    const run = window.run(stop.signal);
    while (store.attempts < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    store.failing = null;
    stop.abort();
    await run;
    expect(store.records()).toHaveLength(1);
  });

  it("holds up no stop: whoever waits for it is told", async () => {
    const store = new MemoryStore(monotonic());
    const { clock } = movable();
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 10, cat: "cat" });
    store.failing = "store.full";
    window.add(record(1));
    const stop = new AbortController();
    const run = window.run(stop.signal);
    const [early] = [window.flush()];
    while (store.attempts < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    window.leave();
    await expect(early).rejects.toMatchObject({ code: "store.full" });
    await expect(window.flush()).rejects.toMatchObject({ code: "store.full" });
    stop.abort();
    await run;
  });

  it("that is damaged ends the run: only a new opening can set the file aside", async () => {
    const store = new MemoryStore(monotonic());
    const { clock } = movable();
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 10, cat: "cat" });
    store.failing = "store.corrupt";
    window.add(record(1));
    await expect(window.run(new AbortController().signal)).rejects.toMatchObject({ code: "store.corrupt" });
  });

  it("lets urgent events out unstored, once", async () => {
    await using o = opened();
    const urgent: EdgeEvent[] = [];
    o.window.onUnstored((event) => urgent.push(event));
    o.store.failing = "store.unwritable";
    o.window.raise({ ...draft, severity: "critical" });
    while (o.store.attempts < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    o.store.failing = null;
    await o.window.flush();
    expect(urgent.map((e) => e.id)).toEqual([o.store.happened()[0]?.id]);
  });
});

it("copies what is said to be urgent always, and what is critical but during maintenance", async () => {
  await using o = opened();
  const urgent: string[] = [];
  o.window.onUnstored(({ kind }) => urgent.push(kind));
  o.store.failing = "store.unwritable";
  o.window.raise({ ...draft, kind: "aed.in-use", severity: "high", urgent: true, extra: { maintenance: true } });
  o.window.raise({ ...draft, kind: "aed.named-alike", severity: "high" });
  o.window.raise({ ...draft, kind: "aed.fault", severity: "critical", extra: { maintenance: true } });
  o.window.raise({ ...draft, kind: "aed.silent", severity: "critical" });
  while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
  o.store.failing = null;
  await o.window.flush();
  expect(urgent).toEqual(["aed.in-use", "aed.silent"]);
});

describe("a listener that throws", () => {
  const thrown = (): never => {
    throw new Error("no such bay");
  };

  it("after a commit costs nobody else: the others are told, who waits is let go, and the loop goes on", async () => {
    const heard = new Heard();
    await using o = opened(20, heard);
    const told: number[] = [];
    o.window.onCommitted(thrown);
    o.window.onCommitted(({ segments }) => told.push(...segments.map(({ to }) => to)));
    o.window.add(record(1));
    await o.window.flush();
    o.window.add(record(2));
    await o.window.flush();
    expect(told).toEqual([1, 2]);
    expect(heard.all.filter(({ event }) => event === "listener.failed").map(({ fields }) => fields)).toEqual([
      expect.objectContaining({ listener: "committed", code: "internal", message: "no such bay" }),
      expect.objectContaining({ listener: "committed", code: "internal" }),
    ]);
  });

  it("to an urgent event takes it away neither from the others nor from the store", async () => {
    const heard = new Heard();
    await using o = opened(20, heard);
    const urgent: string[] = [];
    o.window.onUnstored(thrown);
    o.window.onUnstored(({ id }) => urgent.push(id));
    o.store.failing = "store.unwritable";
    o.window.raise({ ...draft, severity: "critical" });
    while (o.window.writable) await new Promise((resolve) => setTimeout(resolve, 5));
    o.window.raise({ ...draft, severity: "critical" });
    o.store.failing = null;
    await o.window.flush();
    expect(urgent).toEqual(o.store.happened().map(({ id }) => id));
    expect(heard.all.filter(({ event }) => event === "listener.failed")).toHaveLength(2);
  });
});

/** What is added in one go has one wall time. */
const nextTurn = (): Promise<void> => Promise.resolve();

describe("time", () => {
  it("a step back makes a new batch, an event, and no disorder of numbers", async () => {
    await using o = opened(60_000);
    o.window.add(record(1));
    await nextTurn();
    o.hands.offset -= 7_200_000;
    o.window.add(record(2));
    await o.window.flush();
    const [before, after] = o.store.records();
    expect(o.store.commits[0]?.readings).toHaveLength(2);
    expect((before?.wall ?? 0) - (after?.wall ?? 0)).toBeGreaterThan(7_190_000);
    expect(o.store.happened().map((e) => [e.kind, e["deltaMs"]])).toEqual([["clock.stepped", -7_200_000]]);
  });

  it("one event corrects all unsynchronised records when the clock synchronises", async () => {
    const store = new MemoryStore(monotonic());
    const { hands, clock } = movable();
    const right = hands.offset;
    hands.offset = -monotonic();
    hands.synced = false;
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 20, cat: "cat" });
    const stop = new AbortController();
    const run = window.run(stop.signal);
    window.add(record(1));
    await nextTurn();
    hands.offset += 3_600_000; // a step while unsynchronised must not split the correction
    window.add(record(2));
    await nextTurn();
    hands.offset = right;
    hands.synced = true;
    window.add(record(3));
    await window.flush();
    stop.abort();
    await run;
    const corrected = store.happened().filter((e) => e.kind === "clock.corrected");
    expect(corrected).toHaveLength(1);
    const by = Number(corrected[0]?.["offsetMs"]);
    const clocks = store.commits.flatMap((c) => c.readings.map((r) => r.clock));
    expect(clocks).toEqual(["unsynced", "synced"]);
    for (const r of store.records()) {
      const wall = r.seq < 3 ? r.wall + by : r.wall;
      expect(Math.abs(wall - (r.mono + store.epoch.opened + right))).toBeLessThanOrEqual(1);
    }
  });
});

it("housekeeping that is due follows every commit, but one that fails waits for its turn", async () => {
  await using o = opened(1);
  const commit = async (times: number): Promise<number> => {
    const before = o.store.tends;
    for (let i = 0; i < times; i += 1) {
      o.window.add(record(1));
      await o.window.flush();
    }
    return o.store.tends - before;
  };
  await commit(2);
  expect(await commit(5)).toBe(0);
  o.store.tendDue = true;
  expect(await commit(5)).toBeGreaterThanOrEqual(4);
  o.store.tendFails = true;
  // The one after the last commit, which succeeded, may still be on its way, and the first that fails.
  expect(await commit(10)).toBeLessThanOrEqual(2);
});
