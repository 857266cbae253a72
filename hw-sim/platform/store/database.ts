/** The platform's SQLite: promises, one transaction at a time; nothing shared with the gateway's store. */
import sqlite3 from "sqlite3";

export type Bind = string | number | null;
export type Row = Readonly<Record<string, string | number | null>>;

/** Statements that belong together: run inside one transaction. */
export interface Transaction {
  run(sql: string, ...bind: readonly Bind[]): Promise<void>;
  all(sql: string, ...bind: readonly Bind[]): Promise<readonly Row[]>;
}

export class Database implements Transaction {
  readonly #db: sqlite3.Database;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(db: sqlite3.Database) {
    this.#db = db;
  }

  /** `readonly`: another process is the writer. */
  static async open(file: string, mode: "writer" | "readonly"): Promise<Database> {
    const flags = mode === "writer" ? sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE : sqlite3.OPEN_READONLY;
    const db = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened: sqlite3.Database = new sqlite3.Database(file, flags, (error) => (error ? reject(error) : resolve(opened)));
    });
    db.configure("busyTimeout", 2000);
    return new Database(db);
  }

  run(sql: string, ...bind: readonly Bind[]): Promise<void> {
    return new Promise((resolve, reject) => this.#db.run(sql, bind, (error) => (error ? reject(error) : resolve())));
  }

  /** Several statements without parameters. */
  script(sql: string): Promise<void> {
    return new Promise((resolve, reject) => this.#db.exec(sql, (error) => (error ? reject(error) : resolve())));
  }

  all(sql: string, ...bind: readonly Bind[]): Promise<readonly Row[]> {
    return new Promise((resolve, reject) =>
      this.#db.all<Row>(sql, bind, (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  }

  /** Everything in `work` becomes true together, or nothing of it; `committed` runs before the next one begins. They queue: there is one connection. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, committed?: (result: T) => void): Promise<T> {
    const done = this.#last.then(async () => {
      await this.run("BEGIN IMMEDIATE");
      try {
        const result = await work(this);
        await this.run("COMMIT");
        committed?.(result);
        return result;
      } catch (error) {
        // A full disk has already rolled back by itself: then there is nothing to undo.
        await this.run("ROLLBACK").catch(() => undefined);
        throw error;
      }
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await new Promise<void>((resolve) => this.#db.close(() => resolve()));
  }
}
