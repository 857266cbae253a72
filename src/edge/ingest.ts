/** Numbers readings, silences and orders to assets in order, and steps the asset kinds with each, what is due first. */
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { Listeners } from "../kit/loop/listeners.ts";
import { hostEvent } from "../model/host-events.ts";
import type {
  Args,
  AssetState,
  DeviceInfo,
  DeviceProblem,
  EventDraft,
  Reading,
  ReadingRecord,
  Restated,
  Text,
} from "../model/index.ts";
import { type Alarms, DOWN } from "./alarms.ts";
import type { Answers } from "./answers/answers.ts";
import type { ListNews } from "./answers/told-lists.ts";
import type { CommitBuffer } from "./commit/commit-buffer.ts";
import { Counters } from "./devices/counters.ts";
import { RuleEngine } from "./engine/engine.ts";
import type { OrderSink } from "./engine/orders.ts";
import { catchUp } from "./engine/past/catch-up.ts";
import { inputOf } from "./engine/past/lived.ts";
import { type EpochTime, epochTimes, nextEpochTime, SITE_TIME_KEY, SiteTime, withEpochTime } from "./engine/site-time.ts";
import type { SiteAsset } from "./kinds/index.ts";
import { lastLook, type TimeOff } from "./opening.ts";
import { BadgeCheck, listenersTo, type PermitLists } from "./permits/badge-check.ts";
import type { Store } from "./store/store.ts";

/** The longest that a timer can wait. */
const FOREVER_MS = 2 ** 31 - 1;

export interface IngestOptions {
  readonly store: Pick<Store, "saved" | "epoch" | "formerEnd" | "read" | "history" | "events">;
  readonly devices: readonly DeviceInfo[];
  readonly assets: readonly SiteAsset[];
  readonly clock: Clock;
  readonly log: Log;
  /** What the calendar of the site says. */
  readonly answers?: Answers;
  /** Says whose badge it is. */
  readonly permits: PermitLists;
  /** Takes an order of a kind in, in the same commit; it answers later, by `ordered`. */
  readonly order: OrderSink["order"];
}

export class Ingest {
  readonly #clock: Clock;
  readonly #buffer: CommitBuffer;
  readonly #alarms: Alarms;
  readonly #engine: RuleEngine;
  readonly #store: IngestOptions["store"];
  readonly #counters: Counters;
  readonly #badges: BadgeCheck;
  /** The place of this epoch in the times of the site. */
  #opened: EpochTime;
  readonly #watchers: Listeners<ReadingRecord>;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer is set to. */
  #due: number | null = null;
  #stop: AbortSignal = new AbortController().signal;

  constructor(
    { store, devices, assets, clock, log, answers, permits, order }: IngestOptions,
    buffer: CommitBuffer,
    alarms: Alarms,
  ) {
    this.#clock = clock;
    this.#watchers = new Listeners("record", log);
    this.#buffer = buffer;
    this.#alarms = alarms;
    const save = (key: string, value: unknown) => buffer.save(key, value);
    const sink = {
      add: (record: ReadingRecord) => this.#add(record),
      save,
      asset: (state: Parameters<CommitBuffer["asset"]>[0]) => buffer.asset(state),
      wall: (mono: number) => buffer.wall(mono),
      order,
    };
    this.#store = store;
    this.#opened = openingTime(store, null);
    const time = new SiteTime(this.#opened);
    this.#engine = new RuleEngine({
      assets,
      sink,
      alarms,
      saved: store.saved,
      epoch: store.epoch,
      time,
      ...(answers && { answers }),
    });
    this.#counters = new Counters(devices, store.saved, save);
    this.#badges = new BadgeCheck(permits, () => clock.now());
  }

  /** Something became known of the time in which what stands began. */
  restate(of: Restated): void {
    this.#alarms.restate(of);
    this.#engine.restate(of);
  }

  /** The clock was found, lost or set; `offMs`: how long nobody looked before this epoch, where that is known only now. */
  clock(offMs: number | null, mono: number): void {
    this.#engine.timers(mono);
    if (offMs !== null) this.#keepTime({ ...this.#opened, found: { mono, ms: offMs } });
    this.#engine.clock(offMs, mono, this.#buffer.newest.events);
    this.#schedule();
  }

  #keepTime(time: EpochTime): void {
    this.#opened = time;
    this.#buffer.save(SITE_TIME_KEY, withEpochTime(this.#store.saved.get(SITE_TIME_KEY), time));
  }

  /** Before the first word of the epoch: what is stored is known again. Errors: those of the store. */
  async catchUp(): Promise<void> {
    await catchUp(this.#engine, this.#store, this.#clock.now().wall);
  }

  /** The kinds meet the time off. */
  opened(mono: number, { offMs }: TimeOff): void {
    const time = openingTime(this.#store, offMs);
    this.#keepTime(time);
    this.#engine.opened(mono, offMs, { epoch: this.#store.epoch, time: new SiteTime(time) });
    this.#schedule();
  }

  readings(device: DeviceInfo, readings: readonly Reading[]): void {
    for (const reading of readings) this.#take(device, reading);
    this.#schedule();
  }

  #take(device: DeviceInfo, reading: Reading): void {
    this.#engine.timers(reading.mono);
    const record = this.#recordOf(device, reading);
    const seq = this.#add(record);
    this.#engine.record(record, seq);
  }

  #recordOf(device: DeviceInfo, { point, value, quality, code, mono }: Reading): ReadingRecord {
    const spec = device.points[point];
    const plain = { source: device.id, name: point, unit: spec?.unit ?? "", value, quality, mono: this.#engine.notBefore(mono) };
    const record: ReadingRecord = code === undefined ? plain : { ...plain, code };
    if (spec?.kind !== "increments" || typeof value !== "number") return record;
    const { total, first } = this.#counters.add(device.id, point, value);
    return { ...record, value: total, ...(first && { quality: "uncertain" as const, code: "counter.restarted" }) };
  }

  #add(record: ReadingRecord): number {
    this.#watchers.tell(record);
    return this.#buffer.add(record);
  }

  /** Nothing was understood of the device for its `silentAfter`, and why; null: something again. */
  silence(device: DeviceInfo, problem: DeviceProblem | null, mono: number): void {
    this.#engine.timers(mono);
    const at = this.#engine.notBefore(mono);
    const { id, place } = device;
    const draft = {
      ...hostEvent("device.down"),
      device: id,
      ...(place !== undefined && { extra: { place } }),
    };
    if (problem === null) {
      const text = { it: `${id} risponde di nuovo`, en: `${id} answers again` };
      this.#alarms.clear(id, DOWN, { ...draft, text }, at);
    } else {
      const { code, what, forMs } = problem;
      const action = this.#alarms.isDown(id) ? "update" : "raise";
      this.#alarms[action](
        id,
        DOWN,
        { ...draft, text: naming(id, what), cause: { device: id, code }, sinceMono: mono - forMs },
        at,
      );
    }
    this.#engine.device(id, problem === null, at, this.#buffer.newest.events);
    this.#schedule();
  }

  /** An order to an asset; its effects join the commit under way. */
  command(asset: string, action: string, args: Args, mono: number): void {
    this.#engine.timers(mono);
    this.#engine.told({ asset, action, args }, this.#engine.notBefore(mono), this.#buffer.newest.events);
    this.#schedule();
  }

  /** A reader was shown a badge: what the lists say of it is told to each asset that listens, and nothing else is kept. */
  badge(reader: string, shown: string, mono: number): void {
    this.#engine.timers(mono);
    const at = this.#engine.notBefore(mono);
    for (const draft of this.#badges.verdicts(listenersTo(reader, this.#engine.runs), reader, shown, at)) {
      const event = this.#buffer.raise(draft, at);
      const told = inputOf({ epoch: this.#store.epoch.id, n: this.#store.epoch.n, event });
      if (told !== null) this.#engine.told(told, at, event.seq);
    }
    this.#schedule();
  }

  /** What a pushed list says; what the kinds make of it joins the commit of the event that tells it. */
  listed(news: ListNews, draft: EventDraft): void {
    const mono = this.#clock.mono();
    this.#engine.timers(mono);
    const at = this.#engine.notBefore(mono);
    // What the event carries counts from the begin of the epoch.
    const { seq } = this.#buffer.raise(draft, at);
    this.#engine.told(news, at, seq);
    this.#schedule();
  }

  /** How an order of a kind ended; what comes of it joins the commit under way. */
  ordered(order: string, by: string, isDone: boolean, mono: number): void {
    this.#engine.timers(mono);
    this.#engine.ordered({ order, by, isDone }, mono, this.#buffer.newest.events);
    this.#schedule();
  }

  /** Of what only adds up; undefined for all else. */
  total(device: string, point: string): number | undefined {
    return this.#counters.total(device, point);
  }

  /** Assets as their latest records show them, durable or not: a watcher that begins here was not told of those records. */
  assets(): readonly AssetState[] {
    const { id } = this.#store.epoch;
    return this.#engine.runs
      .filter(({ shown }) => Object.keys(shown).length > 0)
      .map((run) => run.state(id, this.#alarms.idsOf(run.asset.id)));
  }

  /** Every record as it gets its number, before it is durable: for people who watch. */
  onRecord(listener: (record: ReadingRecord) => void): () => void {
    return this.#watchers.add(listener);
  }

  /** One timer for all assets: it fires when the earliest is due. What is due already waits for none, which would cost an alarm one to two milliseconds. */
  #schedule(): void {
    if (!this.#stop.aborted) this.#engine.timers(this.#clock.mono());
    const due = this.#stop.aborted ? null : this.#engine.due;
    if (due === this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    if (due === null) return;
    this.#timer = setTimeout(
      () => {
        this.#due = null;
        this.#schedule();
      },
      Math.min(FOREVER_MS, Math.max(0, due - this.#clock.mono())),
    );
  }

  /** No timer is set after `stop`. */
  until(stop: AbortSignal): void {
    this.#stop = stop;
  }

  /** Takes away the timer that is set. */
  rest(): void {
    clearTimeout(this.#timer);
  }
}

/** Whose it is must stand in the sentence: it is read far from the device. */
const naming = (id: string, { it, en }: Text): Text =>
  en.includes(id) ? { it, en } : { it: `${id}: ${it}`, en: `${id}: ${en}` };

/** Where this epoch opens in the times of the site. `offMs`: how long nobody looked, null where that is not known. */
function openingTime(store: IngestOptions["store"], offMs: number | null): EpochTime {
  const end = lastLook(store);
  const former = epochTimes(store.saved.get(SITE_TIME_KEY)).at(-1);
  return nextEpochTime(former, store.epoch, {
    lastMono: end?.mono ?? null,
    isSameBoot: end?.boot === store.epoch.boot,
    offMs,
  });
}
