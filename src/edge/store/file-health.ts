/** Watches the database file while it is in use, for damage, for removal, and for reads that go on failing. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { pause } from "../../kit/loop/pause.ts";
import type { Mutex } from "../../kit/mutex.ts";
import { watchDamage } from "./database/damage-watch.ts";
import { lockPath } from "./database/file-lock.ts";
import { quickCheck } from "./database/integrity-check.ts";
import { ReplacedFileCheck } from "./database/replaced-file-check.ts";
import type { Database } from "./database/sqlite.ts";
import { BodyScrubber } from "./recovery/body-check.ts";
import type { HeadNotes } from "./recovery/head-notes.ts";

const CHECK_AFTER_MS = 10_000;
/** The whole file, its inner pages included, is checked so often, and a little of what it holds so often. */
const CHECK_EVERY_MS = 86_400_000;
const SCRUB_EVERY_MS = 5000;
/** Reads that are refused for this long, none of them further from the last than this. */
const UNREADABLE_MS = 60_000;
const UNREADABLE_APART_MS = 600_000;

export interface FileHealthOptions {
  readonly file: string;
  readonly clock: Pick<Clock, "mono">;
  readonly log: Log;
  readonly mutex: Mutex;
  readonly notes: HeadNotes;
  /** When this epoch opened, kernel monotonic ms. */
  readonly opened: number;
  /** After an unclean stop the file is checked in the background, this long after opening. */
  readonly checkAfterMs?: number;
  /** Whether this run has stored something. */
  hasStored(): boolean;
}

/** Whether the disk failed. sqlite3 gives only SQLite's primary codes, so nothing finer can be told. */
const isInputError = ({ cause }: EdgeError): boolean =>
  (cause as { readonly code?: string } | undefined)?.code === "SQLITE_IOERR";

export class FileHealth {
  /** Why nothing more is written: the file is damaged, or no longer under its name. Null: it is sound, as far as is known. */
  broken: EdgeError | null = null;
  /** The connection, told of by every statement that meets damage. */
  readonly db: Database;
  readonly #o: FileHealthOptions;
  readonly #scrubber: BodyScrubber;
  readonly #files = new ReplacedFileCheck();
  readonly #closing = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  #checkedAt: number;
  #scrubbedAt = Number.NEGATIVE_INFINITY;
  #committedAt = Number.NEGATIVE_INFINITY;
  /** The first and the last of the reads that the disk refused. */
  #unreadable = { since: Number.NEGATIVE_INFINITY, last: Number.NEGATIVE_INFINITY };

  constructor(db: Database, options: FileHealthOptions) {
    this.#o = options;
    this.#checkedAt = options.opened;
    this.db = watchDamage(db, (error, reading) => this.#met(error, reading));
    this.#scrubber = new BodyScrubber(this.db);
  }

  /** Once, when the files are open. `unclean`: the last run did not close them. */
  async begin(unclean: boolean): Promise<void> {
    const { file } = this.#o;
    await this.#files.remember([file, `${file}-wal`, lockPath(file)]);
    if (unclean) this.#checking = this.#check();
  }

  /** Nothing more is looked at; resolves when the check under way has ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#checking;
  }

  /** A commit became durable. */
  committed(mono: number): void {
    this.#committedAt = mono;
  }

  /** Runs work that reads the file; damage that it meets is noted, whoever asked for it. */
  async telling<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (raw) {
      const error = this.#named(asEdgeError(raw));
      if (error.code === "store.corrupt") await this.#o.mutex.run(() => this.#damaged(error));
      throw error;
    }
  }

  /** The same of what comes piece by piece. */
  async *tellingEach<T>(work: AsyncIterable<T>): AsyncGenerator<T> {
    const each = work[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.telling(each.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** A little of what is stored, and now and then the whole file: damage that nobody reads would be found by the next opening at best. */
  async goRound(mono: number): Promise<void> {
    if (mono - this.#scrubbedAt < SCRUB_EVERY_MS) return;
    this.#scrubbedAt = mono;
    const reason = await this.#o.mutex.run(() => this.#scrubber.scrub());
    const { file } = this.#o;
    if (reason !== null) await this.telling(Promise.reject(new EdgeError("store.corrupt", { file, reason })));
    if (mono - this.#checkedAt < CHECK_EVERY_MS || this.#closing.signal.aborted) return;
    this.#checkedAt = mono;
    this.#checking = this.#check(0);
  }

  /**
   * Inside the mutex. Files that somebody removed or replaced are left as they are now for the next opening, since that was intended. But a WAL that
   * lost its database is first copied into that database and removed: left beside another database, it would be copied into that one, page by page.
   */
  async lookForRemoval(mono: number): Promise<void> {
    if (this.broken !== null || this.#closing.signal.aborted) return;
    const { file, log, notes } = this.#o;
    const missing = await this.#files.gone(mono);
    const truncated = missing === null ? await this.#files.truncated() : null;
    if (truncated !== null) await this.#damaged(truncated);
    if (missing === null) return;
    const gone = new EdgeError("store.gone", { file: missing });
    this.broken = gone;
    log.error("store.gone", { code: gone.code, ...gone.context });
    if (this.#o.hasStored()) await notes.write();
    if (missing !== file) return;
    await this.db.all("PRAGMA wal_checkpoint(PASSIVE)").catch(() => undefined);
    await this.#files.remove(`${file}-wal`).catch(() => undefined);
  }

  /** Inside the mutex. A read that fails may mean a file that was cut, or a spot of the disk that will never be read again. */
  async #met(error: EdgeError, reading: boolean): Promise<EdgeError> {
    const damage = error.code === "store.corrupt" ? error : reading && isInputError(error) ? await this.#refused(error) : null;
    if (damage === null) return error;
    await this.#damaged(damage);
    return damage;
  }

  /** A disk that still writes, and whose reads go on failing, has a spot that is lost. */
  async #refused({ context }: EdgeError): Promise<EdgeError | null> {
    const truncated = await this.#files.truncated();
    if (truncated !== null) return truncated;
    const mono = this.#o.clock.mono();
    const { since, last } = this.#unreadable;
    this.#unreadable = { since: mono - last > UNREADABLE_APART_MS ? mono : since, last: mono };
    const lasting = mono - this.#unreadable.since >= UNREADABLE_MS && this.#committedAt > this.#unreadable.since;
    return lasting ? new EdgeError("store.corrupt", { ...context, file: this.#o.file }) : null;
  }

  async #check(afterMs = this.#o.checkAfterMs ?? CHECK_AFTER_MS): Promise<void> {
    const { file, log, mutex } = this.#o;
    await pause(afterMs, this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    const reason = await quickCheck(file, this.#closing.signal);
    if (reason === null) log.debug("store.checked", { file });
    else await mutex.run(() => this.#damaged(new EdgeError("store.corrupt", { file, reason })));
  }

  /** Adds the file's name: whoever decodes a body does not know it. */
  #named(error: EdgeError): EdgeError {
    if (error.code !== "store.corrupt") return error;
    return new EdgeError(error.code, { ...error.context, file: this.#o.file }, error.cause);
  }

  async #damaged(met: EdgeError): Promise<void> {
    const { notes, log } = this.#o;
    if (notes.suspect || this.#closing.signal.aborted) return;
    const error = this.#named(met);
    const { code } = error;
    this.broken ??= error;
    notes.suspect = true;
    log.error("store.damaged", { code, ...error.context });
    await notes.write();
  }
}
