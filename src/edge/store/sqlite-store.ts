/** A path and a quota go in; the gateway's one durable place comes out: commits whole or not at all, reads in order, keeps its own house. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { pause } from "../../kit/loop/pause.ts";
import { Mutex } from "../../kit/mutex.ts";
import type { EdgeEvent, EpochInfo, Segment, Stream, StreamState } from "../../model/index.ts";
import type { KindOf } from "../segments/thin.ts";
import { COMMIT, type Prepared, prepare } from "./commit-statement.ts";
import { BALLAST_BYTES, Ballast } from "./database/ballast.ts";
import { watchDamage } from "./database/damage-watch.ts";
import { makeFolder, type OpenFile, openFile, setLimit, WAL_BYTES } from "./database/database-file.ts";
import { lockFor, lockPath } from "./database/file-lock.ts";
import { quickCheck } from "./database/integrity-check.ts";
import { realFile } from "./database/real-path.ts";
import { ReplacedFileCheck } from "./database/replaced-file-check.ts";
import type { Database } from "./database/sqlite.ts";
import { Housekeeper } from "./housekeeping/housekeeper.ts";
import { type Loaded, load, loadEntry } from "./load.ts";
import { BodyScrubber } from "./recovery/body-check.ts";
import { type HeadFile, type KnownHeads, readHeadFile, writeHeadFile } from "./recovery/head-file.ts";
import { lostOf } from "./recovery/lost-numbers.ts";
import { formerOf, nextEpoch, notedOf } from "./recovery/next-epoch.ts";
import { salvage, setAside } from "./recovery/quarantine.ts";
import { UnstoredNote } from "./recovery/unstored-note.ts";
import type { Commit, InboxRow, Lost, Store, StoredEvent, StoredRecord, Tended, Waiting, WriteLimit } from "./store.ts";
import { type HistoryFilter, readEvents, readHistory, readSegments, readUrgent } from "./stored-reads.ts";
import { type Epoch, StreamIndex } from "./stream-index.ts";

export interface StoreOptions {
  readonly file: string;
  readonly quotaMB: number;
  /** How long acknowledged history stays, in running time. */
  readonly keepMs: number;
  readonly clock: Pick<Clock, "mono" | "boot">;
  readonly log: Log;
  /** What may be left out of a point when the quota is reached; unknown: numbers are gauges. */
  readonly kindOf?: KindOf;
  /** How long another gateway on the file, or a busy file, is waited for. */
  readonly lockWaitMs?: number;
  /** Size to which the WAL is grown before use, and at which it is copied into the database. */
  readonly walBytes?: number;
  /** Size of the file that is given up when the file system is full. */
  readonly ballastBytes?: number;
  /** After an unclean stop the file is checked in the background, this long after opening. */
  readonly checkAfterMs?: number;
  /** A folder that outlives the process and lies on no card: for what a disk that cannot be written never saw. */
  readonly runtime?: string | undefined;
  /** What stands between the store and its file: a test's disk that says no to one statement. */
  readonly through?: (db: Database) => Database;
}

/** Above the quota: a share of it, at most so much. */
const RESERVE_MOST = 8 * 2 ** 20;
const RESERVE_SHARE = 1 / 8;
/** Former epochs whose ends are noted beside the file. */
const MOST_KNOWN = 100;
const LOCK_WAIT_MS = 5000;
const CHECK_AFTER_MS = 10_000;
/** The whole file, its inner pages included, is checked so often, and a little of what it holds so often. */
const CHECK_EVERY_MS = 86_400_000;
const ROUND_EVERY_MS = 5000;
/** Reads that are refused for this long, none of them further from the last than this. */
const UNREADABLE_MS = 60_000;
const UNREADABLE_APART_MS = 600_000;

/** Errors: `store.locked`, `store.newer`, `store.unwritable`, `store.full`, `native.missing`. Damage is no error: it is set aside. */
export async function openStore(asked: StoreOptions): Promise<Store> {
  const file = await realFile(asked.file);
  const options = { ...asked, file };
  await makeFolder(file);
  const lock = await lockFor(file, options.lockWaitMs ?? LOCK_WAIT_MS);
  try {
    const headFile = await readHeadFile(file);
    const given = new UnstoredNote(options.runtime, { file, boot: options.clock.boot });
    const opened = await openSound(options, headFile);
    try {
      const unstored = given.read();
      const known = [...notedOf(opened.loaded, headFile, opened.cause), ...unstored];
      const lost = await lostOf(opened.db, opened.loaded, known, opened.cause === "salvaged");
      const store = new SqliteStore(options, lock, opened, { headFile, given, unstored, lost });
      await store.begin();
      return store;
    } catch (error) {
      await opened.db.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    await lock.close();
    throw error;
  }
}

interface Opened extends OpenFile {
  readonly loaded: Loaded;
  readonly cause: "start" | "created" | "salvaged";
}

const DAMAGE: ReadonlySet<string> = new Set(["store.corrupt", "internal"]);

/** The file as it is, or, where it is damaged, a new one with what could be read of it. */
async function openSound(options: StoreOptions, headFile: HeadFile | null): Promise<Opened> {
  const { file, quotaMB, lockWaitMs = LOCK_WAIT_MS, walBytes = WAL_BYTES, log, through = (db) => db } = options;
  const quotaBytes = quotaMB * 2 ** 20;
  const open = async () => {
    const opened = await openFile({ file, quotaBytes, lockWaitMs, walBytes });
    return { ...opened, db: through(opened.db) };
  };
  if (headFile?.suspect !== true) {
    try {
      const opened = await open();
      return { ...opened, loaded: await loadOrClose(opened.db), cause: opened.created ? "created" : "start" };
    } catch (raw) {
      const error = asEdgeError(raw);
      if (!DAMAGE.has(error.code)) throw error;
      log.error("store.damaged", { code: error.code, ...error.context });
    }
  }
  // Until what is missing has been named in the new file, an interrupted opening must begin anew.
  await writeHeadFile(file, { ...(headFile ?? { n: 0, epoch: "", readings: 0, events: 0, known: [] }), suspect: true });
  const aside = await setAside(file, quotaBytes);
  const opened = await open();
  // What was read of a full file must find room.
  await setLimit(opened.db, quotaBytes + reserveOf(quotaBytes));
  const rows = await salvage(aside, opened.db, log);
  await setLimit(opened.db, quotaBytes);
  log.error("store.salvaged", { code: "store.corrupt", file, aside, ...rows });
  return { ...opened, loaded: await loadOrClose(opened.db), cause: "salvaged" };
}

/** The package says no more than that (its codes are the primary ones). */
const isOfInput = ({ cause }: EdgeError): boolean => (cause as { readonly code?: string } | undefined)?.code === "SQLITE_IOERR";

const reserveOf = (quotaBytes: number): number => Math.min(RESERVE_MOST, quotaBytes * RESERVE_SHARE);

async function loadOrClose(db: Database): Promise<Loaded> {
  try {
    return await load(db);
  } catch (error) {
    await db.close().catch(() => undefined);
    throw error;
  }
}

/** What is known beside the file. */
interface Beside {
  readonly headFile: HeadFile | null;
  readonly given: UnstoredNote;
  readonly unstored: readonly KnownHeads[];
  readonly lost: readonly Lost[];
}

class SqliteStore implements Store {
  readonly file: string;
  readonly epoch: EpochInfo;
  readonly formerEnd: Store["formerEnd"];
  readonly saved: ReadonlyMap<string, unknown>;
  readonly inbox: ReadonlyMap<string, InboxRow>;
  readonly historyLost: boolean;
  readonly reserveBytes: number;
  readonly lost: readonly Lost[];
  readonly #given: UnstoredNote;
  readonly #round: BodyScrubber;
  readonly #o: StoreOptions;
  readonly #lock: Database;
  readonly #db: Database;
  readonly #mutex = new Mutex();
  readonly #epoch: Epoch;
  readonly #index: StreamIndex;
  readonly #ballast: Ballast;
  readonly #housekeeper: Housekeeper;
  readonly #closing = new AbortController();
  readonly #unclean: boolean;
  #checking: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;
  #stored = false;
  /** The last statement has not come back, or failed. */
  #unsure = false;
  /** What was to follow a commit and failed. */
  readonly #owed = new Map<string, () => Promise<void>>();
  readonly #inPlace = new ReplacedFileCheck();
  /** Nothing more is written: the file is damaged, or no longer under its name. */
  #broken: EdgeError | null = null;
  /** Damaged: the next opening sets the file aside. */
  #suspect = false;
  /** Numbers given out, where they are more than what is stored. */
  #most: Readonly<Record<Stream, number>> | null = null;
  #checkedAt: number;
  #roundAt = Number.NEGATIVE_INFINITY;
  #committedAt = Number.NEGATIVE_INFINITY;
  /** The first and the last of the reads that the disk refused. */
  #unreadable = { since: Number.NEGATIVE_INFINITY, last: Number.NEGATIVE_INFINITY };

  constructor(options: StoreOptions, lock: Database, opened: Opened, { headFile, given, unstored, lost }: Beside) {
    const { loaded, unclean, layout, cause } = opened;
    const db = watchDamage(opened.db, (error, reading) => this.#met(error, reading));
    const epoch = nextEpoch(loaded, headFile, unstored, cause, options.clock);
    this.file = options.file;
    this.#given = given;
    this.lost = lost;
    const { quotaMB, keepMs, walBytes = WAL_BYTES, kindOf = () => undefined } = options;
    this.#o = options;
    this.reserveBytes = reserveOf(quotaMB * 2 ** 20);
    this.#lock = lock;
    this.#db = db;
    this.#epoch = epoch;
    this.#unclean = unclean;
    this.#index = new StreamIndex(loaded.entries, epoch);
    this.#round = new BodyScrubber(db);
    this.#checkedAt = epoch.opened;
    this.#ballast = new Ballast(options.file, options.ballastBytes ?? BALLAST_BYTES);
    this.#housekeeper = new Housekeeper(
      {
        db,
        mutex: this.#mutex,
        index: this.#index,
        epoch,
        ballast: this.#ballast,
        quotaBytes: quotaMB * 2 ** 20,
        reserveBytes: this.reserveBytes,
        keepMs,
        walBytes,
        layout,
        kindOf,
        running: (mono) => this.running(mono),
        note: () => (this.#stored ? this.#note() : Promise.resolve()),
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
    const { file } = this.#o;
    await this.#inPlace.remember([file, `${file}-wal`, lockPath(file)]);
    await this.#ballast.lay().catch(() => undefined);
    if (this.#unclean) this.#checking = this.#check();
  }

  running(mono: number): number {
    return this.#epoch.ran0 + Math.max(0, mono - this.#epoch.opened);
  }

  commit(commit: Commit, room: WriteLimit = "quota"): Promise<void> {
    return this.#mutex.run(async () => {
      if (this.#broken !== null) throw this.#broken;
      if (this.#unsure) await this.#learn();
      const prepared = prepare(commit, this.#epoch, !this.#stored, this.#index);
      await this.#within(room, commit, () => {
        this.#unsure = true;
        return this.#run(prepared);
      });
      this.#unsure = false;
      const first = !this.#stored;
      this.#stored = true;
      this.#committedAt = this.#o.clock.mono();
      prepared.apply();
      this.#housekeeper.wrote(prepared.bytes, commit, this.#o.clock.mono());
      // Durable: nothing from here on may reject, or it would be committed a second time, and refused.
      if (room === "reserve") await this.#follow("limit", () => this.#backToQuota());
      for (const entry of prepared.cut)
        await this.#follow(`oldest ${entry.epoch.id} ${entry.stream}`, () => this.#housekeeper.findOldest(entry));
      if (!first) return;
      await this.#note();
      // Its ledger was the first thing that this run stored.
      this.#given.named();
    });
  }

  /** The disk may have done what it said had failed: the file tells. */
  async #learn(): Promise<void> {
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
    await setLimit(this.#db, this.#o.quotaMB * 2 ** 20);
    await this.#housekeeper.measure();
  }

  get broken(): EdgeError | null {
    return this.#broken;
  }

  async unstored(given: Readonly<Record<Stream, number>> | null): Promise<void> {
    this.#given.note(this.#epoch, given);
    this.#most = given;
    if (this.#suspect) await this.#mutex.run(() => this.#note());
  }

  streams(): readonly StreamState[] {
    return this.#index.streams();
  }

  heads(epoch: string): Readonly<Record<Stream, number>> {
    const head = (stream: Stream): number => this.#index.entry(epoch, stream)?.head ?? 0;
    return { readings: head("readings"), events: head("events") };
  }

  knows(epoch: string): boolean {
    return this.#index.entry(epoch, "events") !== undefined;
  }

  async read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]> {
    const entry = this.#index.entry(epoch, stream);
    if (entry === undefined || from > entry.head) return [];
    return this.#hearing(
      this.#mutex.run(() => readSegments(this.#db, entry.epoch, stream, [from, to], maxBytes, this.#o.clock.boot)),
    );
  }

  urgentPending(): Promise<readonly EdgeEvent[]> {
    return this.#hearing(this.#mutex.run(() => readUrgent(this.#db, this.#epoch.id)));
  }

  history(filter: HistoryFilter): AsyncIterable<StoredRecord> {
    const opened = new Map(this.#index.entries.map(({ epoch }) => [epoch.n, epoch.opened]));
    return this.#telling(readHistory((sql, values) => this.#mutex.run(() => this.#db.all(sql, values)), opened, filter));
  }

  events(filter: { readonly sinceWall?: number; readonly limit?: number }): AsyncIterable<StoredEvent> {
    return this.#telling(readEvents((sql, values) => this.#mutex.run(() => this.#db.all(sql, values)), filter));
  }

  get tendDue(): boolean {
    return this.#broken === null && this.#housekeeper.due;
  }

  async tend(mono: number, waiting?: Waiting): Promise<Tended> {
    await this.#mutex.run(() => this.#look(mono));
    for (const [what, work] of [...this.#owed]) await this.#mutex.run(() => this.#follow(what, work));
    if (this.#broken !== null) return { checkpointed: false, deleted: 0, shed: [] };
    const tended = await this.#hearing(this.#housekeeper.tend(mono, waiting));
    await this.#goRound(mono);
    return tended;
  }

  size(): { readonly bytes: number; readonly quotaBytes: number; readonly unacknowledged: number } {
    const unacknowledged = this.#index.unacknowledged();
    return { bytes: this.#housekeeper.used, quotaBytes: this.#o.quotaMB * 2 ** 20, unacknowledged };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#checking;
    await this.#mutex.run(async () => {
      try {
        if (this.#stored) await this.#note();
      } finally {
        await this.#db.close().finally(() => this.#lock.close());
      }
    });
  }

  /**
   * The limit of the file is the quota, and for some commits the reserve above it. A file that has grown into the reserve cannot be limited to less
   * than it is: then what is in use is counted, so that the reserve is free again for the next of those commits.
   */
  async #within(room: WriteLimit, commit: Commit, work: () => Promise<void>): Promise<void> {
    const quota = this.#o.quotaMB * 2 ** 20;
    if (room === "quota") {
      if (!this.#housekeeper.fits(commit)) throw new EdgeError("store.full", { file: this.#o.file });
      return work();
    }
    await setLimit(this.#db, quota + this.reserveBytes);
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

  /** A little of what is stored, and now and then the whole file: damage that nobody reads would be found by the next opening at best. */
  async #goRound(mono: number): Promise<void> {
    if (mono - this.#roundAt < ROUND_EVERY_MS) return;
    this.#roundAt = mono;
    const reason = await this.#mutex.run(() => this.#round.look());
    const { file } = this.#o;
    if (reason !== null) await this.#hearing(Promise.reject(new EdgeError("store.corrupt", { file, reason })));
    if (mono - this.#checkedAt < CHECK_EVERY_MS || this.#closing.signal.aborted) return;
    this.#checkedAt = mono;
    this.#checking = this.#check(0);
  }

  /** Of work that met damage the file is told: whoever read it. */
  async #hearing<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (raw) {
      const error = this.#named(asEdgeError(raw));
      if (error.code === "store.corrupt") await this.#mutex.run(() => this.#damaged(error));
      throw error;
    }
  }

  async *#telling<T>(told: AsyncIterable<T>): AsyncGenerator<T> {
    const each = told[Symbol.asyncIterator]();
    for (;;) {
      const next = await this.#hearing(each.next());
      if (next.done) return;
      yield next.value;
    }
  }

  /** Inside a turn. A read that fails may mean a file that was cut, or a spot of the disk that will never be read again. */
  async #met(error: EdgeError, reading: boolean): Promise<EdgeError> {
    const damage = error.code === "store.corrupt" ? error : reading && isOfInput(error) ? await this.#refused(error) : null;
    if (damage === null) return error;
    await this.#damaged(damage);
    return damage;
  }

  /** A disk that still writes, and whose reads go on failing, has a spot that is lost. */
  async #refused({ context }: EdgeError): Promise<EdgeError | null> {
    const cut = await this.#inPlace.cut();
    if (cut !== null) return cut;
    const mono = this.#o.clock.mono();
    const { since, last } = this.#unreadable;
    this.#unreadable = { since: mono - last > UNREADABLE_APART_MS ? mono : since, last: mono };
    const lasting = mono - this.#unreadable.since >= UNREADABLE_MS && this.#committedAt > this.#unreadable.since;
    return lasting ? new EdgeError("store.corrupt", { ...context, file: this.#o.file }) : null;
  }

  async #check(checkAfterMs = this.#o.checkAfterMs ?? CHECK_AFTER_MS): Promise<void> {
    const { file } = this.#o;
    await pause(checkAfterMs, this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    const reason = await quickCheck(file, this.#closing.signal);
    if (reason === null) this.#o.log.debug("store.checked", { file });
    else await this.#mutex.run(() => this.#damaged(new EdgeError("store.corrupt", { file, reason })));
  }

  /**
   * Whoever removed or replaced the files meant it: what is there now is left for the next opening. But the WAL goes, into its own database
   * wherever that is now: beside another one it would be copied into that, page by page.
   */
  async #look(mono: number): Promise<void> {
    if (this.#broken !== null || this.#closing.signal.aborted) return;
    const gone = await this.#inPlace.gone(mono);
    const cut = gone === null ? await this.#inPlace.cut() : null;
    if (cut !== null) await this.#damaged(cut);
    if (gone === null) return;
    this.#broken = gone;
    this.#o.log.error("store.gone", { code: gone.code, ...gone.context });
    if (this.#stored) await this.#note();
    if (gone.context["file"] !== this.#o.file) return;
    await this.#db.all("PRAGMA wal_checkpoint(PASSIVE)").catch(() => undefined);
    await this.#inPlace.remove(`${this.#o.file}-wal`).catch(() => undefined);
  }

  /** What reads a body knows no file. */
  #named(error: EdgeError): EdgeError {
    if (error.code !== "store.corrupt") return error;
    return new EdgeError(error.code, { ...error.context, file: this.file }, error.cause);
  }

  async #damaged(met: EdgeError): Promise<void> {
    if (this.#suspect || this.#closing.signal.aborted) return;
    const error = this.#named(met);
    const { code } = error;
    this.#broken ??= error;
    this.#suspect = true;
    this.#o.log.error("store.damaged", { code, ...error.context });
    await this.#note();
  }

  /** Beside the file: what it must hold at least, so that an older copy is recognised. Never fails a commit that is durable already. */
  async #note(): Promise<void> {
    const of = ({ n, id }: Epoch): KnownHeads => ({ n, epoch: id, ...this.heads(id) });
    const open = new Set(this.#index.entries.filter(({ head, upTo }) => upTo < head).map(({ epoch }) => epoch));
    open.delete(this.#epoch);
    const own = of(this.#epoch);
    // Only of a damaged file: of a sound one that holds less it would be said that an older copy came back.
    const given = this.#suspect && this.#most !== null ? this.#most : own;
    const headFile: HeadFile = {
      ...own,
      readings: Math.max(own.readings, given.readings),
      events: Math.max(own.events, given.events),
      suspect: this.#suspect,
      known: [...open].slice(-MOST_KNOWN).map(of),
    };
    await writeHeadFile(this.#o.file, headFile).catch((cause: unknown) => this.#o.log.warn("store.note-failed", { cause }));
  }
}
