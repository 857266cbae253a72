/** A site that lives through random histories by the real engine; its store forgets at a kill what was not committed. */
import { Alarms } from "../../../src/edge/alarms.ts";
import type { Answers } from "../../../src/edge/answers/answers.ts";
import type { WallTime } from "../../../src/edge/commit/record-numbers.ts";
import { RuleEngine } from "../../../src/edge/engine/engine.ts";
import { catchUp, hearBack } from "../../../src/edge/engine/past/catch-up.ts";
import {
  type EpochTime,
  epochTimes,
  nextEpochTime,
  SITE_TIME_KEY,
  SiteTime,
  withEpochTime,
} from "../../../src/edge/engine/site-time.ts";
import type { SiteAsset } from "../../../src/edge/kinds/index.ts";
import { encodeEvent, encodeReadings } from "../../../src/edge/segments/segment.ts";
import type { StoredEvent, StoredRecord } from "../../../src/edge/store/store.ts";
import type {
  Args,
  AssetState,
  EdgeEvent,
  EventDraft,
  Reading,
  ReadingRecord,
  Segment,
  Stream,
} from "../../../src/model/index.ts";

/** Wall time in these lives is what has passed plus this. */
export const WALL = 1_764_000_000_000;

export class LivedSite {
  #assets: readonly SiteAsset[];
  readonly #answers: Answers;
  readonly #saved = new Map<string, unknown>();
  readonly records: StoredRecord[] = [];
  readonly events: StoredEvent[] = [];
  /** The retained states in the order in which they were handed over, with the moment. */
  readonly states: { readonly mono: number; readonly state: AssetState }[] = [];
  #openedAt = new Map<string, number>();
  /** What waits for the next commit. */
  #window = { saved: new Map<string, unknown>(), records: [] as StoredRecord[], events: [] as StoredEvent[] };
  #engine: RuleEngine | null = null;
  #epoch = "";
  #epochs = 0;
  #opened = 0;
  #boot = 0;
  #numbers = { readings: 0, events: 0 };
  /** Of the present boot; and what has passed beside it. */
  #mono = 1000;
  #ahead = 0;
  /** The place of the epoch in the times of the site, and the time off before it that only a later clock can tell; null: it is known. */
  #time: EpochTime | null = null;
  #untold: number | null = null;
  /** How wrong the clock is until a time server is found. */
  #wrong = 0;
  #last: { readonly boot: number; readonly mono: number; readonly wall: number; readonly synced: boolean } | null = null;

  constructor(assets: readonly SiteAsset[], answers: Answers = {}) {
    this.#assets = assets;
    this.#answers = answers;
  }

  #wallAt(mono: number): WallTime {
    const wall = mono + this.#wall + this.#wrong;
    return this.#wrong === 0 ? { wall, synced: true } : { wall, synced: false, epoch: this.#epoch };
  }

  get #clock(): "synced" | "unsynced" {
    return this.#wrong === 0 ? "synced" : "unsynced";
  }

  get #wall(): number {
    return WALL + this.#ahead;
  }

  /** As `Store`: what is durable. */
  readonly past = {
    saved: this.#saved as ReadonlyMap<string, unknown>,
    history: () => each(this.records),
    events: () => each(this.events),
    read: async (epoch: string, stream: Stream, from: number, to: number): Promise<readonly Segment[]> => {
      const opened = this.#openedAt.get(epoch) ?? 0;
      const within = (seq: number) => seq >= from && seq <= to;
      const mine = { id: epoch, cat: "", opened, n: 1 } as never;
      const rows =
        stream === "readings"
          ? this.records
              .filter((record) => record.epoch === epoch && within(record.seq))
              .map(({ seq, wall, clock, ...record }) =>
                encodeReadings(mine, { from: seq, records: [record], offset: wall - record.mono, clock }),
              )
          : this.events
              .filter((one) => one.epoch === epoch && within(one.event.seq))
              .map(({ event }) => encodeEvent(mine, event, false));
      return rows.map(({ from: a, to: b, body }) => ({ epoch, stream, from: a, to: b, count: 1, mono: null, body }));
    },
  };

  /** Opens, or opens again: after a kill what was not committed is gone; in another boot the clock begins anew after `offMs`. */
  async open(how: { readonly reboot?: boolean; readonly offMs?: number; readonly isOffKnown?: boolean } = {}): Promise<void> {
    const { reboot = false, offMs = 0, isOffKnown = true } = how;
    this.#window = { saved: new Map(), records: [], events: [] };
    const last = this.#last;
    if (reboot) {
      this.#boot += 1;
      this.#ahead += this.#mono + offMs - 500;
      this.#mono = 500;
    } else this.#mono += offMs;
    this.#epochs += 1;
    const opened = this.#mono;
    this.#epoch = `EPOCH${String(this.#epochs).padStart(3, "0")}`;
    this.#opened = opened;
    this.#openedAt.set(this.#epoch, opened);
    this.#numbers = { readings: 0, events: 0 };
    const isSameBoot = last?.boot === this.#boot;
    const unseen =
      last === null ? null : isSameBoot ? opened - last.mono : isOffKnown && last.synced ? this.#wall + opened - last.wall : null;
    const former = this.#timesSaved().at(-1);
    // Without a battery a machine begins with the time that it was made at.
    if (reboot) this.#wrong = isOffKnown ? 0 : -30 * 86_400_000;
    this.#untold = last === null || isSameBoot || isOffKnown || !last.synced ? null : this.#wall + opened - last.wall;
    const off = { lastMono: last?.mono ?? null, isSameBoot, offMs: unseen };
    const time = nextEpochTime(former, { id: this.#epoch, n: this.#epochs, opened }, off);
    const sink = {
      raise: (draft: EventDraft, mono: number) => this.#raise(draft, mono),
      save: (key: string, value: unknown) => void this.#window.saved.set(key, structuredClone(value)),
      openAlarms: () => {},
      order: () => {},
      asset: (state: AssetState) => void this.states.push({ mono: this.#mono, state }),
      add: (record: ReadingRecord) => this.#add(record),
      wall: (mono: number) => this.#wallAt(mono),
    };
    const saved = new Map(structuredClone([...this.#saved]));
    const alarms = new Alarms(sink, saved);
    const engine = new RuleEngine({
      assets: this.#assets,
      sink,
      alarms,
      answers: this.#answers,
      saved,
      epoch: { id: this.#epoch, n: this.#epochs },
      time: new SiteTime(time),
    });
    await catchUp(engine, this.past, this.#wall + this.#mono);
    const shiftMs = last === null || isSameBoot ? 0 : opened - last.mono;
    this.#note("epoch.opened", { opened, offMs: unseen, shiftMs });
    this.#keepTime(time);
    engine.opened(opened, unseen);
    this.#engine = engine;
  }

  /** Another configuration comes into force: the event that says so is durable before. */
  async applies(assets: readonly SiteAsset[], rev: number): Promise<void> {
    const engine = this.#engine;
    if (engine === null) return;
    const [mono, wall, epoch] = [this.#mono, this.#wallAt(this.#mono).wall, this.#epoch];
    engine.timers(mono);
    this.#note("config.applied", { rev });
    const seq = this.#numbers.events;
    this.commit();
    this.#assets = assets;
    const times = new Map(epochTimes(this.#saved.get(SITE_TIME_KEY)).map((time) => [time.epoch, time]));
    await engine.swap(assets, { mono, seq }, (runs) => hearBack(engine, runs, this.past, times, { wall, end: { epoch, seq } }));
    // Before it is over the next start would have the new configuration and the states of the old one.
    this.commit();
  }

  #keepTime(time: EpochTime): void {
    this.#time = time;
    this.#window.saved.set(SITE_TIME_KEY, withEpochTime(this.#saved.get(SITE_TIME_KEY), time));
  }

  /** A time server is found: how long nobody looked before this epoch is known from now on, where it was not. */
  findsClock(): void {
    if (this.#wrong === 0 || this.#time === null) return;
    const [offMs, offsetMs, epoch] = [this.#untold, -this.#wrong, this.#epoch];
    this.#engine?.timers(this.#mono);
    this.#untold = null;
    this.#wrong = 0;
    this.#note("clock.corrected", { epoch, offsetMs, ...(offMs !== null && { offMs }) });
    this.#engine?.restate({ epoch, offsetMs });
    if (offMs !== null) this.#keepTime({ ...this.#time, found: { mono: this.#mono, ms: offMs } });
    this.#engine?.clock(offMs, this.#mono, this.#numbers.events);
  }

  #timesSaved() {
    return withEpochTime(this.#saved.get(SITE_TIME_KEY), { epoch: "", n: 0, opened: 0, at: 0, passed: 0, offMs: null }).slice(
      0,
      -1,
    );
  }

  wait(ms: number): void {
    this.#mono += ms;
    this.#engine?.timers(this.#mono);
  }

  reads(device: string, reading: Omit<Reading, "mono">): void {
    const { point, ...rest } = reading;
    const mono = this.#engine?.notBefore(this.#mono) ?? this.#mono;
    const record: ReadingRecord = { source: device, name: point, unit: "", ...rest, mono };
    const seq = this.#add(record);
    this.#engine?.record(record, seq);
  }

  device(device: string, isUp: boolean): void {
    this.#note("device.down", { device, state: isUp ? "cleared" : "raised" });
    this.#engine?.device(device, isUp, this.#mono, this.#numbers.events);
  }

  orders(target: string, action: string, args: Args = {}): void {
    this.#note("command.executing", { target, action, args });
    this.#engine?.action(target, action, args, this.#mono, this.#numbers.events);
  }

  /** What waits becomes durable, all of it. */
  commit(): void {
    for (const [key, value] of this.#window.saved) this.#saved.set(key, value);
    this.records.push(...this.#window.records);
    this.events.push(...this.#window.events);
    if (this.#window.records.length + this.#window.events.length > 0)
      this.#last = { boot: this.#boot, mono: this.#mono, wall: this.#wall + this.#mono, synced: this.#wrong === 0 };
    this.#window = { saved: new Map(), records: [], events: [] };
  }

  #add(record: ReadingRecord): number {
    this.#numbers.readings += 1;
    const seq = this.#numbers.readings;
    this.#window.records.push({
      ...record,
      epoch: this.#epoch,
      n: this.#epochs,
      seq,
      wall: this.#wallAt(record.mono).wall,
      clock: this.#clock,
    });
    return seq;
  }

  #note(kind: string, extra: Readonly<Record<string, unknown>>): void {
    const { state = "noted", device, ...more } = extra;
    this.#raise(
      {
        kind,
        state: state as EventDraft["state"],
        severity: "info",
        text: { it: "", en: "" },
        extra: more,
        ...(device !== undefined && { device: String(device) }),
      },
      this.#mono,
    );
  }

  #raise(draft: EventDraft, mono: number): EdgeEvent {
    this.#numbers.events += 1;
    const seq = this.#numbers.events;
    const { id, sinceMono, sinceWall, sinceEpoch: _, extra, ...rest } = draft;
    // No number lies before its epoch.
    const when = Math.max(mono, this.#opened);
    const event: EdgeEvent = {
      ...rest,
      seq,
      after: this.#numbers.readings,
      at: this.#wallAt(when).wall,
      since: sinceWall ?? this.#wallAt(sinceMono ?? when).wall,
      mono: when - this.#opened,
      clock: this.#clock,
      id: id ?? `${this.#epoch}/${seq}`,
      ...extra,
    };
    this.#window.events.push({ epoch: this.#epoch, n: this.#epochs, event });
    return event;
  }

  /** What its assets told and what became durable. */
  get told(): readonly string[] {
    return this.events.flatMap(({ epoch, event }) =>
      event.asset === undefined
        ? []
        : [`${epoch} ${(this.#openedAt.get(epoch) ?? 0) + event.mono} ${event.asset} ${event.kind} ${event.state}`],
    );
  }

  /** Kernel monotonic ms at which an epoch opened. */
  openedAt(epoch: string): number {
    return this.#openedAt.get(epoch) ?? 0;
  }
}

async function* each<T>(list: readonly T[]): AsyncGenerator<T> {
  yield* list;
}
