/** Records and events go in and get their numbers; commits of whole windows go to the store, and what became durable goes to the listeners, in order. */
import type { Clock } from "../kit/clock.ts";
import { asEdgeError, type EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import { pause } from "../kit/loop.ts";
import type { Beat } from "../kit/pulse.ts";
import type { AssetState, EdgeEvent, EventDraft, Mark, Now, OpenAlarm, Range, ReadingRecord, Segment, Stream } from "../model.ts";
import { type Content, dropEvents, dropRecords, emptyContent, type Group, isUrgent, joined } from "./content.ts";
import type { EventRow, InboxRow, SegmentRow, Shed, Store } from "./parts.ts";
import { encodeEvent, encodeReadings } from "./segment.ts";
import { Wall } from "./wall.ts";

export interface Committed {
  readonly segments: readonly Segment[];
  readonly assets: readonly AssetState[];
  readonly alarms: boolean;
  readonly events: readonly EdgeEvent[];
  readonly urgent: readonly EdgeEvent[];
}

/** Acknowledgements wait at most this long for a window to travel with. */
const MARKS_WAIT_MS = 1000;
/** Records that wait in memory while the store cannot be written; the oldest beyond go to the ledger. */
const WAITING_MAX = 50_000;
/** Events that wait so; urgent ones and those that name a loss stay. */
const EVENTS_MAX = 10_000;
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
  readonly #next: Record<Stream, number> = { readings: 1, events: 1 };
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
  readonly #wall: Wall;
  #looked = false;
  #tended = Number.NEGATIVE_INFINITY;
  /** The last housekeeping goes on or failed: the next takes its turn, however full the WAL is. */
  #untended = false;
  #written: number;
  #beat: Beat | null = null;

  constructor(options: WindowOptions) {
    this.#o = options;
    this.#wall = new Wall(options.clock);
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

  /** Numbers of the newest record and event, durable or not. */
  get heads(): Readonly<Record<Stream, number>> {
    return { readings: this.#next.readings - 1, events: this.#next.events - 1 };
  }

  /** Records and events that are not durable yet. */
  get waiting(): number {
    return this.#writing + this.#open.records + this.#open.events.length;
  }

  /** Wall time of a monotonic moment, as the records around it carry it. */
  wall(mono: number): { readonly wall: number; readonly synced: boolean } {
    return { wall: mono + this.#wall.offset, synced: this.#wall.synced };
  }

  /** Numbers one record. */
  add(record: ReadingRecord): number {
    const seq = this.#next.readings++;
    const mono = this.#inEpoch(record.mono);
    this.#group(seq).records.push(mono === record.mono ? record : { ...record, mono });
    this.#open.records += 1;
    if (this.#open.records > WAITING_MAX) this.#relieve("readings");
    // The first one says by when; later ones would say later.
    if (this.#open.records === 1) this.#closeBy(this.#o.clock.mono() + this.#o.commitMs);
    return seq;
  }

  /** Numbers one event; the window closes at once. */
  raise(draft: EventDraft, when: number = this.#o.clock.mono()): EdgeEvent {
    this.#look();
    const { epoch } = this.#o.store;
    const mono = this.#inEpoch(when);
    const seq = this.#next.events++;
    const { sinceMono, sinceWall, id, extra, ...rest } = draft;
    const event: EdgeEvent = {
      seq,
      after: this.#next.readings - 1,
      at: mono + this.#wall.offset,
      since: sinceWall ?? (sinceMono ?? mono) + this.#wall.offset,
      mono: mono - epoch.opened,
      clock: this.#wall.clock,
      id: id ?? `${epoch.id}/${seq}`,
      ...rest,
      ...extra,
    };
    this.#open.events.push(event);
    if (this.#open.events.length > EVENTS_MAX && !this.writable) this.#relieve("events");
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
    this.#gapEvent(shed);
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
    const { readings, events } = this.#encode(closed);
    this.#writing = closed.records + closed.events.length;
    try {
      await this.#o.store.commit({
        readings,
        events,
        states: Object.fromEntries(closed.states),
        marks: [...closed.marks.values()],
        inbox: [...closed.inbox.values()],
        shed: closed.shed,
        sentUrgent: closed.sentUrgent,
      });
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
    this.#tell(closed, readings, events);
    return true;
  }

  #encode(closed: Content): { readings: SegmentRow[]; events: EventRow[] } {
    const { cat, store } = this.#o;
    const epoch = { id: store.epoch.id, opened: store.epoch.opened, cat };
    return {
      readings: closed.groups.filter((g) => g.records.length > 0).map((g) => encodeReadings(epoch, g)),
      events: closed.events.map((event) => encodeEvent(epoch, event, isUrgent(event))),
    };
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

  /** Content that can never be stored must not hold up what can: the likeliest part goes, and the ledger says so. */
  #purge(content: Content): void {
    this.#o.log.error("store.content-refused", {
      inbox: content.inbox.size,
      states: content.states.size,
      events: content.events.length,
    });
    if (content.inbox.size > 0) content.inbox.clear();
    else if (content.states.size > 0) content.states.clear();
    else if (content.groups.length > 0) this.#gaps("readings", dropRecords(content, content.records), "refused");
    else
      this.#gaps(
        "events",
        dropEvents(content, content.events.length, () => true),
        "refused",
      );
  }

  #tell(closed: Content, readings: readonly SegmentRow[], events: readonly EventRow[]): void {
    for (const [id, state] of closed.assets) this.assets.set(id, state);
    if (closed.alarms !== null) this.alarms = closed.alarms;
    this.asOf = closed.events.at(-1)?.seq ?? this.asOf;
    const { epoch } = this.#o.store;
    const segment = (stream: Stream) => (row: SegmentRow) => ({
      epoch: epoch.id,
      stream,
      from: row.from,
      to: row.to,
      count: row.count,
      mono: row.mono + (row.t1 - row.t0),
      body: row.body,
    });
    const committed: Committed = {
      segments: [...events.map(segment("events")), ...readings.map(segment("readings"))],
      assets: [...closed.assets.values()],
      alarms: closed.alarms !== null,
      events: closed.events,
      urgent: closed.events.filter(isUrgent),
    };
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

  /** A rule's timer that fell due while no gateway ran is told when the epoch opens: no number lies before its epoch. */
  #inEpoch(mono: number): number {
    return Math.max(mono, this.#o.store.epoch.opened);
  }

  #closeBy(mono: number): void {
    if (this.#due !== null && this.#due <= mono) return;
    this.#due = mono;
    this.#wake();
  }

  /** The group for the next record: a new one after a clock step or a change of synchronisation. */
  #group(seq: number): Group {
    this.#lookOnce();
    const { groups } = this.#open;
    const last = groups.at(-1);
    const { clock, offset } = this.#wall;
    if (last !== undefined && last.clock === clock && last.offset === offset && last.from + last.records.length === seq)
      return last;
    const group: Group = { clock, offset, from: seq, records: [] };
    groups.push(group);
    return group;
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
    const news = this.#wall.look(this.#open.records > 0);
    if (news === null) return;
    const { draft, now, synchronised } = news;
    this.raise({ ...draft, extra: { epoch: this.#o.store.epoch.id, ...draft.extra } }, now.mono);
    if (synchronised) this.onSynchronised(now);
  }

  /** The oldest tenth of what waits goes to the ledger: the memory of the box is bounded, and the platform learns of it. */
  #relieve(stream: Stream): void {
    const spared = (event: EdgeEvent) => isUrgent(event) || event.kind === "ledger.gap";
    if (stream === "readings") this.#gaps(stream, dropRecords(this.#open, WAITING_MAX / 10), "disk");
    else
      this.#gaps(
        stream,
        dropEvents(this.#open, EVENTS_MAX / 10, (event) => !spared(event)),
        "disk",
      );
  }

  #gaps(stream: Stream, ranges: readonly Range[], reason: Shed["reason"]): void {
    const epoch = this.#o.store.epoch.id;
    for (const range of ranges)
      this.#gapEvent({ epoch, stream, range, count: range[1] - range[0] + 1, kept: 0, reason, replacement: null });
  }

  #gapEvent({ epoch, stream, range, count, kept, reason, policy }: Shed): void {
    this.raise({
      kind: "ledger.gap",
      state: "noted",
      severity: reason === "thinned" ? "low" : "medium",
      text: { it: `${count} dati non conservati (${reason})`, en: `${count} records not kept (${reason})` },
      extra: { epoch, stream, from: range[0], to: range[1], count, kept, reason, ...(policy !== undefined && { policy }) },
    });
  }
}
