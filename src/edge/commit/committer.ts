/** Commits what the buffer has collected, again and again: whole, in order, and into the reserve where the file is full. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { doubling } from "../../kit/loop/backoff.ts";
import { pause } from "../../kit/loop/pause.ts";
import type { Heartbeat } from "../../kit/loop/watchdog.ts";
import type { EdgeEvent, EventDraft, Stream } from "../../model/index.ts";
import { commitBytes, refusalBytes } from "../store/housekeeping/commit-size.ts";
import type { Commit, Shed, Store } from "../store/store.ts";
import { type Content, dropUnsound, emptyContent, isUrgent, joined, takeStored, weightOf } from "./buffer-content.ts";
import type { Deadline } from "./deadline.ts";
import { type Committed, commitOf, committedOf, encodable, marksOnly } from "./encode-commit.ts";
import { draftOf, type Loss, lighten, purge, withoutRefusals } from "./loss-ledger.ts";

const retryWait = doubling(250, 5000);
const TEND_EVERY_MS = 5000;
/** A commit, also the last one at a stop, that has not returned after this time may never return. */
const HANGING_MS = 10_000;
/** A store that nobody wrote to for this long is asked to write: a disk that fails must be known before an alarm needs it. */
const PROVE_EVERY_MS = 30_000;
/** Errors of the disk: a restart would not cure them, and would lose what waits in memory. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["store.full", "store.unwritable"]);
/** Errors of the file itself: trying again in this run cannot help. */
const OF_THE_FILE: ReadonlySet<string> = new Set(["store.corrupt", "store.gone"]);

/** The store, and what the buffer lets its committer do. */
export interface CommitterOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Hash of the catalog in force. */
  readonly cat: string;
  readonly deadline: Deadline;
  /** The last numbers given out. */
  readonly given: Readonly<Record<Stream, number>>;
  /** Numbers of `ledger.gap` events that were widened after a commit of them was tried: the disk may hold the narrower ones. */
  readonly widened: Set<number>;
  /** What is collected now. */
  open(): Content;
  /** From now on this collects; answers what did before. */
  reopen(content: Content): Content;
  followClock(): void;
  /** Names a loss in what is open. */
  lose(loss: Loss): void;
  shed(shed: Shed): void;
  /** Commands that the inbox holds no more. */
  forgotten(commands: readonly string[]): void;
  raise(draft: EventDraft): void;
  save(key: string, value: unknown): void;
  /** Called in order, for each commit that is durable. */
  durable(content: Content, committed: Committed): void;
  /** An urgent event that could not be stored. */
  notStored(event: EdgeEvent): void;
}

export class Committer {
  /** Why the last commit failed; null: it did not. */
  failure: EdgeError | null = null;
  /** What is being committed. */
  closing: Content | null = null;
  /** Why nothing more can become durable in this run; null: it can. */
  over: EdgeError | null = null;
  readonly #o: CommitterOptions;
  /** The file is lost: this run can store nothing more. */
  #lost: EdgeError | null = null;
  /** The last commit did not fit into the file: the next one is written into the reserve. */
  #full = false;
  #leaving = false;
  #tended = Number.NEGATIVE_INFINITY;
  /** The last housekeeping goes on or failed: the next takes its turn, however full the WAL is. */
  #untended = false;
  #written: number;
  #heartbeat: Heartbeat | null = null;

  constructor(options: CommitterOptions) {
    this.#o = options;
    this.#written = options.clock.mono();
  }

  /** From now on a disk that cannot be written holds nobody up. */
  leave(): void {
    this.#leaving = true;
    if (this.failure !== null) this.#dismiss(this.failure);
  }

  #dismiss(error: EdgeError): void {
    this.over = error;
    for (const { reject } of this.#o.open().waiters.splice(0)) reject(error);
  }

  /** See CommitBuffer.run. */
  async run(stop: AbortSignal, heartbeat: Heartbeat | null): Promise<void> {
    this.#heartbeat = heartbeat;
    const wake = () => this.#o.deadline.wake();
    stop.addEventListener("abort", wake);
    const hanging = setInterval(() => this.#noteHanging(), TEND_EVERY_MS);
    try {
      await this.#loop(stop);
    } finally {
      clearInterval(hanging);
    }
    heartbeat?.end();
    stop.removeEventListener("abort", wake);
    this.#dismiss(this.failure ?? new EdgeError("store.unwritable", { reason: { it: "chiusa", en: "closed" } }));
  }

  /** Notes which numbers are not stored while a commit hangs: it has not failed yet, but the process may be killed before it returns. */
  #noteHanging(): void {
    const { clock, store, given } = this.#o;
    const isWriting = this.closing !== null && weightOf(this.closing) > 0;
    if (isWriting && clock.mono() - this.#written > HANGING_MS) void store.unstored(given);
  }

  async #loop(stop: AbortSignal): Promise<void> {
    const { store, clock, deadline, given } = this.#o;
    let failures = 0;
    while (!stop.aborted) {
      await deadline.reached(TEND_EVERY_MS, stop);
      // The clock is followed even when no record comes, so that retained documents get the right time soon.
      this.#o.followClock();
      if (deadline.at !== null) failures = (await this.#settle()) ? 0 : failures + 1;
      this.#lost ??= store.broken;
      if (this.#lost !== null) {
        await store.unstored(given);
        throw this.#lost;
      }
      if (failures > 0) {
        await this.#tend();
        await pause(retryWait(failures), stop);
      } else if (!stop.aborted) {
        await this.#tend();
        if (clock.mono() - this.#written >= PROVE_EVERY_MS) this.#o.save("written", clock.mono());
      }
    }
    // Once more, whatever failed before: the disk may be back.
    if (deadline.at !== null) await this.#settle();
  }

  /**
   * One commit, and where it does not fit into the file, one more into the reserve above the quota. That this second one fits, by construction
   * (`Q` quota, `R` reserve, at most `Q` in use before):
   * - what is written into the reserve is lightened to R/2, or to what is free below Q, in the same turn in which the buffer closes, so that nothing
   *   can join it after;
   * - the housekeeping before it sheds, in the same commit, until what is in use, with a commit as large as it was then, is Q − R/2. What came
   *   meanwhile is at most R/2 more. So Q is not exceeded after it, and the reserve is free for the next.
   * Only where nothing is left that may go (see `event-worth.ts`) does the file stay full, and the disk is then said to be so.
   */
  async #settle(): Promise<boolean> {
    const error = await this.#commit();
    if (error === null) return true;
    if (error.code === "store.full") {
      this.#full = true;
      await this.#makeRoom();
      const again = await this.#commit();
      if (again === null) return true;
      this.#failed(again);
    } else this.#failed(error);
    return false;
  }

  /** Null: it is durable. Otherwise its content joins what came meanwhile, and both are tried again as one commit. */
  async #commit(): Promise<EdgeError | null> {
    const { store, clock, deadline } = this.#o;
    if (this.#full) this.#lighten();
    const commit = this.#encoded();
    const closed = this.#o.reopen(emptyContent());
    deadline.at = null;
    this.closing = closed;
    try {
      await store.commit(commit, this.#full ? "reserve" : "quota");
    } catch (raw) {
      const error = asEdgeError(raw);
      const refused = error.code === "store.binding";
      const stored = refused && this.#wasStored(closed);
      if (refused && !stored) this.#purge(closed, error);
      this.#o.reopen(joined(closed, this.#o.open()));
      deadline.at = clock.mono();
      return stored ? await this.#commit() : error;
    } finally {
      this.closing = null;
    }
    this.#full = false;
    this.#o.widened.clear();
    this.#written = clock.mono();
    this.#heartbeat?.touch();
    if (this.failure !== null) {
      this.failure = null;
      await store.unstored(weightOf(this.#o.open()) === 0 ? null : this.#o.given);
      this.#o.log.info("store.recovered");
    }
    this.#o.durable(closed, committedOf(closed, commit, store.epoch));
    return null;
  }

  /** What is open, as a commit. A record that cannot be encoded is dropped alone, and named in the same commit. */
  #encoded(): Commit {
    const { store, cat, log } = this.#o;
    const open = this.#o.open();
    try {
      return commitOf(open, store.epoch, cat);
    } catch (raw) {
      const { readings, events } = dropUnsound(open, encodable(store.epoch, cat));
      log.error("store.content-refused", { reason: String(raw), readings: readings.length, events: events.length });
      this.#o.lose({ stream: "readings", ranges: readings, reason: "refused" });
      this.#o.lose({ stream: "events", ranges: events, reason: "refused" });
      return commitOf(open, store.epoch, cat);
    }
  }

  /** A disk may report a commit as failed that it did write. What the store turns out to hold is treated as durable, and not written again. */
  #wasStored(content: Content): boolean {
    const { store, cat, log, widened } = this.#o;
    const stored = takeStored(content, store.heads(store.epoch.id));
    if (stored.records + stored.events.length === 0) return false;
    log.warn("store.commit-denied", { readings: stored.records, events: stored.events.length });
    this.#o.durable(stored, committedOf(stored, commitOf(stored, store.epoch, cat), store.epoch));
    // The stored event may name a smaller loss than this one: it is raised once more, whole.
    for (const event of stored.events) if (widened.delete(event.seq)) this.#o.raise(draftOf(event));
    return true;
  }

  #failed(error: EdgeError): void {
    if (OF_THE_DISK.has(error.code)) this.#heartbeat?.touch();
    const first = this.failure === null;
    this.failure = error;
    if (first) {
      this.#o.log.error("store.unwritable", { code: error.code, ...error.context });
      for (const event of this.#o.open().events.filter(isUrgent)) this.#o.notStored(event);
    }
    if (OF_THE_FILE.has(error.code)) this.#lost = error;
    void this.#o.store.unstored(this.#o.given);
    if (this.#leaving) this.#dismiss(error);
  }

  /** Commits the acknowledgements first, because acknowledged history can be deleted without a `ledger.gap` event. Then housekeeping makes the room that is still missing. */
  async #makeRoom(): Promise<void> {
    const { store, log } = this.#o;
    const open = this.#o.open();
    const { marks, sentUrgent } = open;
    const [proved, sent] = [[...marks], sentUrgent.length];
    try {
      if (proved.length + sent > 0) await store.commit(marksOnly(open), "reserve");
      for (const [key, mark] of proved) if (marks.get(key) === mark) marks.delete(key);
      sentUrgent.splice(0, sent);
    } catch (raw) {
      log.debug("store.marks-wait", { code: asEdgeError(raw).code });
    }
    this.#tended = Number.NEGATIVE_INFINITY;
    await this.#tend(this.#encoded());
  }

  /** Drops content until the rest fits below the quota, or else into half of the reserve; what goes is named in the same commit. */
  #lighten(): void {
    const { store } = this.#o;
    const { bytes, quotaBytes } = store.size();
    const open = this.#o.open();
    const freed = open.shed.reduce((sum, shed) => sum + (shed.freed ?? 0), 0);
    const weight = () => commitBytes(this.#encoded());
    const below = quotaBytes - bytes + freed;
    if (weight() > below) this.#o.lose(withoutRefusals(open));
    while (weight() > Math.max(store.reserveBytes / 2, below)) {
      const loss = lighten(open);
      if (loss === null) return;
      this.#o.lose(loss);
    }
  }

  /** Drops content that no disk would ever take, and names it in the ledger. */
  #purge(content: Content, error: EdgeError): void {
    const { inbox, states, events } = content;
    this.#o.log.error("store.content-refused", { inbox: inbox.size, states: states.size, events: events.length });
    const loss = purge(content, error);
    if (loss !== null) this.#o.lose(loss);
  }

  /** `full`: a commit that did not fit. */
  async #tend(full: Commit | null = null): Promise<void> {
    const { store, clock, log } = this.#o;
    const mono = clock.mono();
    const isDue = store.tendDue && !this.#untended;
    if (mono - this.#tended < TEND_EVERY_MS && !isDue) return;
    this.#tended = mono;
    this.#untended = true;
    try {
      const { shed, forgotten } = await store.tend(mono, {
        bytes: full === null ? 0 : commitBytes(full),
        refusals: full === null ? 0 : refusalBytes(full),
        shed: this.#o.open().shed,
      });
      this.#untended = false;
      if (forgotten.length > 0) this.#o.forgotten(forgotten);
      for (const one of shed) this.#o.shed(one);
    } catch (raw) {
      const error = asEdgeError(raw);
      log.warn("store.tend-failed", { code: error.code, ...error.context });
    }
  }
}
