/** Records and events go in and get their numbers; commits of whole windows go to the store, and what became durable goes to the listeners, in order. */
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, type EdgeError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { pause } from "../../kit/loop.ts";
import type { Beat } from "../../kit/pulse.ts";
import type { AssetState, EdgeEvent, EventDraft, Mark, Now, OpenAlarm, ReadingRecord } from "../../model.ts";
import type { InboxRow, Shed, Store } from "../parts.ts";
import { type Committed, commitOf, committedOf } from "./committed.ts";
import { type Content, emptyContent, isUrgent, joined } from "./content.ts";
import { gapEvent, isFull, type Loss, purge, relieve } from "./ledger.ts";
import { Numbers } from "./numbers.ts";

/** Acknowledgements wait at most this long for a window to travel with. */
const MARKS_WAIT_MS = 1000;
const RETRY_FIRST_MS = 250;
const RETRY_MAX_MS = 5000;
const TEND_EVERY_MS = 5000;
/** A store that nobody wrote to for this long is asked to write: a disk that fails must be known before an alarm needs it. */
const PROVE_EVERY_MS = 30_000;
/** The disk says no: a restart would not cure it, and would lose what waits. */
const OF_THE_DISK: ReadonlySet<string> = new Set(["store.full", "store.unwritable"]);
/** The file itself: whatever is tried again goes nowhere. */
const OF_THE_FILE: ReadonlySet<string> = new Set(["store.corrupt", "store.gone"]);

export interface WindowOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly commitMs: number;
  /** Hash of the catalog in force. */
  readonly cat: string;
}

export class Window {
  /** The newest durable state of each asset, and the durable list of alarms. */
  readonly assets = new Map<string, AssetState>();
  alarms: readonly OpenAlarm[] = [];
  /** Number of the newest event that is durable. */
  asOf = 0;
  writable = true;
  readonly #o: WindowOptions;
  readonly #numbers: Numbers;
  readonly #listeners = new Set<(committed: Committed) => void>();
  /** Told when the clock becomes right in this run. */
  onSynchronised: (now: Now) => void = () => {};
  readonly #unstored = new Set<(event: EdgeEvent) => void>();
  #open = emptyContent();
  /** Records and events of the window that is being committed. */
  #writing = 0;
  #lost: EdgeError | null = null;
  /** Kernel monotonic ms at which the open window must close; null: nothing in it. */
  #due: number | null = null;
  #wake: () => void = () => {};
  #looked = false;
  #tended = Number.NEGATIVE_INFINITY;
  /** The last housekeeping goes on or failed: the next takes its turn, however full the WAL is. */
  #untended = false;
  #written: number;
  #beat: Beat | null = null;

  constructor(options: WindowOptions) {
    this.#o = options;
    this.#numbers = new Numbers(options.clock, options.store.epoch);
    this.#written = options.clock.mono();
  }

  onCommitted(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** CT-U9: told of an urgent event that could not be stored at once. */
  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    this.#unstored.add(listener);
    return () => this.#unstored.delete(listener);
  }

  /** Records and events that are not durable yet. */
  get waiting(): number {
    return this.#writing + this.#open.records + this.#open.events.length;
  }

  /** Wall time of a monotonic moment, as the records around it carry it. */
  wall(mono: number): { readonly wall: number; readonly synced: boolean } {
    return this.#numbers.wall(mono);
  }

  /** Numbers one record. */
  add(record: ReadingRecord): number {
    const seq = this.#numbers.record();
    this.#lookOnce();
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
    this.#open.events.push(event);
    if (!this.writable && isFull("events", this.#open)) this.#lose(relieve("events", this.#open));
    this.#closeBy(this.#o.clock.mono());
    if (!this.writable && isUrgent(event)) for (const listener of this.#unstored) listener(event);
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

  /** Resolves when all that was added so far is durable. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#open.waiters.push(resolve);
      this.#closeBy(this.#o.clock.mono());
    });
  }

  /**
   * The commit loop. After `stop` what is open is committed once more, if it can be. Rejects with `store.corrupt` or `store.gone`: only a
   * new opening has a file again, so the gateway must end and be started again. `beat` is touched when the store wrote.
   */
  async run(stop: AbortSignal, beat: Beat | null = null): Promise<void> {
    this.#beat = beat;
    const wake = () => this.#wake();
    stop.addEventListener("abort", wake);
    let failures = 0;
    while (!stop.aborted) {
      await this.#untilDue(stop);
      if (this.#due !== null) failures = (await this.#commit()) ? 0 : failures + 1;
      if (this.#lost !== null) throw this.#lost;
      if (failures > 0) await pause(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(10, failures - 1)), stop);
      else if (!stop.aborted) {
        await this.#tend();
        if (this.#o.clock.mono() - this.#written >= PROVE_EVERY_MS) this.save("written", this.#o.clock.mono());
      }
    }
    // Once more, whatever went before: the disk may be back.
    if (this.#due !== null) await this.#commit();
    beat?.end();
    stop.removeEventListener("abort", wake);
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

  async #commit(): Promise<boolean> {
    const closed = this.#open;
    this.#open = emptyContent();
    this.#due = null;
    const { store, cat } = this.#o;
    const commit = commitOf(closed, store.epoch, cat);
    this.#writing = closed.records + closed.events.length;
    try {
      await store.commit(commit);
    } catch (raw) {
      this.#failed(closed, raw);
      return false;
    } finally {
      this.#writing = 0;
    }
    this.#written = this.#o.clock.mono();
    this.#beat?.touch();
    if (!this.writable) {
      this.writable = true;
      this.#o.log.info("store.recovered");
    }
    this.#tell(closed, committedOf(closed, commit, store.epoch));
    return true;
  }

  /** The window stays whole and goes on collecting: it is tried again as one. */
  #failed(closed: Content, raw: unknown): void {
    const error = asEdgeError(raw);
    if (OF_THE_DISK.has(error.code)) this.#beat?.touch();
    if (this.writable) {
      this.#o.log.error("store.unwritable", { code: error.code, ...error.context });
      for (const event of closed.events.filter(isUrgent)) for (const listener of this.#unstored) listener(event);
    }
    this.writable = false;
    if (OF_THE_FILE.has(error.code)) this.#lost = error;
    if (error.code === "store.binding") this.#purge(closed);
    this.#open = joined(closed, this.#open);
    this.#due = this.#o.clock.mono();
    // A full quota needs the housekeeping that finds what to shed before the next try.
    if (error.code === "store.full") this.#tended = Number.NEGATIVE_INFINITY;
    void this.#tend();
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
    for (const listener of this.#listeners) listener(committed);
    for (const resolve of closed.waiters) resolve();
  }

  async #tend(): Promise<void> {
    const mono = this.#o.clock.mono();
    const isDue = this.#o.store.tendDue && !this.#untended;
    if (mono - this.#tended < TEND_EVERY_MS && !isDue) return;
    this.#tended = mono;
    this.#untended = true;
    try {
      const { shed } = await this.#o.store.tend(mono);
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
    const { draft, now, synchronised } = news;
    this.raise({ ...draft, extra: { epoch: this.#o.store.epoch.id, ...draft.extra } }, now.mono);
    if (synchronised) this.onSynchronised(now);
  }

  #lose({ stream, ranges, reason }: Loss): void {
    const epoch = this.#o.store.epoch.id;
    for (const range of ranges) this.raise(gapEvent({ epoch, stream, range, count: range[1] - range[0] + 1, kept: 0, reason }));
  }
}
