/** A site that lives through random histories by the real engine; its store forgets at a kill what was not committed. */
import { Alarms, DOWN } from "../../../src/edge/alarms.ts";
import type { Answers } from "../../../src/edge/answers/answers.ts";
import type { ListNews } from "../../../src/edge/answers/told-lists.ts";
import type { WallTime } from "../../../src/edge/commit/record-numbers.ts";
import type { Order } from "../../../src/edge/engine/asset/want.ts";
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
import { hostEvent } from "../../../src/model/host-events.ts";
import type { Args, AssetState, EdgeEvent, EventDraft, Reading, ReadingRecord } from "../../../src/model/index.ts";

import { emptyWindow, LivedPast } from "./lived-past.ts";

/** Wall time in these lives is what has passed plus this. */
export const WALL = 1_764_000_000_000;

export class LivedSite {
  #assets: readonly SiteAsset[];
  readonly #answers: Answers;
  /** What is durable. */
  readonly past = new LivedPast();
  /** The retained states in the order in which they were handed over, with the moment. */
  readonly states: { readonly mono: number; readonly state: AssetState }[] = [];
  #window = emptyWindow();
  #engine: RuleEngine | null = null;
  #alarms: Alarms | null = null;
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

  /** Opens, or opens again: after a kill what was not committed is gone; in another boot the clock begins anew after `offMs`. */
  async open(how: { readonly reboot?: boolean; readonly offMs?: number; readonly isOffKnown?: boolean } = {}): Promise<void> {
    const { reboot = false, offMs = 0, isOffKnown = true } = how;
    this.#window = emptyWindow();
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
    this.past.opened.set(this.#epoch, opened);
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
      order: (order: Order, mono: number) => this.#accepts(order, mono),
      asset: (state: AssetState) => void this.states.push({ mono: this.#mono, state }),
      add: (record: ReadingRecord) => this.#add(record),
      wall: (mono: number) => this.#wallAt(mono),
    };
    const saved = new Map(structuredClone([...this.past.saved]));
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
    this.#alarms = alarms;
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
    const times = new Map(epochTimes(this.past.saved.get(SITE_TIME_KEY)).map((time) => [time.epoch, time]));
    await engine.swap(assets, { mono, seq }, (runs) => hearBack(engine, runs, this.past, times, { wall, end: { epoch, seq } }));
    // Before it is over the next start would have the new configuration and the states of the old one.
    this.commit();
  }

  #keepTime(time: EpochTime): void {
    this.#time = time;
    this.#window.saved.set(SITE_TIME_KEY, withEpochTime(this.past.saved.get(SITE_TIME_KEY), time));
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
    return withEpochTime(this.past.saved.get(SITE_TIME_KEY), { epoch: "", n: 0, opened: 0, at: 0, passed: 0, offMs: null }).slice(
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
    this.#engine?.timers(this.#mono);
  }

  device(device: string, isUp: boolean): void {
    const draft = { ...hostEvent("device.down"), device, text: { it: "", en: "" } };
    // A device that answers is up: it says so once.
    if (isUp && this.#alarms?.isDown(device) === false) return;
    this.#alarms?.[isUp ? "clear" : this.#alarms.isDown(device) ? "update" : "raise"](device, DOWN, draft, this.#mono);
    this.#engine?.device(device, isUp, this.#mono, this.#numbers.events);
    this.#engine?.timers(this.#mono);
  }

  orders(target: string, action: string, args: Args = {}): void {
    this.#note("command.executing", { target, action, args });
    this.#engine?.told({ asset: target, action, args }, this.#mono, this.#numbers.events);
    this.#engine?.timers(this.#mono);
  }

  /** A reader was shown a badge, and the permit check says this of it. */
  shows(asset: string, reader: string, verdict: "valid" | "unknown", until: number | null): void {
    const permit = { verdict, version: 1 };
    this.#note("badge.shown", { asset, reader, permit, until });
    this.#engine?.told({ asset, reader, permit, until }, this.#mono, this.#numbers.events);
    this.#engine?.timers(this.#mono);
  }

  #accepts(order: Order, mono: number): void {
    this.#window.inbox.set(order.id, order);
    const { id, target, value, by } = order;
    this.#note("command.accepted", { command: id, target, action: "set", origin: "rule", by, value }, mono);
  }

  /** The oldest order of a kind ends. It was durable before anything was sent. */
  endsOrder(isDone: boolean): void {
    this.commit();
    const [order] = this.past.inbox.values();
    if (order === undefined) return;
    const { id, target, value, by } = order;
    const extra = { command: id, target, action: "set", origin: "rule", by };
    this.#note("command.executing", { ...extra, args: { value } });
    this.#note(isDone ? "command.succeeded" : "command.failed", extra);
    this.#window.inbox.set(id, null);
    this.#engine?.ordered({ order: id, by, isDone }, this.#mono, this.#numbers.events);
    this.#engine?.timers(this.#mono);
  }

  /** What a pushed list says of an asset, or of itself. */
  listed(news: ListNews): void {
    this.#note(news.asset === undefined ? "list.accepted" : "list.told", { ...news });
    this.#engine?.told(news, this.#mono, this.#numbers.events);
    this.#engine?.timers(this.#mono);
  }

  /** A badge is read: what a list says of it, for an asset. `until` in epoch ms. */
  badge(
    reader: string,
    asset: string,
    permit: { readonly verdict: string; readonly version: number | null },
    until: number | null,
    list?: "stale",
  ): void {
    const of = { asset, reader, permit, until, ...(list && { list }) };
    this.#note("badge.shown", of);
    this.#engine?.told(of as never, this.#mono, this.#numbers.events);
  }

  /** What waits becomes durable, all of it. */
  commit(): void {
    this.past.take(this.#window);
    if (this.#window.records.length + this.#window.events.length > 0)
      this.#last = { boot: this.#boot, mono: this.#mono, wall: this.#wall + this.#mono, synced: this.#wrong === 0 };
    this.#window = emptyWindow();
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

  #note(kind: string, extra: Readonly<Record<string, unknown>>, mono = this.#mono): void {
    this.#raise({ kind, state: "noted", severity: "info", text: { it: "", en: "" }, extra }, mono);
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

  get events(): LivedPast["stored"]["events"] {
    return this.past.stored.events;
  }

  get records(): LivedPast["stored"]["records"] {
    return this.past.stored.records;
  }

  /** What its assets told and what became durable. */
  get told(): readonly string[] {
    return this.events.flatMap(({ epoch, event }) =>
      event.asset === undefined || event.kind === "badge.shown"
        ? []
        : [`${epoch} ${this.openedAt(epoch) + event.mono} ${event.asset} ${event.kind} ${event.state}`],
    );
  }

  /** Orders of its kinds that became durable. */
  get ordered(): readonly string[] {
    return this.events.flatMap(({ epoch, event }) =>
      event.kind === "command.accepted"
        ? [`${epoch} ${this.openedAt(epoch) + event.mono} ${event["command"]} ${event["target"]}=${event["value"]}`]
        : [],
    );
  }

  /** What became durable of an attribute, of whichever asset. */
  recordsOf(attribute: string): readonly string[] {
    return this.records.filter(({ name }) => name === attribute).map((record) => shownOf(record, this.openedAt(record.epoch)));
  }

  /** Kernel monotonic ms at which an epoch opened. */
  openedAt(epoch: string): number {
    return this.past.opened.get(epoch) ?? 0;
  }
}

/** An attribute of an asset as a line. No number lies before its epoch. */
export const shownOf = (
  { epoch, mono, source, name, value, quality, code = "" }: ReadingRecord & { epoch: string },
  opened: number,
) => `${epoch} ${Math.max(mono, opened)} ${source}.${name}=${value} ${quality} ${code}`;
