/** The disk fails after a commit: what is durable is never called refused, and what was left undone is done later. */
import { expect, it } from "vitest";
import { CommitBuffer } from "../../../../../src/edge/commit/commit-buffer.ts";
import { decodeBody } from "../../../../../src/edge/segments/segment.ts";
import type { Database } from "../../../../../src/edge/store/database/sqlite.ts";
import type { Shed, Store } from "../../../../../src/edge/store/store.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { folder, HandClock, Heard, headOf, nothing, open, readings } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/** A disk that says no to the next statement with these words in it, once. */
class Flaw {
  fired = 0;
  #words: string | null = null;
  #late = false;

  /** `late`: it is done before the disk says no. */
  next(words: string, late = false): void {
    this.#words = words;
    this.#late = late;
  }

  readonly through = (db: Database): Database => ({
    run: (sql, values) => this.#met(sql, () => db.run(sql, values)),
    all: (sql, values) => this.#met(sql, () => db.all(sql, values)),
    script: (sql) => this.#met(sql, () => db.script(sql)),
    close: () => db.close(),
  });

  async #met<T>(sql: string, work: () => Promise<T>): Promise<T> {
    if (this.#words === null || !sql.includes(this.#words)) return work();
    this.#words = null;
    this.fired += 1;
    if (this.#late) await work();
    const cause = Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" });
    throw new EdgeError("store.unwritable", { reason: "SQLITE_IOERR: disk I/O error" }, cause);
  }
}

const OLDEST = "SELECT key, mono FROM readings";
const MEASURE = "freelist_count * page_size";
const quotaLimit = (mb: number): string => `PRAGMA max_page_count = ${(mb * 2 ** 20) / 512}`;

const shedOf = (store: Store, from: number, to: number): Shed => ({
  epoch: store.epoch.id,
  stream: "readings",
  range: [from, to],
  count: to - from + 1,
  kept: 0,
  reason: "quota",
  replacement: null,
  freed: 100,
});

const rangesIn = async (store: Store) =>
  (await store.read(store.epoch.id, "readings", 1, ALL, 2 ** 20)).map(({ from, to }) => [from, to]);

const oldestOf = (store: Store): number | undefined => store.streams().find(({ stream }) => stream === "readings")?.oldest;

it.each([
  ["the oldest row is looked for", OLDEST, "quota"],
  ["the room is measured", MEASURE, "reserve"],
  ["the limit goes back to the quota", quotaLimit(16), "reserve"],
] as const)("a commit is durable when %s in vain, and the next housekeeping does that again", async (_, words, limit) => {
  await using at = await folder();
  const [flaw, log, clock] = [new Flaw(), new Heard(), new HandClock()];
  await using store = await open(at.file, { clock, log, through: flaw.through });
  for (let i = 0; i < 3; i += 1) await store.commit(readings(store, i * 10 + 1, i * 10 + 10));
  flaw.next(words);
  await store.commit({ ...readings(store, 31, 40), shed: [shedOf(store, 1, 20)] }, limit);
  expect(flaw.fired).toBe(1);
  expect(headOf(store, "readings")).toBe(40);
  expect(log.all.filter(({ event }) => event === "store.follow-failed")).toHaveLength(1);
  await store.commit(readings(store, 41, 50), limit);
  clock.at += 5000;
  await store.tend(clock.at);
  expect(oldestOf(store)).toBe(21);
  expect(await rangesIn(store)).toEqual([
    [21, 30],
    [31, 40],
    [41, 50],
  ]);
});

it("a limit that did not go back goes back at the next housekeeping: the reserve is not for everybody", async () => {
  await using at = await folder();
  const [flaw, clock] = [new Flaw(), new HandClock()];
  const statements: string[] = [];
  const through = (db: Database): Database => {
    const flawed = flaw.through(db);
    return {
      ...flawed,
      script: async (sql) => {
        await flawed.script(sql);
        statements.push(sql);
      },
    };
  };
  await using store = await open(at.file, { clock, through });
  flaw.next(quotaLimit(16));
  await store.commit(readings(store, 1, 10), "reserve");
  expect(statements.at(-1)).toBe(`PRAGMA max_page_count = ${(18 * 2 ** 20) / 512}`);
  clock.at += 5000;
  await store.tend(clock.at);
  expect(statements).toContain(quotaLimit(16));
});

it("the first commit of a run is durable too: its epoch is not written twice", async () => {
  await using at = await folder();
  const flaw = new Flaw();
  await using store = await open(at.file, { through: flaw.through });
  flaw.next(MEASURE);
  await store.commit(readings(store, 1, 10), "reserve");
  await store.commit(readings(store, 11, 20));
  expect(flaw.fired).toBe(1);
  expect(await rangesIn(store)).toEqual([
    [1, 10],
    [11, 20],
  ]);
});

it("a statement that failed changes nothing: the same commit follows it", async () => {
  await using at = await folder();
  const flaw = new Flaw();
  await using store = await open(at.file, { through: flaw.through });
  flaw.next("INSERT INTO commits");
  await expect(store.commit(readings(store, 1, 10), "reserve")).rejects.toMatchObject({ code: "store.unwritable" });
  await store.commit(readings(store, 1, 10));
  await store.commit(nothing);
  expect(await rangesIn(store)).toEqual([[1, 10]]);
});

it("a statement that was done and is said to have failed is known at the next commit", async () => {
  await using at = await folder();
  const flaw = new Flaw();
  await using store = await open(at.file, { through: flaw.through });
  flaw.next("INSERT INTO commits", true);
  await expect(store.commit(readings(store, 1, 10))).rejects.toMatchObject({ code: "store.unwritable" });
  await expect(store.commit(readings(store, 1, 10))).rejects.toMatchObject({ code: "store.binding" });
  expect(store.heads(store.epoch.id)).toEqual({ readings: 10, events: 0 });
  await store.commit(readings(store, 11, 20));
  expect(oldestOf(store)).toBe(1);
  expect(await rangesIn(store)).toEqual([
    [1, 10],
    [11, 20],
  ]);
});

it.each([
  ["fails after a commit", OLDEST, false],
  ["does a commit and denies it", "INSERT INTO commits", true],
])("a gateway loses and denies nothing by a disk that once %s", async (_, words, late) => {
  await using at = await folder();
  const flaw = new Flaw();
  const hand = new HandClock();
  const clock = {
    boot: "boot-a",
    mono: hand.mono,
    now: () => ({ mono: hand.at, wall: 1_764_000_000_000 + hand.at, synced: true }),
  };
  let epoch = "";
  {
    await using store = await open(at.file, { clock, through: flaw.through });
    epoch = store.epoch.id;
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 20, cat: "9f3c01aa" });
    const heard: (readonly [string, number, number])[] = [];
    window.onCommitted(({ segments }) => heard.push(...segments.map(({ stream, from, to }) => [stream, from, to] as const)));
    const stop = new AbortController();
    const run = window.run(stop.signal);
    const add = (value: number) => window.add({ source: "m", name: "p", unit: "W", value, quality: "good", mono: clock.mono() });
    for (let i = 0; i < 20; i += 1) add(i);
    await window.flush();
    flaw.next(words, late);
    for (let i = 0; i < 3; i += 1) add(i);
    window.inbox({ id: "cmd-1", received: 0, expires: 99_999_999, state: "executing", body: {} });
    window.save("rule/bay", { counter: 7 });
    window.shed(shedOf(store, 1, 20));
    await window.flush();
    window.inbox({ id: "cmd-1", received: 0, expires: 99_999_999, state: "succeeded", body: {} });
    window.save("rule/bay", { counter: 8 });
    await window.flush();
    stop.abort();
    await run;
    expect(flaw.fired).toBe(1);
    expect(heard).toEqual([
      ["readings", 1, 20],
      ["events", 1, 1],
      ["readings", 21, 23],
    ]);
  }
  await using again = await open(at.file, { clock });
  const told = (await again.read(epoch, "events", 1, ALL, 2 ** 20)).flatMap(({ body }) => {
    const decoded = decodeBody(body);
    return decoded.stream === "events"
      ? decoded.events.map((event) => [event.kind, event["from"], event["to"], event["reason"]])
      : [];
  });
  expect(told).toEqual([["ledger.gap", 1, 20, "quota"]]);
  expect(again.inbox.get("cmd-1")?.state).toBe("succeeded");
  expect(again.saved.get("rule/bay")).toEqual({ counter: 8 });
});
