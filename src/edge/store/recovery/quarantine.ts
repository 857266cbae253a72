/** Sets a damaged database aside whole, with its WAL, and copies what can still be read into a new one. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asEdgeError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { decodeBody } from "../../segments/segment.ts";
import { type Bound, type Database, openDatabase } from "../database/sqlite.ts";
import { keyOf, EPOCHS as MOST_EPOCHS, NUMBERS, STREAMS, seqOf } from "../stream-index.ts";
import { isIntact } from "./body-check.ts";

const KEEP = 2;

/** Deleting the WAL alone would lose rows silently: the three files stay together. Answers where the database lies now. */
export async function setAside(file: string, mostBytes: number): Promise<string> {
  const folder = join(dirname(file), "quarantine");
  await mkdir(folder, { recursive: true, mode: 0o750 });
  const before = (await readdir(folder)).filter((name) => /^\d{6}$/.test(name)).sort();
  const place = join(folder, String(Number(before.at(-1) ?? 0) + 1).padStart(6, "0"));
  await mkdir(place, { mode: 0o750 });
  for (const end of ["", "-wal", "-shm"]) await rename(`${file}${end}`, join(place, `${basename(file)}${end}`)).catch(absent);
  const older = before.map((name) => join(folder, name)).reverse();
  let bytes = await sizeOf(place);
  for (const [at, old] of older.entries()) {
    bytes += await sizeOf(old);
    if (at + 1 >= KEEP || bytes > mostBytes) await rm(old, { recursive: true });
  }
  return join(place, basename(file));
}

const absent = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "ENOENT") throw error;
};

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

interface Table {
  readonly name: string;
  /** The primary key. If it is the row number of a table with bodies, damage can be stepped over wherever it is. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
}

const EPOCHS: Table = { name: "epochs", key: ["n"], columns: ["n", "id", "boot", "opened", "cause", "ran0"] };
/** The most valuable first. */
const TABLES: readonly Table[] = [
  EPOCHS,
  { name: "marks", key: ["n", "stream"], columns: ["n", "stream", "up_to", "held"] },
  { name: "states", key: ["key"], columns: ["key", "body"] },
  { name: "inbox", key: ["id"], columns: ["id", "received", "expires", "state", "body"] },
  { name: "documents", key: ["name", "rev"], columns: ["name", "rev", "body"] },
  { name: "events", key: ["key"], columns: ["key", "mono", "t0", "synced", "urgent", "body", "worth"] },
  { name: "readings", key: ["key"], columns: ["key", "span", "count", "mono", "t0", "t1", "synced", "class", "body"] },
];
const PAGE_ROWS = 64;
const KEYS = MOST_EPOCHS * NUMBERS;

type Row = Readonly<Record<string, Bound>>;

/**
 * Copies what can be read: readings and events around every damaged spot, other tables from both ends. Rows that break the layout's rules are left
 * out. Answers the rows copied, by table.
 */
export async function salvage(damaged: string, into: Database, log: Log): Promise<Readonly<Record<string, number>>> {
  const copied: Record<string, number> = {};
  let from: Database | null = null;
  try {
    from = await openDatabase(damaged, "existing");
    // Without this SQLite reads nothing at all of a file that is shorter than its header says (`lockBtree`).
    await from.script("PRAGMA writable_schema = ON");
    await into.script("PRAGMA synchronous = OFF");
    for (const table of TABLES) {
      const known = { ...table, columns: await columnsIn(from, table) };
      copied[table.name] = await (isNumbered(table) ? copyNumbered : copyTable)(from, into, known);
    }
    await adopt(into);
  } catch (raw) {
    const error = asEdgeError(raw);
    log.warn("store.salvage-ended", { code: error.code, ...error.context });
  } finally {
    await from?.close().catch(() => undefined);
    await into.script("PRAGMA synchronous = FULL");
  }
  return copied;
}

/**
 * Segments whose epoch row was not readable get it from their own bodies. Those without a readable body are deleted, because a later epoch would get
 * their numbers.
 */
async function adopt(into: Database): Promise<void> {
  for (const stream of STREAMS) {
    const orphans = await into.all<{ n: number }>(
      `SELECT DISTINCT key / ${NUMBERS} AS n FROM ${stream} WHERE key / ${NUMBERS} NOT IN (SELECT n FROM epochs)`,
    );
    for (const { n } of orphans) {
      const range = [keyOf(n, 0), keyOf(n, NUMBERS - 1)];
      const [row] = await into.all<{ body: Uint8Array }>(`SELECT body FROM ${stream} WHERE key BETWEEN ? AND ? LIMIT 1`, range);
      const values = row && [n, nameIn(row.body), "unknown", 0, "start", 0];
      const adopted = values
        ? await insert(into, EPOCHS, [Object.fromEntries(EPOCHS.columns.map((c, i) => [c, values[i] ?? null]))])
        : 0;
      if (adopted === 0) await into.run(`DELETE FROM ${stream} WHERE key BETWEEN ? AND ?`, range);
    }
  }
}

function nameIn(body: Uint8Array): string | null {
  try {
    return decodeBody(body).epoch;
  } catch {
    return null;
  }
}

/** A file of an earlier layout lacks columns that have a default. */
async function columnsIn(from: Database, { name, columns }: Table): Promise<readonly string[]> {
  const found = await from.all<{ name: string }>("SELECT name FROM pragma_table_info(?)", [name]).catch(() => []);
  const known = new Set(found.map((column) => column.name));
  return known.size === 0 ? columns : columns.filter((column) => known.has(column));
}

const isNumbered = ({ name }: Table): boolean => name === "readings" || name === "events";

/** Every row that can be reached: beyond each spot of damage it goes on with the next row. */
async function copyNumbered(from: Database, into: Database, table: Table): Promise<number> {
  let copied = 0;
  let limit = PAGE_ROWS;
  for (let at = 0; ; ) {
    const rows = await numbered(from, table, at, limit);
    if (rows === null && limit > 1) limit = 1;
    else if (rows === null) {
      const next = await beyond(from, table, at);
      if (next === null) return copied;
      at = next;
      limit = PAGE_ROWS;
    } else {
      const sound = rows.filter(isWhole);
      copied += await insert(into, table, sound);
      if (rows.length < limit) return copied;
      at = Number(rows.at(-1)?.["key"]) + 1;
      limit = Math.min(PAGE_ROWS, limit * 2);
    }
  }
}

const isWhole = ({ key, span, body }: Row): boolean =>
  body instanceof Uint8Array && isIntact(body, seqOf(Number(key)), seqOf(Number(key)) + Number(span ?? 1) - 1);

/** Rows from this key on; null when they cannot be read. */
const numbered = (from: Database, { name, columns }: Table, at: number, limit: number): Promise<readonly Row[] | null> =>
  from.all<Row>(`SELECT ${columns} FROM ${name} WHERE key >= ? ORDER BY key LIMIT ${limit}`, [at]).catch(() => null);

/** The first key after `at` from which a row can be read, found by doubling and then by halving; null: there is none. */
async function beyond(from: Database, table: Table, at: number): Promise<number | null> {
  let bad = at;
  for (let step = 1; bad + step < KEYS; step *= 2) {
    const rows = await numbered(from, table, bad + step, 1);
    if (rows === null) {
      bad += step;
      continue;
    }
    let good = bad + step;
    while (good - bad > 1) {
      const middle = Math.floor((bad + good) / 2);
      if ((await numbered(from, table, middle, 1)) === null) bad = middle;
      else good = middle;
    }
    return good;
  }
  return null;
}

async function copyTable(from: Database, into: Database, table: Table): Promise<number> {
  let copied = 0;
  let low: Row | null = null;
  for (const order of ["ASC", "DESC"] as const) {
    let at: Row | null = null;
    let limit = PAGE_ROWS;
    for (;;) {
      const rows: readonly Row[] | null = await page(from, table, order, limit, at, order === "DESC" ? low : null);
      // Approach the damage row by row; then go on from the other end.
      if (rows === null && limit === 1) break;
      if (rows === null) {
        limit = 1;
        continue;
      }
      copied += await insert(into, table, rows);
      at = rows.at(-1) ?? at;
      if (order === "ASC") low = at;
      if (rows.length < limit) return copied;
    }
  }
  return copied;
}

/** The next rows after `at`, not as far as `end`; null when they cannot be read. */
async function page(
  from: Database,
  { name, key, columns }: Table,
  order: "ASC" | "DESC",
  limit: number,
  at: Row | null,
  end: Row | null,
): Promise<readonly Row[] | null> {
  const marks = `(${key.map(() => "?").join()})`;
  const bounds = [at && `(${key}) ${order === "ASC" ? ">" : "<"} ${marks}`, end && `(${key}) > ${marks}`].filter(
    (b) => b !== null,
  );
  const values = [at, end].flatMap((row) => (row === null ? [] : key.map((column) => row[column] ?? null)));
  const where = bounds.length > 0 ? `WHERE ${bounds.join(" AND ")}` : "";
  const by = key.map((column) => `${column} ${order}`);
  try {
    return await from.all<Row>(`SELECT ${columns} FROM ${name} ${where} ORDER BY ${by} LIMIT ${limit}`, values);
  } catch {
    return null;
  }
}

async function insert(into: Database, { name, columns }: Table, rows: readonly Row[]): Promise<number> {
  if (rows.length === 0) return 0;
  const one = `(${columns.map(() => "?").join()})`;
  const values = rows.map((row) => columns.map((column) => row[column] ?? null));
  const head = `INSERT OR IGNORE INTO ${name} (${columns.join()}) VALUES `;
  try {
    return await into.run(head + rows.map(() => one).join(), values.flat());
  } catch (raw) {
    if (asEdgeError(raw).code !== "store.binding") throw raw;
    if (rows.length === 1) return 0;
    let copied = 0;
    for (const row of rows) copied += await insert(into, { name, columns, key: [] }, [row]);
    return copied;
  }
}
