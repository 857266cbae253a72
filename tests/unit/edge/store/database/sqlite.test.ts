/** Values that SQLite's binding would turn into NULL are refused, and its errors have our codes. */
import { readdirSync, readlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Bound, openDatabase } from "../../../../../src/edge/store/database/sqlite.ts";
import { folder } from "../support.ts";

describe("the binder", () => {
  it.each([
    ["undefined", undefined],
    ["a BigInt", 5n],
    ["NaN", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["an inexact integer", 2 ** 53],
    ["a date", new Date(0)],
    ["an object", {}],
    ["a boolean", true],
  ])("refuses %s", async (_, value) => {
    await using at = await folder();
    const db = await openDatabase(at.file, "create");
    await db.script("CREATE TABLE t (v)");
    await expect(db.run("INSERT INTO t VALUES (?)", [value as Bound])).rejects.toMatchObject({ code: "store.binding" });
    expect(await db.all("SELECT * FROM t")).toEqual([]);
    await db.close();
  });

  it.each([
    ["too few", "INSERT INTO t VALUES (?, ?)", [1]],
    ["too many", "INSERT INTO t VALUES (?, ?)", [1, 2, 3]],
    ["none at all", "INSERT INTO t VALUES (?, ?)", []],
    ["too few of numbered ones", "INSERT INTO t VALUES (?1, ?2)", [1]],
    ["too many of numbered ones", "INSERT INTO t VALUES (?1, ?1)", [1, 2]],
  ])("refuses %s values", async (_, sql, values) => {
    await using at = await folder();
    const db = await openDatabase(at.file, "create");
    await db.script("CREATE TABLE t (a, b)");
    await expect(db.run(sql, values)).rejects.toMatchObject({ code: "store.binding" });
    await expect(db.all(sql, values)).rejects.toMatchObject({ code: "store.binding" });
    expect(await db.all("SELECT * FROM t")).toEqual([]);
    await db.close();
  });

  it("takes numbers, text, bytes and null as they are", async () => {
    await using at = await folder();
    const db = await openDatabase(at.file, "create");
    await db.script("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n TEXT) STRICT");
    await db.run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [2 ** 53 - 1, 0.1, "è", new Uint8Array([0, 255]), null]);
    expect(await db.all("SELECT * FROM t")).toEqual([{ i: 2 ** 53 - 1, r: 0.1, s: "è", b: Buffer.from([0, 255]), n: null }]);
    await db.close();
  });
});

describe("an error of the library", () => {
  it("has our code and the library's reason", async () => {
    await using at = await folder();
    await expect(openDatabase(`${at.path}/none/x`, "create")).rejects.toMatchObject({ code: "store.unwritable" });
    const db = await openDatabase(at.file, "create");
    await db.script("CREATE TABLE t (v INTEGER NOT NULL CHECK (v > 0)) STRICT; PRAGMA busy_timeout = 20");
    for (const wrong of [null, "x", -1])
      await expect(db.run("INSERT INTO t VALUES (?)", [wrong])).rejects.toMatchObject({ code: "store.binding" });
    await expect(db.run("INSERT INTO missing VALUES (1)")).rejects.toMatchObject({ code: "internal" });
    const other = await openDatabase(at.file, "existing");
    await other.script("BEGIN EXCLUSIVE");
    await expect(db.run("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "store.locked" });
    await other.close();
    await db.run("INSERT INTO t VALUES (1)");
    await db.script("PRAGMA query_only = 1");
    await expect(db.run("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "store.unwritable" });
    await db.close();
  });
});

describe("closing", () => {
  it("ends though statements are prepared, also after one that failed; no file stays open, and nothing crashes", async () => {
    await using at = await folder();
    const db = await openDatabase(at.file, "create");
    await db.script("PRAGMA journal_mode = WAL; CREATE TABLE t (v INTEGER NOT NULL) STRICT");
    await db.run("INSERT INTO t VALUES (?)", [1]);
    // More rows than are fetched: a read transaction would still be open.
    for (let i = 0; i < 10; i += 1) await db.run("INSERT INTO t SELECT v FROM t", []);
    await db.all("SELECT * FROM t WHERE v > ?", [0]);
    await expect(db.run("INSERT INTO t VALUES (?)", [null])).rejects.toMatchObject({ code: "store.binding" });
    await expect(db.run("INSERT INTO nowhere VALUES (?)", [1])).rejects.toMatchObject({ code: "internal" });
    const answered = db.all("SELECT count(*) AS n FROM t");
    await db.close();
    expect(await answered).toEqual([{ n: 1024 }]);
    expect(filesOpen(at.path)).toEqual([]);
  });
});

const filesOpen = (path: string): readonly string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${fd}`);
      return file.startsWith(path) ? [file] : [];
    } catch {
      return [];
    }
  });
