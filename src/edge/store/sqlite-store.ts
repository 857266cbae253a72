/** The store on SQLite: commits whole or not at all, reads in the order of the numbers, and goes on where the disk fails. */
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import { Mutex } from "../../kit/mutex.ts";
import type { EdgeEvent, EpochInfo, Segment, Stream, StreamState } from "../../model/index.ts";
import { COMMIT, type Prepared, prepare } from "./commit-statement.ts";
import { BALLAST_BYTES, Ballast } from "./database/ballast.ts";
import { type OpenFile, setLimit, WAL_BYTES } from "./database/database-file.ts";
import type { Database } from "./database/sqlite.ts";
import { FileHealth } from "./file-health.ts";
import { Housekeeper, NOTHING_TENDED } from "./housekeeping/housekeeper.ts";
import { type Loaded, loadEntry } from "./load.ts";
import type { HeadFile, KnownHeads } from "./recovery/head-file.ts";
import { HeadNotes } from "./recovery/head-notes.ts";
import { formerOf, nextEpoch } from "./recovery/next-epoch.ts";
import type { UnstoredNote } from "./recovery/unstored-note.ts";
import type { Commit, InboxRow, Lost, Store, StoredEvent, StoredRecord, Tended, Waiting, WriteLimit } from "./store.ts";
import { quotaOf, reserveOf, type StoreOptions } from "./store-options.ts";
import { type HistoryFilter, readEvents, readHistory, readSegments, readUrgent } from "./stored-reads.ts";
import { type Epoch, StreamIndex } from "./stream-index.ts";

export interface Opened extends OpenFile {
  readonly loaded: Loaded;
  readonly cause: "start" | "created" | "salvaged";
}

/** What is known beside the file. */
export interface Beside {
  readonly headFile: HeadFile | null;
  readonly note: UnstoredNote;
  readonly unstored: readonly KnownHeads[];
  readonly lost: readonly Lost[];
}

export class SqliteStore implements Store {
  readonly file: string;
  readonly epoch: EpochInfo;
  readonly formerEnd: Store["formerEnd"];
  readonly saved: ReadonlyMap<string, unknown>;
  readonly inbox: ReadonlyMap<string, InboxRow>;
  readonly historyLost: boolean;
  readonly reserveBytes: number;
  readonly lost: readonly Lost[];
  readonly #o: StoreOptions;
  readonly #lock: Database;
  readonly #db: Database;
  readonly #mutex = new Mutex();
  readonly #epoch: Epoch;
  readonly #index: StreamIndex;
  readonly #ballast: Ballast;
  readonly #housekeeper: Housekeeper;
  readonly #health: FileHealth;
  readonly #notes: HeadNotes;
  readonly #unclean: boolean;
  #closed: Promise<void> | null = null;
  /** Something of this run is in the file. */
  #stored = false;
  /** The last statement has not come back, or failed: the file may hold more than is known. */
  #unsure = false;
  /** What was to follow a commit and failed. */
  readonly #owed = new Map<string, () => Promise<void>>();

  constructor(options: StoreOptions, lock: Database, opened: Opened, { headFile, note, unstored, lost }: Beside) {
    const { loaded, unclean, layout, cause } = opened;
    const { file, keepMs, clock, log, walBytes = WAL_BYTES, kindOf = () => undefined } = options;
    const epoch = nextEpoch(loaded, headFile, unstored, cause, clock);
    this.file = file;
    this.lost = lost;
    this.#o = options;
    this.reserveBytes = reserveOf(options);
    this.#lock = lock;
    this.#epoch = epoch;
    this.#unclean = unclean;
    const mutex = this.#mutex;
    const index = new StreamIndex(loaded.entries, epoch);
    const notes = new HeadNotes({ file, epoch, index, unstored: note, log });
    const hasStored = () => this.#stored;
    const { opened: since } = epoch;
    const checkAfter = options.checkAfterMs === undefined ? {} : { checkAfterMs: options.checkAfterMs };
    this.#health = new FileHealth(opened.db, { file, clock, log, mutex, notes, opened: since, ...checkAfter, hasStored });
    this.#index = index;
    this.#notes = notes;
    this.#db = this.#health.db;
    this.#ballast = new Ballast(file, options.ballastBytes ?? BALLAST_BYTES);
    this.#housekeeper = new Housekeeper(
      {
        db: this.#db,
        mutex,
        index,
        epoch,
        ballast: this.#ballast,
        quotaBytes: quotaOf(options),
        reserveBytes: this.reserveBytes,
        keepMs,
        walBytes,
        layout,
        kindOf,
        running: (mono) => this.running(mono),
        note: () => (this.#stored ? notes.write() : Promise.resolve()),
      },
      unclean,
    );
    const { ran0: _, ...info } = epoch;
    this.epoch = { ...info, former: formerOf(loaded, headFile) };
    this.formerEnd = loaded.formerEnd;
    this.saved = loaded.saved;
    this.inbox = loaded.inbox;
    this.historyLost = epoch.cause !== "start";
  }

  async begin(): Promise<void> {
    await this.#housekeeper.measure();
    await this.#health.begin(this.#unclean);
    await this.#ballast.lay().catch(() => undefined);
  }

  running(mono: number): number {
    return this.#epoch.ran0 + Math.max(0, mono - this.#epoch.opened);
  }

  commit(commit: Commit, limit: WriteLimit = "quota"): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.broken !== null) throw this.broken;
      if (this.#unsure) await this.#learnStored();
      const prepared = prepare(commit, this.#epoch, !this.#stored, this.#index);
      await this.#within(limit, commit, () => {
        this.#unsure = true;
        return this.#run(prepared);
      });
      this.#unsure = false;
      const first = !this.#stored;
      this.#stored = true;
      const mono = this.#o.clock.mono();
      this.#health.committed(mono);
      prepared.apply();
      this.#housekeeper.wrote(prepared.bytes, commit, mono);
      // Durable: nothing from here on may reject, or it would be committed a second time, and refused.
      if (limit === "reserve") await this.#follow("limit", () => this.#backToQuota());
      for (const entry of prepared.cut)
        await this.#follow(`oldest ${entry.epoch.id} ${entry.stream}`, () => this.#housekeeper.findOldest(entry));
      if (!first) return;
      await this.#notes.write();
      // The first commit of a run holds the `ledger.gap` events for the losses of earlier runs, so these are named now.
      this.#notes.named();
    });
  }

  /** The disk may have written what it reported as failed: reads in the file what is there. */
  async #learnStored(): Promise<void> {
    const { n } = this.#epoch;
    this.#stored ||= (await this.#db.all("SELECT n FROM epochs WHERE n = ?", [n])).length > 0;
    for (const entry of this.#index.entries.filter(({ epoch }) => epoch === this.#epoch)) {
      const { head } = (await loadEntry(this.#db, this.#epoch, entry.stream)).entry;
      if (head <= entry.head) continue;
      entry.head = head;
      await this.#housekeeper.findOldest(entry);
    }
    this.#unsure = false;
  }

  /** What fails here is done again at the next housekeeping. */
  async #follow(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#owed.delete(what);
    } catch (raw) {
      this.#owed.set(what, work);
      const { code, context } = asEdgeError(raw);
      this.#o.log.warn("store.follow-failed", { code, ...context, what });
    }
  }

  /** The limit of the file, and what is in use while the file is larger than that. */
  async #backToQuota(): Promise<void> {
    await setLimit(this.#db, quotaOf(this.#o));
    await this.#housekeeper.measure();
  }

  /**
   * The limit of the file is the quota, and for some commits the reserve above it. A file that has grown into the reserve cannot be limited to less
   * than it is: then what is in use is counted, so that the reserve is free again for the next of those commits.
   */
  async #within(limit: WriteLimit, commit: Commit, work: () => Promise<void>): Promise<void> {
    if (limit === "quota") {
      if (!this.#housekeeper.fits(commit)) throw new EdgeError("store.full", { file: this.file });
      return work();
    }
    await setLimit(this.#db, quotaOf(this.#o) + this.reserveBytes);
    try {
      await work();
    } catch (error) {
      await this.#follow("limit", () => this.#backToQuota());
      throw error;
    }
  }

  /** Once more when the file system was full and the ballast made room. */
  async #run(prepared: Prepared): Promise<void> {
    try {
      await this.#db.run(COMMIT, prepared.values);
    } catch (raw) {
      const error = asEdgeError(raw);
      const disk = error.code === "store.full" || error.code === "store.unwritable";
      if (!disk || !(await this.#ballast.free().catch(() => false))) throw error;
      this.#o.log.warn("store.ballast-freed", { code: error.code, ...error.context });
      await this.#db.run(COMMIT, prepared.values);
    }
  }

  get broken(): EdgeError | null {
    return this.#health.broken;
  }

  async unstored(given: Readonly<Record<Stream, number>> | null): Promise<void> {
    this.#notes.unstored(given);
    if (this.#notes.suspect) await this.#mutex.run(() => this.#notes.write());
  }

  streams(): readonly StreamState[] {
    return this.#index.streams();
  }

  heads(epoch: string): Readonly<Record<Stream, number>> {
    return this.#index.heads(epoch);
  }

  knows(epoch: string): boolean {
    return this.#index.entry(epoch, "events") !== undefined;
  }

  async read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]> {
    const entry = this.#index.entry(epoch, stream);
    if (entry === undefined || from > entry.head) return [];
    return this.#health.telling(
      this.#mutex.run(() => readSegments(this.#db, entry.epoch, stream, [from, to], maxBytes, this.#o.clock.boot)),
    );
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#health.telling(this.#mutex.run(() => readUrgent(this.#db, this.#epoch.id)));
  }

  history(filter: HistoryFilter): AsyncIterable<StoredRecord> {
    const opened = new Map(this.#index.entries.map(({ epoch }) => [epoch.n, epoch.opened]));
    return this.#health.tellingEach(
      readHistory((sql, values) => this.#mutex.run(() => this.#db.all(sql, values)), opened, filter),
    );
  }

  events(filter: { readonly sinceWall?: number; readonly limit?: number }): AsyncIterable<StoredEvent> {
    return this.#health.tellingEach(readEvents((sql, values) => this.#mutex.run(() => this.#db.all(sql, values)), filter));
  }

  get tendDue(): boolean {
    return this.broken === null && this.#housekeeper.due;
  }

  async tend(mono: number, waiting?: Waiting): Promise<Tended> {
    await this.#mutex.run(() => this.#health.lookForRemoval(mono));
    for (const [what, work] of [...this.#owed]) await this.#mutex.run(() => this.#follow(what, work));
    if (this.broken !== null) return NOTHING_TENDED;
    const tended = await this.#health.telling(this.#housekeeper.tend(mono, waiting));
    await this.#health.goRound(mono);
    return tended;
  }

  size(): { readonly bytes: number; readonly quotaBytes: number; readonly unacknowledged: number } {
    return { bytes: this.#housekeeper.used, quotaBytes: quotaOf(this.#o), unacknowledged: this.#index.unacknowledged() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#health.close();
    await this.#mutex.run(async () => {
      try {
        if (this.#stored) await this.#notes.write();
      } finally {
        await this.#db.close().finally(() => this.#lock.close());
      }
    });
  }
}
