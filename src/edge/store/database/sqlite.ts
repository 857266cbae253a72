/** A SQLite connection with promises, checked values and our error codes: the only file that touches sqlite3. */

import { createRequire } from "node:module";
import type { Database as Handle, RunResult, Statement } from "sqlite3";
import { EdgeError } from "../../../kit/errors.ts";
import { loadNative } from "../../../kit/system/native.ts";
import type { Text } from "../../../model/index.ts";

/**
 * The values that may be bound. Everything else is refused, because sqlite3 silently turns BigInt, undefined and missing values into NULL, and
 * objects into text.
 */
export type Bound = string | number | Uint8Array | null;

/** One connection. Statements are prepared once and kept; every promise settles, none leaves a read transaction open. */
export interface Database {
  /** Answers the number of rows changed. */
  run(sql: string, values?: readonly Bound[]): Promise<number>;
  /** `R` is trusted: the tables are STRICT. Integers above 2^53 would come rounded; there are none. */
  all<R>(sql: string, values?: readonly Bound[]): Promise<readonly R[]>;
  /** Several statements, stopping at the first that fails: atomic only between BEGIN and COMMIT. */
  script(sql: string): Promise<void>;
  close(): Promise<void>;
}

export type Mode = "create" | "existing" | "read-only";

const MEANING: Readonly<Record<string, `store.${"locked" | "full" | "corrupt" | "unwritable" | "binding"}`>> = {
  SQLITE_BUSY: "store.locked",
  SQLITE_LOCKED: "store.locked",
  SQLITE_PROTOCOL: "store.locked",
  SQLITE_FULL: "store.full",
  SQLITE_CORRUPT: "store.corrupt",
  SQLITE_NOTADB: "store.corrupt",
  SQLITE_READONLY: "store.unwritable",
  SQLITE_IOERR: "store.unwritable",
  SQLITE_CANTOPEN: "store.unwritable",
  SQLITE_PERM: "store.unwritable",
  SQLITE_NOMEM: "store.unwritable",
  SQLITE_CONSTRAINT: "store.binding",
  SQLITE_MISMATCH: "store.binding",
  SQLITE_RANGE: "store.binding",
  SQLITE_TOOBIG: "store.binding",
};

/** Opens without reading anything: a file that is no database fails only at its first statement. */
export async function openDatabase(file: string, mode: Mode): Promise<Database> {
  const { default: sqlite3 } = await loadNative("sqlite3", () => import("sqlite3"));
  const flags = {
    create: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE,
    existing: sqlite3.OPEN_READWRITE,
    "read-only": sqlite3.OPEN_READONLY,
  }[mode];
  const handle = await new Promise<Handle>((resolve, reject) => {
    const opened: Handle = new sqlite3.Database(file, flags | sqlite3.OPEN_FULLMUTEX, (error) =>
      error ? reject(meaning(error, file)) : resolve(opened),
    );
  });
  return new Connection(handle, file);
}

/** Where a child process finds the package (for the check in `integrity-check.ts`). */
export const sqlitePath = (): string => createRequire(import.meta.url).resolve("sqlite3");

interface Prepared {
  readonly statement: Statement;
  /** How many values it takes. */
  readonly places: number;
}

class Connection implements Database {
  readonly #handle: Handle;
  readonly #file: string;
  readonly #prepared = new Map<string, Promise<Prepared>>();

  constructor(handle: Handle, file: string) {
    this.#handle = handle;
    this.#file = file;
  }

  async run(sql: string, values: readonly Bound[] = []): Promise<number> {
    const { statement, places } = await this.#prepare(sql);
    const checked = bind(places, values);
    return new Promise((resolve, reject) => {
      statement.run(checked, function (this: RunResult, error: Error | null) {
        if (error) reject(error);
        else resolve(this.changes);
      });
    }).catch(this.#throw) as Promise<number>;
  }

  async all<R>(sql: string, values: readonly Bound[] = []): Promise<readonly R[]> {
    const { statement, places } = await this.#prepare(sql);
    const checked = bind(places, values);
    return new Promise<R[]>((resolve, reject) => {
      statement.all<R>(checked, (error, rows) => (error ? reject(error) : resolve(rows)));
    }).catch(this.#throw);
  }

  async script(sql: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#handle.exec(sql, (error) => (error ? reject(error) : resolve()));
    }).catch(this.#throw);
  }

  /** An unfinalized statement would make close fail with SQLITE_BUSY and leave the file open. */
  async close(): Promise<void> {
    const prepared = await Promise.allSettled(this.#prepared.values());
    this.#prepared.clear();
    for (const one of prepared) {
      if (one.status === "fulfilled") await new Promise<void>((done) => one.value.statement.finalize(() => done()));
    }
    await new Promise<void>((resolve, reject) => {
      this.#handle.close((error) => (error ? reject(error) : resolve()));
    }).catch(this.#throw);
  }

  #prepare(sql: string): Promise<Prepared> {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const prepared = new Promise<Prepared>((resolve, reject) => {
      const statement = this.#handle.prepare(sql, (error: Error | null) =>
        error ? reject(error) : resolve({ statement, places: placesIn(sql) }),
      );
    }).catch((error: unknown) => {
      this.#prepared.delete(sql);
      return this.#throw(error);
    });
    this.#prepared.set(sql, prepared);
    return prepared;
  }

  readonly #throw = (error: unknown): never => {
    throw meaning(error, this.#file);
  };
}

/** Our SQL has no question mark that is not a place. */
function placesIn(sql: string): number {
  let places = 0;
  for (const [, number] of sql.matchAll(/\?(\d*)/g)) places = number ? Math.max(places, Number(number)) : places + 1;
  return places;
}

function bind(places: number, values: readonly Bound[]): readonly Bound[] {
  if (values.length !== places)
    throw new EdgeError("store.binding", {
      reason: { it: `${values.length} valori per ${places} posti`, en: `${values.length} values for ${places} places` },
    });
  for (const [at, value] of values.entries()) {
    if (value === null || typeof value === "string" || value instanceof Uint8Array) continue;
    const exact =
      typeof value === "number" && Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    const which = `${at + 1}: ${typeof value} ${String(value)}`;
    if (!exact) throw new EdgeError("store.binding", { reason: { it: `valore ${which}`, en: `value ${which}` } });
  }
  return values;
}

const SQLITE: Readonly<Record<string, string>> = {
  SQLITE_BUSY: "base dati occupata",
  SQLITE_CANTOPEN: "il file non si apre",
  SQLITE_CONSTRAINT: "vincolo non rispettato",
  SQLITE_CORRUPT: "file danneggiato",
  SQLITE_FULL: "disco pieno o quota esaurita",
  SQLITE_IOERR: "errore di lettura o scrittura del disco",
  SQLITE_NOTADB: "il file non è una base dati",
  SQLITE_PERM: "permesso negato",
  SQLITE_READONLY: "base dati in sola lettura",
};

/** SQLite's own sentence in English; in Italian what its code means. */
const sqliteReason = (code: string, message: string): Text => {
  const known = Object.hasOwn(SQLITE, code) ? SQLITE[code] : undefined;
  return { it: known === undefined ? message : `${code}: ${known}`, en: message };
};

function meaning(error: unknown, file: string): EdgeError {
  const { code = "", message = String(error) } = error as { readonly code?: string; readonly message?: string };
  const known = MEANING[code];
  return known === undefined
    ? new EdgeError("internal", { message }, error)
    : new EdgeError(known, { file, reason: sqliteReason(code, message) }, error);
}
