/** Collects records, events and states until they are committed as one: each record and event gets its number here. */
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { Listeners } from "../../kit/loop/listeners.ts";
import type { Heartbeat } from "../../kit/loop/watchdog.ts";
import type {
  AssetMaintenance,
  AssetState,
  EdgeEvent,
  EventDraft,
  Mark,
  Now,
  OpenAlarm,
  ReadingRecord,
} from "../../model/index.ts";
import type { InboxRow, Shed, Store } from "../store/store.ts";
import { type ClockNews, newsEvent, type Stretch } from "../time/record-clock.ts";
import { emptyContent, isUrgent, weightOf } from "./buffer-content.ts";
import { Committer } from "./committer.ts";
import { Deadline } from "./deadline.ts";
import type { Committed } from "./encode-commit.ts";
import { gapEvent, isFull, type Loss, relieve, widenGap } from "./loss-ledger.ts";
import { RecordNumbers, type WallTime } from "./record-numbers.ts";

/** Acknowledgements wait at most this long for other content to travel with, those of the platform and those that a source waits for. */
const MARKS_WAIT_MS = 1000;
/** So many messages that wait for an acknowledgement close the commit early: a broker sends only a few dozen before it needs the first acknowledgement. */
const WAITING_MOST = 16;

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
  /** Told when the clock is found or lost in this run, in the commit of the event that says so. */
  onClock: (news: ClockNews) => void = () => {};
  /** Told of commands that the stored inbox holds no more. */
  onForgotten: (commands: readonly string[]) => void = () => {};
  /** Whether an asset is worked on: its events and its retained state say so. */
  maintenanceOf: (asset: string) => AssetMaintenance | undefined = () => undefined;
  /** How long the gateway was off before this epoch, where only a clock that was found later tells it; null: it does not, or the time was known before. */
  lateOff: (now: Now) => number | null = () => null;
  readonly #o: CommitBufferOptions;
  readonly #numbers: RecordNumbers;
  readonly #committed: Listeners<Committed>;
  readonly #unstored: Listeners<EdgeEvent>;
  readonly #deadline: Deadline;
  readonly #committer: Committer;
  #open = emptyContent();
  /** The newest state of each asset, durable or not, as its kind showed it. */
  readonly #shown = new Map<string, AssetState>();
  /** Numbers of `ledger.gap` events that were widened after a commit with them had failed: the disk may hold them in their former, narrower form. */
  readonly #widened = new Set<number>();
  /** The last numbers given out. */
  readonly #given = { readings: 0, events: 0 };
  #looked = false;

  constructor(options: CommitBufferOptions) {
    this.#o = options;
    this.#numbers = new RecordNumbers(options.clock, options.store.epoch);
    this.#committed = new Listeners("committed", options.log);
    this.#unstored = new Listeners("unstored", options.log);
    this.#deadline = new Deadline(options.clock);
    this.#committer = new Committer({
      ...options,
      deadline: this.#deadline,
      given: this.#given,
      widened: this.#widened,
      open: () => this.#open,
      reopen: (content) => {
        const before = this.#open;
        this.#open = content;
        return before;
      },
      followClock: () => this.#look(),
      lose: (loss) => this.#lose(loss),
      shed: (shed) => this.shed(shed),
      forgotten: (commands) => this.onForgotten(commands),
      raise: (draft) => this.raise(draft),
      save: (key, value) => this.save(key, value),
      durable: (content, committed) => {
        for (const [id, state] of content.assets) this.assets.set(id, state);
        if (content.alarms !== null) this.alarms = content.alarms;
        this.asOf = content.events.at(-1)?.seq ?? this.asOf;
        this.#committed.tell(committed);
        for (const { resolve } of content.waiters) resolve();
      },
      notStored: (event) => this.#unstored.tell(event),
    });
  }

  onCommitted(listener: (committed: Committed) => void): () => void {
    return this.#committed.add(listener);
  }

  /** CT-U9: told of an urgent event that could not be stored at once. */
  onUnstored(listener: (event: EdgeEvent) => void): () => void {
    return this.#unstored.add(listener);
  }

  /** False: the last commit failed. */
  get writable(): boolean {
    return this.#committer.failure === null;
  }

  /** Records and events that are not durable yet. */
  get waiting(): number {
    const { closing } = this.#committer;
    return weightOf(this.#open) + (closing === null ? 0 : weightOf(closing));
  }

  /** The last numbers given out. */
  get newest(): { readonly readings: number; readonly events: number } {
    return this.#given;
  }

  /** Wall time of a monotonic moment, as the records around it carry it. */
  wall(mono: number): WallTime {
    return this.#numbers.wall(mono);
  }

  /** The present run of records without a known time; null: the time is known. */
  get stretch(): Stretch | null {
    return this.#numbers.stretch;
  }

  /** The time of what stands has changed: all that is retained is told anew. */
  restated(): void {
    this.#open.restated = true;
    this.#deadline.within(0);
  }

  /** Numbers one record. */
  add(record: ReadingRecord): number {
    this.#lookOnce();
    const seq = this.#numbers.record();
    this.#given.readings = seq;
    this.#numbers.stamp(seq, record, this.#open.groups);
    this.#open.records += 1;
    if (isFull("readings", this.#open)) this.#lose(relieve("readings", this.#open));
    // The first record sets the deadline: a later one could only put it off.
    if (this.#open.records === 1) this.#deadline.within(this.#o.commitMs);
    return seq;
  }

  /** Numbers one event; the commit closes at once. */
  raise(draft: EventDraft, when: number = this.#o.clock.mono()): EdgeEvent {
    this.#look();
    const isWorkedOn = draft.asset !== undefined && this.maintenanceOf(draft.asset) !== undefined;
    const marked = isWorkedOn ? { ...draft, extra: { ...draft.extra, maintenance: true } } : draft;
    const event = this.#numbers.event(marked, when);
    this.#given.events = event.seq;
    this.#open.events.push(event);
    if (!this.writable && isFull("events", this.#open)) this.#lose(relieve("events", this.#open));
    this.#deadline.within(0);
    if (!this.writable && isUrgent(event)) this.#unstored.tell(event);
    return event;
  }

  save(key: string, value: unknown): void {
    this.#open.states.set(key, value);
    this.#deadline.within(this.#o.commitMs);
  }

  asset(state: AssetState): void {
    this.#shown.set(state.asset, state);
    this.#show(state);
  }

  /** Its maintenance began or ended: the newest state is told anew. */
  assetAgain(asset: string): void {
    const state = this.#shown.get(asset);
    if (state !== undefined) this.#show(state);
    this.#deadline.within(0);
  }

  #show(state: AssetState): void {
    const maintenance = this.maintenanceOf(state.asset);
    this.#open.assets.set(state.asset, maintenance === undefined ? state : { ...state, maintenance });
  }

  openAlarms(list: readonly OpenAlarm[]): void {
    this.#open.alarms = list;
  }

  acknowledge(marks: readonly Mark[]): void {
    for (const mark of marks) this.#open.marks.set(`${mark.epoch}/${mark.stream}`, mark);
    this.#deadline.within(MARKS_WAIT_MS);
  }

  sentUrgent(which: { readonly epoch: string; readonly seq: number }): void {
    this.#open.sentUrgent.push(which);
    this.#deadline.within(MARKS_WAIT_MS);
  }

  inbox(row: InboxRow): void {
    this.#open.inbox.set(row.id, row);
    this.#deadline.within(0);
  }

  /** What is to be shed goes with the event that names it. */
  shed(shed: Shed): void {
    this.#open.shed.push(shed);
    this.raise(gapEvent(shed));
  }

  /** Resolves when all that was added so far is durable. Rejects, at a stop only, when it cannot become durable any more: `store.*`. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#committer.over !== null) return reject(this.#committer.over);
      this.#open.waiters.push({ resolve, reject });
      this.#deadline.within(0);
    });
  }

  /** As `flush`, for whoever can wait for the commit to close by itself. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      const { over, closing } = this.#committer;
      if (over !== null) return reject(over);
      const content = weightOf(this.#open) > 0 ? this.#open : closing;
      if (content === null) return resolve();
      content.waiters.push({ resolve, reject });
      if (content === this.#open) this.#deadline.within(content.waiters.length < WAITING_MOST ? MARKS_WAIT_MS : 0);
    });
  }

  /** The gateway stops: from now on nobody waits for a disk that cannot be written. What is open is still tried once more at the end of `run`. */
  leave(): void {
    this.#committer.leave();
  }

  /**
   * The commit loop. After `stop` what is open is committed once more, if it can be. Rejects with `store.corrupt` or `store.gone`: only a
   * new opening has a file again, so the gateway must end and be started again. `heartbeat` is touched when the store wrote.
   */
  async run(stop: AbortSignal, heartbeat: Heartbeat | null = null): Promise<void> {
    await this.#committer.run(stop, heartbeat);
  }

  /** Follows the clock once for all records that are added in one turn of the event loop. */
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
