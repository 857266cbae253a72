/** Damaged, foreign, busy and vanishing files: the store opens all the same, or says why it cannot. */
import { spawn } from "node:child_process";
import { open as openFile, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../../../src/edge/store/database/sqlite.ts";
import { events, folder, Heard, headOf, open, readings } from "../support.ts";

const ALL = Number.MAX_SAFE_INTEGER;

/** A closed database of `segments` segments of ten records, an event and a state. */
async function written(file: string, segments: number): Promise<string> {
  await using store = await open(file);
  await store.commit({ ...events(store, 1), states: { a: { kept: true } } });
  for (let i = 0; i < segments; i += 1) await store.commit(readings(store, i * 100 + 1, i * 100 + 100));
  return store.epoch.id;
}

async function overwrite(file: string, at: number, bytes: Uint8Array): Promise<void> {
  const handle = await openFile(file, "r+");
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

/**
 * Offset of so many neighbouring pages, a leaf the first of them, that lead to no others (SQLite file format, 1.6): without an interior page half
 * a table may be out of reach, and without an overflow page alone no row is.
 */
async function leavesInTheMiddle(file: string, pages: number): Promise<number> {
  const bytes = await readFile(file);
  const kind = (at: number) => bytes[at] ?? 0;
  let at = Math.floor(bytes.length / 2 / 512) * 512;
  const right = () =>
    kind(at) === 13 && Array.from({ length: pages }, (_, i) => kind(at + i * 512)).every((k) => k !== 2 && k !== 5);
  while (!right()) at += 512;
  return at;
}

describe("a file that is no database", () => {
  it.each([
    ["garbage", () => Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 251))],
    ["zeros", () => Buffer.alloc(8192)],
    ["a header and nothing else", () => Buffer.from("SQLite format 3\0")],
  ])("of %s is set aside whole and replaced", async (_, content) => {
    await using at = await folder();
    await writeFile(at.file, content());
    await writeFile(`${at.file}-wal`, "something");
    const log = new Heard();
    await using store = await open(at.file, { log });
    expect(store.epoch).toMatchObject({ cause: "salvaged", n: 1 });
    expect(store.historyLost).toBe(true);
    await store.commit(readings(store, 1, 10));
    expect(headOf(store, "readings")).toBe(10);
    const aside = join(at.path, "quarantine", "000001");
    expect(await readFile(join(aside, "cippo.sqlite"))).toEqual(content());
    expect(log.all.map(({ event }) => event)).toContain("store.salvaged");
  });

  it("of no bytes at all is a new one", async () => {
    await using at = await folder();
    await writeFile(at.file, "");
    await using store = await open(at.file);
    expect(store.epoch.cause).toBe("created");
  });

  it("keeps two in quarantine, and a number above all that were", async () => {
    await using at = await folder();
    for (let n = 1; n <= 4; n += 1) {
      await using store = await open(at.file);
      expect(store.epoch.n).toBe(n);
      await store.commit(readings(store, 1, 10));
      await store[Symbol.asyncDispose]();
      await writeFile(at.file, `garbage ${"x".repeat(1000)}`);
    }
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 5, cause: "salvaged" });
    expect((await readdir(join(at.path, "quarantine"))).sort()).toEqual(["000003", "000004"]);
  });
});

describe("a damaged database", () => {
  it("that was cut gives what can still be read, in an epoch of its own name", async () => {
    await using at = await folder();
    const former = await written(at.file, 300);
    await truncate(at.file, Math.floor(((await stat(at.file)).size * 0.75) / 512) * 512);
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 2, cause: "salvaged" });
    expect(store.epoch.former).toMatchObject({ epoch: former, last: { readings: 30_000 } });
    const segments = await store.read(former, "readings", 1, ALL, ALL);
    expect(segments.length).toBeGreaterThan(100);
    expect(store.lost.filter(({ stream }) => stream === "readings").at(-1)?.range[1]).toBe(30_000);
  });

  it("with pages of garbage in the middle is salvaged from both ends", async () => {
    await using at = await folder();
    const former = await written(at.file, 400);
    await overwrite(at.file, await leavesInTheMiddle(at.file, 4), Buffer.alloc(2048, 0xa5));
    await markSuspect(at.file);
    const log = new Heard();
    await using store = await open(at.file, { log });
    expect(store.epoch).toMatchObject({
      n: 2,
      cause: "salvaged",
      former: { epoch: former, last: { events: 1, readings: 40_000 } },
    });
    expect(store.saved.get("a")).toEqual({ kept: true });
    const segments = await store.read(former, "readings", 1, ALL, ALL);
    expect(segments[0]?.from).toBe(1);
    expect(segments.at(-1)?.to).toBe(40_000);
    expect(segments.length).toBeGreaterThan(300);
    expect(segments.length).toBeLessThan(400);
    expect((await log.until("store.salvaged"))["readings"]).toBe(segments.length);
  });

  it("whose list of epochs is lost finds their names in the bodies", async () => {
    await using at = await folder();
    const former = await written(at.file, 5);
    const db = await openDatabase(at.file, "existing");
    await db.script("DELETE FROM epochs");
    await db.close();
    await writeFile(`${at.file}.head`, JSON.stringify({ n: 0, epoch: "", suspect: true }));
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 2, former: { epoch: former, last: { readings: 500, events: 1 } } });
    expect(await store.read(former, "readings", 1, ALL, ALL)).toHaveLength(5);
  });

  it("is found after an unclean stop by a check beside the running gateway, and set aside at the next opening", async () => {
    await using at = await folder();
    await written(at.file, 400);
    await overwrite(at.file, await leavesInTheMiddle(at.file, 1), Buffer.alloc(512, 0xa5));
    // What a kill leaves behind: a WAL.
    await writeFile(`${at.file}-wal`, Buffer.alloc(4096));
    const log = new Heard();
    {
      await using store = await open(at.file, { log, checkAfterMs: 0 });
      expect(store.epoch.cause).toBe("start");
      await store.commit(readings(store, 1, 10));
      expect(await log.until("store.damaged")).toMatchObject({ code: "store.corrupt" });
      await expect(store.commit(readings(store, 11, 20))).rejects.toMatchObject({ code: "store.corrupt" });
    }
    await using store = await open(at.file);
    expect(store.epoch).toMatchObject({ n: 3, cause: "salvaged" });
    await store.commit(readings(store, 1, 10));
  });

  it("that is sound passes the check", async () => {
    await using at = await folder();
    await written(at.file, 50);
    await writeFile(`${at.file}-wal`, Buffer.alloc(4096));
    const log = new Heard();
    await using store = await open(at.file, { log, checkAfterMs: 0 });
    await log.until("store.checked");
    await store.commit(readings(store, 1, 10));
    expect(log.all.map(({ event }) => event)).not.toContain("store.damaged");
  });
});

describe("a busy file", () => {
  it("makes a commit fail as locked and succeed once it is free", async () => {
    await using at = await folder();
    await using store = await open(at.file);
    await store.commit(readings(store, 1, 10));
    // Another process: SQLite's locks are a process's own.
    const script = `const { Database } = require("sqlite3");
      const db = new Database(process.argv[1]);
      db.exec("BEGIN IMMEDIATE", (error) => process.stdout.write(error ? String(error) : "locked"));
      process.stdin.on("end", () => db.exec("ROLLBACK", () => process.exit(0))).resume();`;
    const child = spawn(process.execPath, ["-e", script, at.file], { stdio: ["pipe", "pipe", "inherit"] });
    const [output] = await new Promise<[Buffer]>((resolve) => child.stdout.once("data", (chunk: Buffer) => resolve([chunk])));
    expect(String(output)).toBe("locked");
    await expect(store.commit(readings(store, 11, 20))).rejects.toMatchObject({ code: "store.locked" });
    expect(headOf(store, "readings")).toBe(10);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin.end();
    await ended;
    await store.commit(readings(store, 11, 20));
    expect(headOf(store, "readings")).toBe(20);
  });

  it("with a lock file of garbage is opened all the same", async () => {
    await using at = await folder();
    await writeFile(`${at.file}.lock`, "garbage".repeat(1000));
    await using store = await open(at.file);
    expect(store.epoch.cause).toBe("created");
  });

  it("with a head file of garbage or of nothing is opened all the same", async () => {
    await using at = await folder();
    await written(at.file, 2);
    for (const garbage of ["", "{", '{"n":"x"}', '{"n":1e9,"epoch":"x"}', "null"]) {
      await writeFile(`${at.file}.head`, garbage);
      await using store = await open(at.file);
      expect(store.epoch).toMatchObject({ n: 2, cause: "start" });
    }
  });
});

it("opens a file whose page size is another", async () => {
  await using at = await folder();
  const db = await openDatabase(at.file, "create");
  await db.script("PRAGMA page_size = 4096; CREATE TABLE foreign_table (x)");
  await db.close();
  await using store = await open(at.file);
  await store.commit(readings(store, 1, 10));
  expect(headOf(store, "readings")).toBe(10);
});

async function markSuspect(file: string): Promise<void> {
  const note = JSON.parse(await readFile(`${file}.head`, "utf8")) as object;
  await writeFile(`${file}.head`, JSON.stringify({ ...note, suspect: true }));
}
