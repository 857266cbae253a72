/** Opens databases with the pragmas that a box without a battery needs, and a layout that is whole or absent. */
import { describe, expect, it } from "vitest";
import { openFile } from "../../../../../src/edge/store/database/database-file.ts";
import { openDatabase } from "../../../../../src/edge/store/database/sqlite.ts";
import { folder, open, readings } from "../support.ts";

const options = (file: string) => ({ file, quotaBytes: 16 * 2 ** 20, lockWaitMs: 70, walBytes: 64 * 1024 });

describe("the connection", () => {
  it("has what SQLite would have otherwise, also when the file was made by somebody else", async () => {
    await using at = await folder();
    const other = await openDatabase(at.file, "create");
    await other.script("PRAGMA journal_mode = DELETE; CREATE TABLE foreign_table (x)");
    await other.close();
    const { db } = await openFile(options(at.file));
    const got = async (pragma: string) => Object.values((await db.all<Record<string, unknown>>(`PRAGMA ${pragma}`))[0] ?? {})[0];
    expect(await got("journal_mode")).toBe("wal");
    // 2 is FULL: what was acknowledged has been synced.
    expect(await got("synchronous")).toBe(2);
    expect(await got("wal_autocheckpoint")).toBe(0);
    expect(await got("busy_timeout")).toBe(70);
    expect(await got("temp_store")).toBe(2);
    expect(await got("cache_size")).toBe(-1024);
    expect(Number(await got("max_page_count")) * Number(await got("page_size"))).toBe(16 * 2 ** 20);
    await db.close();
  });
});

describe("the layout", () => {
  it("that cannot be made whole leaves nothing of itself", async () => {
    await using at = await folder();
    const other = await openDatabase(at.file, "create");
    await other.script("CREATE TABLE inbox (mine)");
    await other.close();
    await expect(openFile(options(at.file))).rejects.toMatchObject({ context: { message: expect.stringContaining("inbox") } });
    const db = await openDatabase(at.file, "existing");
    expect(await db.all("SELECT name FROM sqlite_schema")).toEqual([{ name: "inbox" }]);
    expect(await db.all("PRAGMA user_version")).toEqual([{ user_version: 0 }]);
    await db.script("DROP TABLE inbox");
    await db.close();
    await using store = await open(at.file);
    await store.commit(readings(store, 1, 10));
  });
});
