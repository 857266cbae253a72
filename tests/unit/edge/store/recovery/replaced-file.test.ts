/** The files of a running store are removed or replaced: it says so, takes nothing more, and the next opening goes on. */
import { copyFile, link, rename, rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openStore } from "../../../../../src/edge/store/open-store.ts";
import { folder, HandClock, Heard, headOf, nothing, open, readings } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;

describe("a database removed while running", () => {
  it("is noticed by the housekeeping: the next commit is refused, and the next opening begins a new file that names the old epoch", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const log = new Heard();
    let epoch: string;
    {
      await using store = await open(at.file, { clock, log });
      epoch = store.epoch.id;
      await store.commit(readings(store, 1, 100));
      await store.tend(clock.at);
      await rm(at.file);
      await store.commit(readings(store, 101, 150));
      expect(await store.tend(clock.at + 5000)).toEqual({ checkpointed: false, deleted: 0, shed: [], forgotten: [] });
      for (const commit of [readings(store, 151, 200), nothing])
        await expect(store.commit(commit)).rejects.toMatchObject({
          code: "store.gone",
          context: { file: at.file },
        });
      expect(log.all.filter(({ event }) => event === "store.gone")).toEqual([
        { event: "store.gone", fields: { code: "store.gone", file: at.file } },
      ]);
    }
    await using store = await open(at.file, { clock });
    expect(store.epoch).toMatchObject({
      n: 2,
      cause: "created",
      former: { epoch, last: { readings: 150, events: 0 } },
    });
    await store.commit(readings(store, 1, 10));
    expect(headOf(store, "readings")).toBe(10);
  });

  it("and kept elsewhere is whole there, without its WAL", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const elsewhere = `${at.path}/kept.sqlite`;
    let former: string;
    {
      await using store = await open(at.file, { clock });
      former = store.epoch.id;
      await store.commit(readings(store, 1, 100));
      await rename(at.file, elsewhere);
      await store.commit(readings(store, 101, 200));
      await store.tend(clock.at);
    }
    await using store = await open(elsewhere, { clock });
    expect(store.epoch).toMatchObject({ cause: "start", former: { epoch: former, last: { readings: 200 } } });
  });

  it("is looked for at most each five seconds", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock });
    await store.tend(clock.at);
    await rm(at.file);
    await store.tend(clock.at + 4999);
    await store.commit(readings(store, 1, 10));
    await store.tend(clock.at + 5000);
    await expect(store.commit(readings(store, 11, 20))).rejects.toMatchObject({ code: "store.gone" });
  });

  it("together with its folder is noticed too, and closing says nothing worse", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const log = new Heard();
    const file = `${at.path}/data/cippo.sqlite`;
    const store = await open(file, { clock, log });
    await store.commit(readings(store, 1, 10));
    await rm(`${at.path}/data`, { recursive: true });
    await store.tend(clock.at);
    await expect(store.commit(readings(store, 11, 20))).rejects.toMatchObject({ code: "store.gone" });
    await store[Symbol.asyncDispose]();
    expect(log.all.map(({ event }) => event)).toEqual(["store.gone", "store.note-failed", "store.note-failed"]);
  });
});

describe("a database replaced while running", () => {
  it("by a copy of itself is noticed, and the copy is opened as what it is, not set aside", async () => {
    await using at = await folder();
    const clock = new HandClock();
    {
      await using store = await open(at.file, { clock });
      await store.commit(readings(store, 1, 100));
    }
    await copyFile(at.file, `${at.file}.yesterday`);
    let today: string;
    {
      await using store = await open(at.file, { clock });
      today = store.epoch.id;
      await store.commit(readings(store, 1, 30));
      await rename(`${at.file}.yesterday`, at.file);
      await store.tend(clock.at);
      await expect(store.commit(readings(store, 31, 60))).rejects.toMatchObject({
        code: "store.gone",
        context: { file: at.file },
      });
    }
    await using store = await open(at.file, { clock });
    expect(store.epoch).toMatchObject({ n: 3, cause: "restored", former: { epoch: today, last: { readings: 30, events: 0 } } });
  });

  it("is not one that got a second name", async () => {
    await using at = await folder();
    const clock = new HandClock();
    await using store = await open(at.file, { clock });
    await link(at.file, `${at.file}.backup`);
    await store.tend(clock.at);
    await store.commit(readings(store, 1, 10));
  });
});

it("a WAL removed while running is noticed, and what was committed into it is copied into the database at the end", async () => {
  await using at = await folder();
  const clock = new HandClock();
  let former: string;
  {
    await using store = await open(at.file, { clock });
    former = store.epoch.id;
    await store.commit(readings(store, 1, 100));
    await rm(`${at.file}-wal`);
    await store.commit(readings(store, 101, 200));
    await store.tend(clock.at);
    await expect(store.commit(readings(store, 201, 300))).rejects.toMatchObject({
      code: "store.gone",
      context: { file: `${at.file}-wal` },
    });
  }
  await using store = await open(at.file, { clock });
  expect(store.epoch).toMatchObject({ cause: "start", former: { epoch: former, last: { readings: 200 } } });
  expect((await store.read(former, "readings", 1, ALL, ALL)).map(({ to }) => to)).toEqual([100, 200]);
});

describe("the lock file removed while running", () => {
  it("ends the first gateway's commits, and leaves the second one's note alone", async () => {
    await using at = await folder();
    const clock = new HandClock();
    const first = await open(at.file, { clock });
    await first.commit(readings(first, 1, 10));
    await rm(`${at.file}.lock`);
    await using second = await open(at.file, { clock });
    await second.commit(readings(second, 1, 20));
    await first.tend(clock.at);
    await expect(first.commit(readings(first, 11, 20))).rejects.toMatchObject({
      code: "store.gone",
      context: { file: `${at.file}.lock` },
    });
    await first[Symbol.asyncDispose]();
    await second.commit(readings(second, 21, 30));
    await second[Symbol.asyncDispose]();
    await using third = await open(at.file, { clock });
    expect(third.epoch).toMatchObject({ n: 3, cause: "start", former: { epoch: second.epoch.id, last: { readings: 30 } } });
  });
});

it("a store with no WAL grown beforehand is at home in its files", async () => {
  await using at = await folder();
  const clock = new HandClock();
  await using store = await openStore({
    file: at.file,
    quotaMB: 16,
    keepMs: 1000,
    clock,
    log: new Heard(),
    walBytes: 0,
    ballastBytes: 0,
  });
  await store.tend(clock.at);
  await store.commit(readings(store, 1, 10));
  await store.tend(clock.at + 10_000);
  await store.commit(readings(store, 11, 20));
});
