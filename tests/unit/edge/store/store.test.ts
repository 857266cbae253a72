/** Commits go into real files and come back: whole or not at all, in order, under numbers that never mean two things. */
import { execFile } from "node:child_process";
import { copyFile, link, lstat, mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { decodeBody } from "../../../../src/edge/segments/segment.ts";
import { openDatabase } from "../../../../src/edge/store/database/sqlite.ts";
import { migrations } from "../../../../src/edge/store/migrations/index.ts";
import { events, folder, HandClock, headOf, inEpoch, nothing, open, programIn, readings } from "./support.ts";

const run = promisify(execFile);
const ALL = Number.MAX_SAFE_INTEGER;

function circle(): object {
  const self: { self?: object } = {};
  self.self = self;
  return self;
}

describe("a commit", () => {
  it("makes readings, events, states, marks and commands durable together", async () => {
    await using at = await folder();
    const clock = new HandClock();
    let id: string;
    {
      await using store = await open(at.file, { clock });
      expect(store.epoch).toMatchObject({ n: 1, cause: "created", former: null, boot: "boot-a", opened: 1000 });
      expect([store.historyLost, store.formerEnd, store.saved.size]).toEqual([true, null, 0]);
      id = store.epoch.id;
      expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      await store.commit({
        ...readings(store, 1, 100),
        events: events(store, 1, 2).events,
        states: { 'rule/"bay"\n014': { phase: "free", due: {} }, "counters/a": [1, 2], text: "x", n: 5, yes: true, gone: 1 },
        inbox: [{ id: "c1", received: 1, expires: 2, state: "accepted", body: { target: "relay" } }],
      });
      await store.commit({
        ...readings(store, 101, 150),
        states: { gone: null, n: 6 },
        marks: [{ epoch: id, stream: "readings", upTo: 80, held: [[91, 95]] }],
        inbox: [{ id: "c1", received: 9, expires: 3, state: "executing", body: { target: "relay", sent: true } }],
      });
    }
    await using store = await open(at.file, { clock });
    expect(store.epoch).toMatchObject({ n: 2, cause: "start", former: { epoch: id, last: { readings: 150, events: 2 } } });
    expect(store.historyLost).toBe(false);
    expect(Object.fromEntries(store.saved)).toEqual({
      'rule/"bay"\n014': { phase: "free", due: {} },
      "counters/a": [1, 2],
      text: "x",
      n: 6,
      yes: true,
    });
    expect(store.inbox.get("c1")).toEqual({
      id: "c1",
      received: 1,
      expires: 3,
      state: "executing",
      body: { target: "relay", sent: true },
    });
    expect(store.streams()).toEqual([
      { epoch: id, stream: "readings", head: 150, oldest: 1, upTo: 80, held: [[91, 95]] },
      { epoch: id, stream: "events", head: 2, oldest: 1, upTo: 0, held: [] },
      { epoch: store.epoch.id, stream: "readings", head: 0, oldest: 1, upTo: 0, held: [] },
      { epoch: store.epoch.id, stream: "events", head: 0, oldest: 1, upTo: 0, held: [] },
    ]);
    expect(store.formerEnd).toEqual({ boot: "boot-a", mono: 2500, wall: 1_764_000_002_500, synced: true });
    expect(store.size().unacknowledged).toBe(150 - 80 - 5 + 2);
  });

  it.each([
    ["a state that has no JSON", { states: { a: "ok", b: undefined } }],
    ["a command without times", { inbox: [{ id: "c", received: Number.NaN, expires: 1, state: "accepted", body: {} }] }],
    ["a command id that is empty", { inbox: [{ id: "", received: 1, expires: 1, state: "accepted", body: {} }] }],
    ["a command that ends at a fraction", { inbox: [{ id: "c", received: 1, expires: 1.5, state: "accepted", body: {} }] }],
    ["a command whose body has no JSON", { inbox: [{ id: "c", received: 1, expires: 1, state: "accepted", body: { n: 5n } }] }],
    ["a state that contains itself", { states: { loop: circle() } }],
    ["a body that is missing", { readings: [{ from: 1, to: 1, count: 1, mono: 1, t0: 1, t1: 1, clock: "synced" }] }],
  ])("with %s leaves nothing, and the rest can be committed again", async (_, wrong) => {
    await using at = await folder();
    await using store = await open(at.file);
    const good = { ...readings(store, 1, 10), states: { kept: 1 } };
    const failing = store.commit({ ...good, events: events(store, 1).events, ...(wrong as object) });
    await expect(failing).rejects.toMatchObject({ code: "store.binding" });
    expect(headOf(store, "readings")).toBe(0);
    expect(await store.read(store.epoch.id, "readings", 1, ALL, ALL)).toEqual([]);
    await store.commit({ ...good, events: events(store, 1).events });
    expect(headOf(store, "events")).toBe(1);
  });

  it("says which column would not take a value", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    const inbox = [{ id: "c", received: 1, expires: 1.5, state: "accepted", body: {} }];
    const failing = store.commit({ ...nothing, inbox });
    await expect(failing).rejects.toMatchObject({ code: "store.binding", retry: false });
    await expect(failing).rejects.toMatchObject({ context: { reason: { en: expect.stringContaining("inbox.expires") } } });
  });

  it("refuses numbers that the stream already has", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    await store.commit(readings(store, 1, 10));
    await expect(store.commit(readings(store, 10, 12))).rejects.toMatchObject({ code: "store.binding" });
    await expect(store.commit(readings(store, 5, 5))).rejects.toMatchObject({ code: "store.binding" });
    await store.commit(readings(store, 11, 12));
    expect(headOf(store, "readings")).toBe(12);
  });

  it("that fails among others given at once takes none of them along", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    const outcomes = await Promise.allSettled([
      store.commit(readings(store, 1, 10)),
      store.commit({ ...readings(store, 11, 20), states: { a: undefined } } as never),
      store.tend(store.epoch.opened + 10_000),
      store.commit({ ...nothing, states: { b: 1 } }),
      store.commit({ ...events(store, 1), inbox: [{ id: "", received: 1, expires: 1, state: "accepted", body: {} }] }),
      store.commit(readings(store, 11, 20)),
    ]);
    expect(outcomes.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, false, true]);
    await store[Symbol.asyncDispose]();
    await using again = await open(at.file);
    expect(again.epoch.former?.last).toEqual({ readings: 20, events: 0 });
    expect(Object.fromEntries(again.saved)).toEqual({ b: 1 });
  });

  it("ends in order when many are given at once", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    await Promise.all(Array.from({ length: 50 }, (_, i) => store.commit(readings(store, i * 10 + 1, i * 10 + 10))));
    const segments = await store.read(store.epoch.id, "readings", 1, ALL, ALL);
    expect(segments.map(({ from }) => from)).toEqual(Array.from({ length: 50 }, (_, i) => i * 10 + 1));
  });
});

describe("reading back", () => {
  it("gives what meets the range, by bytes, at least one segment", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    for (let from = 1; from <= 1000; from += 100) await store.commit(readings(store, from, from + 99));
    const { id } = store.epoch;
    const ranges = async (from: number, to: number, bytes: number) =>
      (await store.read(id, "readings", from, to, bytes)).map((s) => [s.from, s.to]);
    expect(await ranges(150, 320, ALL)).toEqual([
      [101, 200],
      [201, 300],
      [301, 400],
    ]);
    expect(await ranges(1, ALL, 1)).toEqual([[1, 100]]);
    expect(await ranges(1001, ALL, ALL)).toEqual([]);
    const [one, two, three] = await store.read(id, "readings", 1, ALL, ALL);
    const bytes = (one?.body.length ?? 0) + (two?.body.length ?? 0);
    expect(await ranges(1, ALL, bytes + (three?.body.length ?? 0) - 1)).toHaveLength(2);
    expect(one).toMatchObject({ epoch: id, stream: "readings", count: 100, mono: store.epoch.opened + 1000 });
    expect(await store.read("no such epoch", "readings", 1, ALL, ALL)).toEqual([]);
  });

  it("says the age of segments of this boot only", async () => {
    await using at = await folder();
    const clock = new HandClock();
    let first: string;
    {
      await using store = await open(at.file, { clock });
      first = store.epoch.id;
      await store.commit(readings(store, 1, 5));
    }
    {
      await using store = await open(at.file, { clock });
      expect((await store.read(first, "readings", 1, 5, ALL))[0]?.mono).toBe(1050);
    }
    clock.boot = "boot-b";
    await using store = await open(at.file, { clock });
    expect((await store.read(first, "readings", 1, 5, ALL))[0]?.mono).toBeNull();
  });

  it("keeps urgent events until they are sent, across restarts", async () => {
    await using at = await folder();
    let former: string;
    {
      await using store = await open(at.file);
      former = store.epoch.id;
      await store.commit(events(store, 1, 3, true));
      await store.commit(events(store, 4, 4));
      await store.commit({ ...nothing, sentUrgent: [{ epoch: former, seq: 2 }] });
    }
    await using store = await open(at.file);
    expect((await store.urgentPending()).map(({ seq, epoch }) => [seq, epoch])).toEqual([
      [1, former],
      [3, former],
    ]);
    await store.commit({ ...nothing, sentUrgent: [1, 3].map((seq) => ({ epoch: former, seq })) });
    expect(await store.urgentPending()).toEqual([]);
  });

  it("tells history by source, point and time, and the newest events", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    for (let from = 1; from <= 3000; from += 10) await store.commit(readings(store, from, from + 9));
    await store.commit(events(store, 1, 20));
    const seqs = async (filter: Parameters<typeof store.history>[0]) => {
      const found: number[] = [];
      for await (const record of store.history(filter)) found.push(record.seq);
      return found;
    };
    expect(await seqs({})).toHaveLength(3000);
    expect(await seqs({ source: "other" })).toEqual([]);
    expect(await seqs({ name: "power", sinceWall: 1_764_000_000_000 + 1000 + 29_980 })).toEqual([2998, 2999, 3000]);
    for await (const record of store.history({ sinceWall: 1_764_000_000_000 + 1000 + 30_000 }))
      expect(record).toMatchObject({ epoch: store.epoch.id, value: 3000, mono: 31_000, clock: "synced" });
    const newest: number[] = [];
    for await (const { event } of store.events({ limit: 5 })) newest.push(event.seq);
    expect(newest).toEqual([16, 17, 18, 19, 20]);
  });
});

describe("marks", () => {
  it("only grow, join, end at the last number, and end a former epoch", async () => {
    await using at = await folder();
    let former: string;
    const mark = (epoch: string, upTo: number, held: readonly (readonly [number, number])[] = []) => ({
      ...nothing,
      marks: [{ epoch, stream: "readings" as const, upTo, held }],
    });
    {
      await using store = await open(at.file);
      former = store.epoch.id;
      const acknowledged = () => {
        const { upTo, held } = store.streams()[0] ?? {};
        return [upTo, held];
      };
      await store.commit(readings(store, 1, 100));
      await store.commit(mark(former, 10, [[20, 30]]));
      await store.commit(
        mark(former, 5, [
          [31, 40],
          [60, 60],
        ]),
      );
      expect(acknowledged()).toEqual([
        10,
        [
          [20, 40],
          [60, 60],
        ],
      ]);
      await store.commit(mark(former, 19));
      expect(acknowledged()).toEqual([40, [[60, 60]]]);
      await store.commit(mark("unknown", 1000));
      await store.commit(mark(former, 5000));
      expect(acknowledged()).toEqual([100, []]);
      await store.commit(readings(store, 101, 110));
      expect(acknowledged()).toEqual([100, []]);
    }
    await using store = await open(at.file);
    expect(store.streams().map(({ epoch, head }) => [epoch, head])[0]).toEqual([former, 110]);
    await store.commit(mark(former, ALL));
    expect(store.streams().every(({ epoch }) => epoch === store.epoch.id)).toBe(true);
  });
});

describe("an epoch", () => {
  it("leaves nothing when nothing was stored, and running time counts what was recorded", async () => {
    await using at = await folder();
    const clock = new HandClock();
    {
      await using store = await open(at.file, { clock });
      await store.commit(readings(store, 1, 10, 1000));
      expect(store.running(clock.at + 500)).toBe(500);
    }
    {
      await using store = await open(at.file, { clock });
      expect(store.epoch.n).toBe(2);
    }
    clock.boot = "boot-b";
    clock.at = 50;
    await using store = await open(at.file, { clock });
    expect(store.epoch).toMatchObject({ n: 2, opened: 50 });
    expect(store.running(50)).toBe(10_000);
    expect(store.running(1050)).toBe(11_000);
  });

  it("knows a copied-back file, and no number means two things", async () => {
    await using at = await folder();
    const backup = `${at.file}.yesterday`;
    const ids = new Set<string>();
    {
      await using store = await open(at.file);
      ids.add(store.epoch.id);
      await store.commit(readings(store, 1, 100));
    }
    await copyFile(at.file, backup);
    let newest = "";
    for (const n of [2, 3]) {
      await using store = await open(at.file);
      expect(store.epoch.n).toBe(n);
      newest = store.epoch.id;
      ids.add(newest);
      await store.commit(readings(store, 1, 50));
    }
    await copyFile(backup, at.file);
    {
      await using store = await open(at.file);
      // Of today the file knows nothing; the note beside it does.
      expect(store.epoch).toMatchObject({
        n: 4,
        cause: "restored",
        former: { epoch: newest, last: { readings: 50, events: 0 } },
      });
      expect(store.historyLost).toBe(true);
      ids.add(store.epoch.id);
      await store.commit(readings(store, 1, 1));
    }
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 5, cause: "start" });
    expect(ids.size).toBe(4);
    expect(ids.has(store.epoch.id)).toBe(false);
  });

  it("knows a copy of the same epoch with fewer records, and without the note beside it is still a new epoch", async () => {
    await using at = await folder();
    const clock = new HandClock();
    {
      await using store = await open(at.file, { clock });
      await store.commit(readings(store, 1, 100));
      // The copy of a running file and its WAL, as a careless backup makes it.
      await copyFile(at.file, `${at.file}.copy`);
      await copyFile(`${at.file}-wal`, `${at.file}.copy-wal`);
      await store.commit(readings(store, 101, 200));
    }
    await copyFile(`${at.file}.copy`, at.file);
    await copyFile(`${at.file}.copy-wal`, `${at.file}-wal`);
    {
      await using store = await open(at.file, { clock });
      expect(store.epoch).toMatchObject({ n: 2, cause: "restored", former: { last: { readings: 200 } } });
      expect(store.streams()[0]).toMatchObject({ head: 100 });
    }
    await rm(`${at.file}.head`);
    await using store = await open(at.file, { clock });
    expect(store.epoch).toMatchObject({ n: 2, cause: "start" });
  });
});

describe("the former epoch", () => {
  it("is named where its file is gone, and null where there never was one", async () => {
    await using at = await folder();
    let former: string;
    {
      await using store = await open(at.file);
      expect(store.epoch.former).toBeNull();
      former = store.epoch.id;
      await store.commit({ ...readings(store, 1, 100), events: events(store, 1, 3).events });
    }
    await rm(at.file);
    {
      await using store = await open(at.file);
      expect(store.epoch).toMatchObject({ cause: "created", former: { epoch: former, last: { readings: 100, events: 3 } } });
      expect([store.formerEnd, store.knows(former)]).toEqual([null, false]);
    }
    await rm(`${at.file}.head`);
    await rm(at.file);
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 1, cause: "created", former: null });
  });

  it("is the one in the file where the note beside it names one without a record", async () => {
    await using at = await folder();
    let former: string;
    {
      await using store = await open(at.file);
      former = store.epoch.id;
      await store.commit(readings(store, 1, 100));
    }
    await writeFile(`${at.file}.head`, JSON.stringify({ n: 2, epoch: "NEVER", readings: 0, events: 0, suspect: true }));
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 3, cause: "salvaged", former: { epoch: former, last: { readings: 100 } } });
  });
});

describe("an opening", () => {
  it("refuses a file of a much newer layout and opens one of the next release", async () => {
    await using at = await folder();
    {
      await using store = await open(at.file);
      await store.commit(readings(store, 1, 1));
    }
    const set = async (version: number) => {
      const db = await openDatabase(at.file, "existing");
      await db.script(`PRAGMA user_version = ${version}`);
      await db.close();
    };
    const newest = migrations.length;
    await set(newest + 1);
    {
      await using store = await open(at.file);
      expect(store.epoch.former?.last.readings).toBe(1);
    }
    await set(newest + 2);
    const context = { found: newest + 2, known: newest };
    await expect(open(at.file)).rejects.toMatchObject({ code: "store.newer", context });
    await set(newest);
    await using store = await open(at.file);
    expect(store.epoch.former?.last.readings).toBe(1);
  });

  it.each([["as it is"], ["after damage"]])("takes over a file of the first layout, %s", async (how) => {
    await using at = await folder();
    const id = "0".repeat(26);
    const db = await openDatabase(at.file, "create");
    await db.script(`${migrations[0]}; PRAGMA user_version = 1`);
    // What the release before this one writes: seven values for an event.
    const body = Buffer.from(JSON.stringify({ v: 1, epoch: id, cat: "", from: 1, to: 1, events: [{ seq: 1, kind: "old" }] }));
    await db.run("INSERT INTO commits (epoch, events, bodies) VALUES (?, ?, ?)", [
      JSON.stringify([1, id, "boot", 0, "created", 0]),
      JSON.stringify([[2 ** 35 + 1, 1, 1, 1, 0, 1, body.length]]),
      body,
    ]);
    await db.close();
    if (how === "after damage") await writeFile(`${at.file}.head`, JSON.stringify({ n: 1, epoch: id, suspect: true }));
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 2, former: { epoch: id, last: { events: 1 } } });
    expect(await store.read(id, "events", 1, 1, 1)).toHaveLength(1);
    await store.commit(events(store, 1));
  });

  it("is one gateway's alone", async () => {
    await using at = await folder();
    {
      await using store = await open(at.file);
      await expect(open(at.file)).rejects.toMatchObject({ code: "store.locked", context: { file: at.file } });
      await store.commit(readings(store, 1, 1));
    }
    await using store = await open(at.file);
    expect(store.epoch.n).toBe(2);
  });

  it.each(["a symbolic link", "a link to a link", "a folder that is a link", "a link made before the file"])(
    "is one gateway's alone under every name: %s",
    async (how) => {
      await using at = await folder();
      const other = join(at.path, "other.sqlite");
      let name = other;
      if (how === "a link made before the file") await symlink("cippo.sqlite", other);
      // The gateway may have been started by any of the names.
      const first = how === "a link made before the file" ? other : at.file;
      await using store = await open(first);
      await store.commit(readings(store, 1, 100));
      if (how === "a symbolic link") await symlink(at.file, other);
      if (how === "a link to a link") {
        await symlink("second.sqlite", other);
        await symlink(at.file, join(at.path, "second.sqlite"));
      }
      if (how === "a folder that is a link") {
        await symlink(at.path, join(at.path, "folder"));
        name = join(at.path, "folder", "cippo.sqlite");
      }
      if (how === "a link made before the file") name = at.file;
      await expect(open(name)).rejects.toMatchObject({ code: "store.locked" });
      await store.commit(readings(store, 101, 200));
      expect(await store.read(store.epoch.id, "readings", 1, ALL, ALL)).toHaveLength(2);
      await store[Symbol.asyncDispose]();
      // A second name that nobody uses is no obstacle.
      await using next = await open(name);
      expect(next.epoch).toMatchObject({ n: 2, cause: "start" });
      expect(next.epoch.former?.last.readings).toBe(200);
    },
  );

  it("is one gateway's alone under a second name of the same file, in another process", async () => {
    await using at = await folder();
    const other = join(at.path, "other.sqlite");
    const program = await programIn(
      at.path,
      `import { open } from "./support.ts";
       open(process.argv[2]).then((store) => store[Symbol.asyncDispose]()).then(() => "opened", ({ code }) => code).then(console.log);`,
    );
    const opening = async (file: string) => (await run(process.execPath, [program, file])).stdout.trim();
    {
      await using store = await open(at.file);
      await store.commit(readings(store, 1, 100));
      await link(at.file, other);
      expect(await opening(other)).toBe("store.locked");
      await store.commit(readings(store, 101, 200));
      expect(await store.read(store.epoch.id, "readings", 1, ALL, ALL)).toHaveLength(2);
    }
    // A second name that nobody uses is no obstacle.
    expect(await opening(other)).toBe("opened");
    expect(await opening(at.file)).toBe("opened");
  });

  it("sets aside what a link leads to, and leaves the link", async () => {
    await using at = await folder();
    await mkdir(join(at.path, "card"));
    const real = join(at.path, "card", "cippo.sqlite");
    await writeFile(real, "garbage".repeat(1000));
    await symlink(real, at.file);
    await using store = await open(at.file);
    await store.commit(readings(store, 1, 1));
    expect(store.epoch.cause).toBe("salvaged");
    expect(await readdir(join(at.path, "card", "quarantine", "000001"))).toContain("cippo.sqlite");
    expect((await lstat(at.file)).isSymbolicLink()).toBe(true);
    expect((await lstat(real)).size).toBeGreaterThan(0);
  });

  it("says why a folder, or a path through a file, cannot be a database", async () => {
    await using at = await folder();
    await mkdir(`${at.path}/data`);
    await expect(open(`${at.path}/data`)).rejects.toMatchObject({ code: "store.unwritable" });
    await writeFile(at.file, "x");
    await expect(open(`${at.file}/db`)).rejects.toMatchObject({ code: "store.unwritable" });
  });

  it("leaves only its own files, and no WAL after a clean stop", async () => {
    await using at = await folder();
    {
      await using store = await open(at.file, { ballastBytes: 1000 });
      await store.commit(readings(store, 1, 1));
    }
    const names = ["", ".ballast", ".head", ".lock"].map((end) => `cippo.sqlite${end}`);
    expect((await readdir(at.path)).sort()).toEqual(names);
  });
});

it("stores exactly what will be sent", async () => {
  await using at = await folder();
  await using store = await open(at.file);
  const commit = readings(store, 1, 100);
  await store.commit({ ...commit, events: events(store, 1).events });
  const [segment] = await store.read(store.epoch.id, "readings", 1, 100, ALL);
  expect(Buffer.from(segment?.body ?? [])).toEqual(Buffer.from(commit.readings[0]?.body ?? []));
  const [event] = await store.read(store.epoch.id, "events", 1, 1, ALL);
  expect(decodeBody(event?.body ?? new Uint8Array())).toMatchObject({ stream: "events", epoch: inEpoch(store).id });
});
