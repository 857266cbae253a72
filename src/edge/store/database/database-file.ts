/** Opens a database file at the present layout, with pragmas that are read back, and grows its WAL. */

import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { asEdgeError, EdgeError } from "../../../kit/errors.ts";
import { systemReason } from "../../../kit/text/reasons.ts";
import { migrations } from "../migrations/index.ts";
import { type Database, openDatabase } from "./sqlite.ts";

/** What a commit touches are a few small leaves: 512 bytes wear the card least (measured, see bench). */
export const PAGE = 512;
/** Size of the WAL at which it is copied into the database, and which it is grown to before it is used. */
export const WAL_BYTES = 4 * 2 ** 20;
/** A frame of the WAL: a page and its header (SQLite file format, 4.1). */
export const FRAME = PAGE + 24;
const CACHE_KIB = 1024;

export interface FileOptions {
  readonly file: string;
  readonly quotaBytes: number;
  readonly lockWaitMs: number;
  readonly walBytes: number;
}

export interface OpenFile {
  readonly db: Database;
  readonly created: boolean;
  /** The last run did not close the file: its WAL was still there. */
  readonly unclean: boolean;
  /** `user_version`. */
  readonly layout: number;
}

/** Errors: `store.corrupt`, `store.newer`, `store.locked`, `store.unwritable`, `store.full`. */
export async function openFile(options: FileOptions): Promise<OpenFile> {
  const { file } = options;
  const before = await sizeOf(file);
  const created = before === 0;
  if (created) await create(options);
  const unclean = !created && (await sizeOf(`${file}-wal`)) > 0;
  if (!created) await aloneUnderAllNames(options);
  if (!unclean) growWal(`${file}-wal`, options.walBytes);
  return { ...(await prepared({ ...options, created: false })), created, unclean };
}

/**
 * A second name (a hard link) has a lock and a WAL of its own, and two gateways would write one file without knowing of each other. But SQLite's
 * own locks are the file's, whatever it is called: one that is open anywhere cannot leave WAL mode. A second name that nobody uses does no harm.
 */
async function aloneUnderAllNames({ file, lockWaitMs }: FileOptions): Promise<void> {
  const links = (await stat(file).catch(() => null))?.nlink ?? 0;
  if (links <= 1) return;
  const db = await openDatabase(file, "existing");
  try {
    await db.script(`PRAGMA busy_timeout = ${lockWaitMs}`);
    await db.all("PRAGMA journal_mode = DELETE");
  } catch (raw) {
    const error = asEdgeError(raw);
    if (error.code === "store.locked") throw new EdgeError("store.locked", { file }, error);
    throw error;
  } finally {
    await db.close().catch(() => undefined);
  }
}

/** The WAL can be grown only beside a database that exists: SQLite deletes the WAL of an empty one. Nobody else may read it. */
async function create(options: FileOptions): Promise<void> {
  await writeFile(options.file, "", { flag: "a", mode: 0o600 }).catch((error: Error) => {
    throw new EdgeError("store.unwritable", { file: options.file, reason: systemReason(error) }, error);
  });
  await (await prepared({ ...options, created: true })).db.close();
}

async function prepared(options: FileOptions & { readonly created: boolean }): Promise<{ db: Database; layout: number }> {
  const db = await openDatabase(options.file, options.created ? "create" : "existing");
  try {
    if (options.created) await db.script(`PRAGMA page_size = ${PAGE}`);
    await setPragmas(db, options);
    return { db, layout: await migrate(db, options.file) };
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error;
  }
}

async function setPragmas(db: Database, { quotaBytes, lockWaitMs, file }: FileOptions): Promise<void> {
  await db.script(`PRAGMA busy_timeout = ${lockWaitMs}`);
  const size = (await db.all<{ page_size: number }>("PRAGMA page_size"))[0]?.page_size ?? PAGE;
  const wanted = {
    journal_mode: "wal",
    synchronous: 2,
    wal_autocheckpoint: 0,
    cache_size: -CACHE_KIB,
    // The journal of a statement that fans out would otherwise be a file: measured, four times the time of a commit.
    temp_store: 2,
    max_page_count: Math.ceil(quotaBytes / size),
  } as const;
  for (const [pragma, value] of Object.entries(wanted)) {
    const sql = `PRAGMA ${pragma} = ${value}`;
    await db.all(sql);
    const [row] = await db.all<Record<string, string | number>>(`PRAGMA ${pragma}`);
    const got = Object.values(row ?? {})[0];
    // A file that is larger than a lowered quota keeps its size as the limit.
    const right = pragma === "max_page_count" ? Number(got) >= Number(value) : got === value;
    if (!right)
      throw new EdgeError("store.unwritable", {
        file,
        reason: { it: `${sql} non ha effetto: resta ${got}`, en: `${sql} left it at ${got}` },
      });
  }
}

/** SQLite keeps the size of a file that is larger already. */
export async function setLimit(db: Database, bytes: number): Promise<void> {
  const size = (await db.all<{ page_size: number }>("PRAGMA page_size"))[0]?.page_size ?? PAGE;
  await db.script(`PRAGMA max_page_count = ${Math.ceil(bytes / size)}`);
}

async function migrate(db: Database, file: string): Promise<number> {
  const [row] = await db.all<{ user_version: number }>("PRAGMA user_version");
  const found = row?.user_version ?? 0;
  if (found > migrations.length + 1) throw new EdgeError("store.newer", { file, found, known: migrations.length });
  for (const [at, step] of migrations.entries()) {
    if (at < found) continue;
    try {
      await db.script(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${at + 1}; COMMIT`);
    } catch (error) {
      await db.script("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }
  return Math.max(found, migrations.length);
}

/**
 * Zeros are no valid frame, so SQLite takes the file as empty; written once, they spare the file system's journal at each commit. In small
 * pieces: after one large write the kernel counts the whole folio at each commit, 2 MB instead of 6 KB (measured, Linux 6.18 `write_bytes`).
 */
function growWal(wal: string, bytes: number): void {
  if (bytes === 0) return;
  const piece = Buffer.alloc(4096);
  const fd = openSync(wal, "w", 0o600);
  try {
    for (let at = 0; at < bytes; at += piece.length) writeSync(fd, piece);
  } catch (error) {
    throw new EdgeError("store.unwritable", { file: wal, reason: systemReason(error) }, error);
  } finally {
    closeSync(fd);
  }
}

/** 0 for what does not exist. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new EdgeError("store.unwritable", { file, reason: systemReason(error) }, error);
  });
  if (found?.isFile() === false)
    throw new EdgeError("store.unwritable", { file, reason: { it: `${file} non è un file`, en: `${file} is not a file` } });
  return found?.size ?? 0;
}

export async function makeFolder(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o750 }).catch((error: Error) => {
    throw new EdgeError("store.unwritable", { file, reason: systemReason(error) }, error);
  });
}
