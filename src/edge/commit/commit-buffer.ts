/** Collects records, events and states until they are committed as one: each record and event gets its number here. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { doubling } from "../../kit/loop/backoff.ts";
import { Listeners } from "../../kit/loop/listeners.ts";
import { pause } from "../../kit/loop/pause.ts";
import type { Heartbeat } from "../../kit/loop/watchdog.ts";
import type { AssetState, EdgeEvent, EventDraft, Mark, Now, OpenAlarm, ReadingRecord } from "../../model/index.ts";
import { commitBytes, refusalBytes } from "../store/housekeeping/commit-size.ts";
import type { Commit, InboxRow, Shed, Store } from "../store/store.ts";
import { type ClockNews, newsEvent, type Stretch } from "../time/record-clock.ts";
import { type Content, dropUnsound, emptyContent, isUrgent, joined, takeStored } from "./buffer-content.ts";
import { type Committed, commitOf, committedOf, encodable, marksOnly } from "./encode-commit.ts";
import { draftOf, gapEvent, isFull, type Loss, lighten, purge, relieve, widenGap, withoutRefusals } from "./loss-ledger.ts";
import { RecordNumbers, type WallTime } from "./record-numbers.ts";

/** Acknowledgements wait at most this long for a window to travel with, those of the platform and those that a source waits for. */
const MARKS_WAIT_MS = 1000;
/** So many messages of sources that wait are worth a commit of their own: a broker hands out only a few dozen before it hears of the first. */
const WAITING_MOST = 16;
const retryWait = doubling(250, 5000);
const TEND_EVERY_MS = 5000;
/** A commit that has not come back for so long, the last one included, may never do. */
const HANGING_MS = 10_000;
/** A store that nobody wrote to for this long is asked to write: a disk that fails must be known before an alarm needs it. */
const PROVE_EVERY_MS = 30_000;
/** The disk says no: a restart would not cure it, and would lose what waits. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["store.full", "store.unwritable"]);
/** The file itself: whatever is tried again goes nowhere. */
const OF_THE_FILE: ReadonlySet<string> = new Set(["store.corrupt", "store.gone"]);

export interface CommitBufferOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly commitMs: number;
  /** Hash of the catalog in force. */
  readonly cat: string;
}

export class CommitBuffer {
  /** The newest durable state of each asset, and the durable list of alarms. */
  readonly assets = new Map<string, AssetState>();
  alarms: readonly OpenAlarm[] = [];
  /** Number of the newest event that is durable. */
  asOf = 0;
  /** Why the last commit failed; null: it did not. */
  #failure: EdgeError | null = null;
  readonly #o: CommitBufferOptions;
  readonly #numbers: RecordNumbers;
  readonly #committed: Listeners<Committed>;
  /** Told when the clock is found or lost in this run, in the commit of the event that says so. */
  onClock: (news: ClockNews) => void = () => {};
  /** How long nobody looked before this epoch, where a clock that is found tells it; null: it does not, or that was known. */
  lateOff: (now: Now) => number | null = () => null;
  readonly #unstored: Listeners<EdgeEvent>;
  #open = emptyContent();
  /** What is being committed. */
  #closing: Content | null = null;
  /** Events that name more than they did when the disk may have stored them. */
  readonly #widened = new Set<number>();
  #lost: EdgeError | null = null;
  /** The last commit did not fit into the file: the next one is written into the reserve. */
  #full = false;
  /** Why nothing more becomes durable in this run; null: it may. */
  #over: EdgeError | null = null;
  #leaving = false;
  /** The last numbers given out. */
  readonly #given = { readings: 0, events: 0 };
  /** Kernel monotonic ms at which the open window must close; null: nothing in it. */
  #due: number | null = null;
  #wake: () => void = () => {};
  #looked = false;
  #tended = Number.NEGATIVE_INFINITY;
  /** The last housekeeping goes on or failed: the next takes its turn, however full the WAL is. */
  #untended = false;
  #written: number;
  #heartbeat: Heartbeat | null = null;

  constructor(options: CommitBufferOptions) {
    this.#o = options;
    this.#numbers = new RecordNumbers(options.clock, options.store.epoch);
    this.#committed = new Listeners("committed", options.log);
    this.#unstored = new Listeners("unstored", options.log);
    this.#written = options.clock.mono();
  }

  onCommitted(listener: (committed: Committed) => void): () => void {
    return this.#committed.add(listener);
  }

  /** CT-U9: told of an urgent event that could not be stored at once. */
  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    return this.#unstored.add(listener);
  }

  /** Records and events that are not durable yet. */
  get writable(): boolean {
    return this.#failure === null;
  }

  get waiting(): number {
    return this.#writing + weightOf(this.#open);
  }

  /** Records and events of the window that is being committed. */
  get #writing(): number {
    return this.#closing === null ? 0 : weightOf(this.#closing);
  }

  /** The last numbers given out. */
  get newest(): { readonly readings: number; readonly events: number } {
    return this.#given;
  }

  /** Wall time of a monotonic moment, as the records around it carry it. */
  wall(mono: number): WallTime {
    return this.#numbers.wall(mono);
  }

  /** What is stamped while the time is not known. */
  get stretch(): Stretch | null {
    return this.#numbers.stretch;
  }

  /** The time of what stands has changed: all that is retained is told anew. */
  restated(): void {
    this.#open.restated = true;
    this.#closeBy(this.#o.clock.mono());
  }

  /** Numbers one record. */
  add(record: ReadingRecord): number {
    this.#lookOnce();
    const seq = this.#numbers.record();
    this.#given.readings = seq;
    this.#numbers.stamp(seq, record, this.#open.groups);
    this.#open.records += 1;
    if (isFull("readings", this.#open)) this.#lose(relieve("readings", this.#open));
    // The first one says by when; later ones would say later.
    if (this.#open.records === 1) this.#closeBy(this.#o.clock.mono() + this.#o.commitMs);
    return seq;
  }

  /** Numbers one event; the window closes at once. */
  raise(draft: EventDraft, when: number = this.#o.clock.mono()): EdgeEvent {
    this.#look();
    const event = this.#numbers.event(draft, when);
    this.#given.events = event.seq;
    this.#open.events.push(event);
    if (!this.writable && isFull("events", this.#open)) this.#lose(relieve("events", this.#open));
    this.#closeBy(this.#o.clock.mono());
    if (!this.writable && isUrgent(event)) this.#unstored.tell(event);
    return event;
  }

  save(key: string, value: unknown): void {
    this.#open.states.set(key, value);
    this.#closeBy(this.#o.clock.mono() + this.#o.commitMs);
  }

  asset(state: AssetState): void {
    this.#open.assets.set(state.asset, state);
  }

  openAlarms(list: readonly OpenAlarm[]): void {
    this.#open.alarms = list;
  }

  acknowledge(marks: readonly Mark[]): void {
    for (const mark of marks) this.#open.marks.set(`${mark.epoch}/${mark.stream}`, mark);
    this.#closeBy(this.#o.clock.mono() + MARKS_WAIT_MS);
  }

  sentUrgent(which: { readonly epoch: string; readonly seq: number }): void {
    this.#open.sentUrgent.push(which);
    this.#closeBy(this.#o.clock.mono() + MARKS_WAIT_MS);
  }

  inbox(row: InboxRow): void {
    this.#open.inbox.set(row.id, row);
    this.#closeBy(this.#o.clock.mono());
  }

  /** What is to be shed goes with the event that names it. */
  shed(shed: Shed): void {
    this.#open.shed.push(shed);
    this.raise(gapEvent(shed));
  }

  /** Resolves when all that was added so far is durable. Rejects, at a stop only, when it cannot become durable any more: `store.*`. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over !== null) return reject(this.#over);
      this.#open.waiters.push({ resolve, reject });
      this.#closeBy(this.#o.clock.mono());
    });
  }

  /** As `flush`, for whoever can wait for the window to close by itself. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#over !== null) return reject(this.#over);
      const content = weightOf(this.#open) > 0 ? this.#open : this.#closing;
      if (content === null) return resolve();
      content.waiters.push({ resolve, reject });
      if (content === this.#open)
        this.#closeBy(this.#o.clock.mono() + (content.waiters.length < WAITING_MOST ? MARKS_WAIT_MS : 0));
    });
  }

  /** The gateway stops: from now on nobody waits for a disk that says no. What is open is still tried once more at the end of `run`. */
  leave(): void {
    this.#leaving = true;
    if (this.#failure !== null) this.#dismiss(this.#failure);
  }

  #dismiss(error: EdgeError): void {
    this.#over = error;
    for (const { reject } of this.#open.waiters.splice(0)) reject(error);
  }

  /**
   * The commit loop. After `stop` what is open is committed once more, if it can be. Rejects with `store.corrupt` or `store.gone`: only a
   * new opening has a file again, so the gateway must end and be started again. `heartbeat` is touched when the store wrote.
   */
  async run(stop: AbortSignal, heartbeat: Heartbeat | null = null): Promise<void> {
    this.#heartbeat = heartbeat;
    const wake = () => this.#wake();
    stop.addEventListener("abort", wake);
    const hanging = setInterval(() => this.#noteHanging(), TEND_EVERY_MS);
    try {
      await this.#loop(stop);
    } finally {
      clearInterval(hanging);
    }
    heartbeat?.end();
    stop.removeEventListener("abort", wake);
    this.#dismiss(this.#failure ?? new EdgeError("store.unwritable", { reason: "closed" }));
  }

  /** A disk that does not answer is no failure yet, but may be the end of this process. */
  #noteHanging(): void {
    if (this.#writing > 0 && this.#o.clock.mono() - this.#written > HANGING_MS) void this.#o.store.unstored(this.#given);
  }

  async #loop(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      await this.#untilDue(stop);
      // Also where nothing is said: what is retained must not wait for the next record to have the right time.
      this.#look();
      if (this.#due !== null) failures = (await this.#settle()) ? 0 : failures + 1;
      this.#lost ??= this.#o.store.broken;
      if (this.#lost !== null) {
        await this.#o.store.unstored(this.#given);
        throw this.#lost;
      }
      if (failures > 0) {
        await this.#tend();
        await pause(retryWait(failures), stop);
      } else if (!stop.aborted) {
        await this.#tend();
        if (this.#o.clock.mono() - this.#written >= PROVE_EVERY_MS) this.save("written", this.#o.clock.mono());
      }
    }
    // Once more, whatever went before: the disk may be back.
    if (this.#due !== null) await this.#settle();
  }

  async #untilDue(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const wait = this.#due === null ? TEND_EVERY_MS : this.#due - this.#o.clock.mono();
      if (wait <= 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, wait);
      });
      clearTimeout(timer);
      if (this.#due === null) return;
    }
  }

  /**
   * One commit, and where it does not fit into the file, one more into the reserve above the quota. That this second one fits, by construction
   * (`Q` quota, `R` reserve, at most `Q` in use before):
   * - what is written into the reserve is lightened to R/2, or to what is free below Q, in the same turn in which the window closes, so that nothing
   *   can join it after;
   * - the housekeeping before it sheds, in the same commit, until what is in use, with a window as large as it was then, is Q − R/2. What came
   *   meanwhile is at most R/2 more. So Q is not exceeded after it, and the reserve is free for the next.
   * Only where nothing is left that may go (see `worth.ts`) does the file stay full, and the disk is then said to be so.
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

  /** Null: it is durable. Otherwise the window stays whole and goes on collecting: it is tried again as one. */
  async #commit(): Promise<EdgeError | null> {
    const { store } = this.#o;
    if (this.#full) this.#lighten();
    const commit = this.#encoded();
    const closed = this.#open;
    this.#open = emptyContent();
    this.#due = null;
    this.#closing = closed;
    try {
      await store.commit(commit, this.#full ? "reserve" : "quota");
    } catch (raw) {
      const error = asEdgeError(raw);
      const refused = error.code === "store.binding";
      const stored = refused && this.#wasStored(closed);
      if (refused && !stored) this.#purge(closed);
      this.#open = joined(closed, this.#open);
      this.#due = this.#o.clock.mono();
      return stored ? await this.#commit() : error;
    } finally {
      this.#closing = null;
    }
    this.#full = false;
    this.#widened.clear();
    this.#written = this.#o.clock.mono();
    this.#heartbeat?.touch();
    if (this.#failure !== null) {
      this.#failure = null;
      await store.unstored(this.waiting === 0 ? null : this.#given);
      this.#o.log.info("store.recovered");
    }
    this.#tell(closed, committedOf(closed, commit, store.epoch));
    return null;
  }

  /** What is open, as a commit. What cannot be encoded goes alone, named in the same commit: it must not take the rest along. */
  #encoded(): Commit {
    const { store, cat, log } = this.#o;
    try {
      return commitOf(this.#open, store.epoch, cat);
    } catch (raw) {
      const { readings, events } = dropUnsound(this.#open, encodable(store.epoch, cat));
      log.error("store.content-refused", { reason: String(raw), readings: readings.length, events: events.length });
      this.#lose({ stream: "readings", ranges: readings, reason: "refused" });
      this.#lose({ stream: "events", ranges: events, reason: "refused" });
      return commitOf(this.#open, store.epoch, cat);
    }
  }

  /** A disk may deny a commit that it did: what the store has by its numbers is told, and not written or refused a second time. */
  #wasStored(content: Content): boolean {
    const { store, cat, log } = this.#o;
    const stored = takeStored(content, store.heads(store.epoch.id));
    if (stored.records + stored.events.length === 0) return false;
    log.warn("store.commit-denied", { readings: stored.records, events: stored.events.length });
    this.#tell(stored, committedOf(stored, commitOf(stored, store.epoch, cat), store.epoch));
    // As it is stored it may name less: it is said once more, whole.
    for (const event of stored.events) if (this.#widened.delete(event.seq)) this.raise(draftOf(event));
    return true;
  }

  #failed(error: EdgeError): void {
    if (OF_THE_DISK.has(error.code)) this.#heartbeat?.touch();
    const first = this.#failure === null;
    this.#failure = error;
    if (first) {
      this.#o.log.error("store.unwritable", { code: error.code, ...error.context });
      for (const event of this.#open.events.filter(isUrgent)) this.#unstored.tell(event);
    }
    if (OF_THE_FILE.has(error.code)) this.#lost = error;
    void this.#o.store.unstored(this.#given);
    if (this.#leaving) this.#dismiss(error);
  }

  /** Acknowledgements first: what is acknowledged goes without a word. Then the housekeeping, which is told how much does not fit. */
  async #makeRoom(): Promise<void> {
    const { store } = this.#o;
    const { marks, sentUrgent } = this.#open;
    const [proved, sent] = [[...marks], sentUrgent.length];
    try {
      if (proved.length + sent > 0) await store.commit(marksOnly(this.#open), "reserve");
      for (const [key, mark] of proved) if (marks.get(key) === mark) marks.delete(key);
      sentUrgent.splice(0, sent);
    } catch (raw) {
      this.#o.log.debug("store.marks-wait", { code: asEdgeError(raw).code });
    }
    this.#tended = Number.NEGATIVE_INFINITY;
    await this.#tend(this.#encoded());
  }

  /** Until it fits below the quota, or else into half of the reserve: what goes is named in the same window. */
  #lighten(): void {
    const { store } = this.#o;
    const { bytes, quotaBytes } = store.size();
    const freed = this.#open.shed.reduce((sum, shed) => sum + (shed.freed ?? 0), 0);
    const weight = () => commitBytes(this.#encoded());
    const below = quotaBytes - bytes + freed;
    if (weight() > below) this.#lose(withoutRefusals(this.#open));
    while (weight() > Math.max(store.reserveBytes / 2, below)) {
      const loss = lighten(this.#open);
      if (loss === null) return;
      this.#lose(loss);
    }
  }

  /** Content that can never be stored: the ledger says so. */
  #purge(content: Content): void {
    const { inbox, states, events } = content;
    this.#o.log.error("store.content-refused", { inbox: inbox.size, states: states.size, events: events.length });
    const loss = purge(content);
    if (loss !== null) this.#lose(loss);
  }

  #tell(closed: Content, committed: Committed): void {
    for (const [id, state] of closed.assets) this.assets.set(id, state);
    if (closed.alarms !== null) this.alarms = closed.alarms;
    this.asOf = closed.events.at(-1)?.seq ?? this.asOf;
    this.#committed.tell(committed);
    for (const { resolve } of closed.waiters) resolve();
  }

  /** `full`: a commit that did not fit. */
  async #tend(full: Commit | null = null): Promise<void> {
    const mono = this.#o.clock.mono();
    const isDue = this.#o.store.tendDue && !this.#untended;
    if (mono - this.#tended < TEND_EVERY_MS && !isDue) return;
    this.#tended = mono;
    this.#untended = true;
    try {
      const { shed } = await this.#o.store.tend(mono, {
        bytes: full === null ? 0 : commitBytes(full),
        refusals: full === null ? 0 : refusalBytes(full),
        shed: this.#open.shed,
      });
      this.#untended = false;
      for (const one of shed) this.shed(one);
    } catch (raw) {
      const error = asEdgeError(raw);
      this.#o.log.warn("store.tend-failed", { code: error.code, ...error.context });
    }
  }

  #closeBy(mono: number): void {
    if (this.#due !== null && this.#due <= mono) return;
    this.#due = mono;
    this.#wake();
  }

  /** Of what is added in one go only the first needs a look. */
  #lookOnce(): void {
    if (this.#looked) return;
    this.#looked = true;
    queueMicrotask(() => {
      this.#looked = false;
    });
    this.#look();
  }

  #look(): void {
    const news = this.#numbers.look(this.#open.records > 0);
    if (news === null) return;
    const draft = newsEvent(news, this.#o.store.epoch.id, news.what === "found" ? this.lateOff(news.now) : null);
    if (draft !== null) this.raise(draft, news.now.mono);
    this.onClock(news);
    if (news.what !== "held") this.restated();
  }

  #lose({ stream, ranges, reason }: Loss): void {
    const epoch = this.#o.store.epoch.id;
    for (const range of ranges) {
      const gap = { epoch, stream, range, count: range[1] - range[0] + 1, kept: 0, reason } as const;
      const widened = widenGap(this.#open, gap);
      if (widened === null) this.raise(gapEvent(gap));
      else this.#widened.add(widened);
    }
  }
}

const weightOf = ({ records, events }: Content): number => records + events.length;
