/** Steps asset kinds with what is stored, in order: the same live, after a restart and in replay. */
import { EdgeError } from "../../kit/errors.ts";
import type { Args, ReadingRecord, Restated } from "../../model.ts";
import type { Alarms } from "../alarms.ts";
import type { SiteAsset } from "../kinds/index.ts";
import type { Moment } from "../kinds/kind.ts";
import { restated } from "../restated.ts";
import type { WallTime } from "../window/numbers.ts";
import { asideKeyOf, stateKeyOf } from "./asset/asset-key.ts";
import { AssetRun, type Epoch } from "./asset/asset-run.ts";
import { RunKeeper } from "./asset/run-keeper.ts";
import { restore } from "./asset/saved.ts";
import { Audience } from "./audience.ts";
import { placeOf } from "./claims.ts";
import { Hearing } from "./hearing.ts";
import { FAILED, Judge } from "./judge.ts";
import type { Answers } from "./kind-context.ts";
import { Moments } from "./moments.ts";
import { type OrderSink, Orders } from "./orders.ts";
import type { Input, OrderEnd } from "./past/lived.ts";
import { Showing, type ShowingSink } from "./showing.ts";
import type { SiteTime } from "./site-time.ts";

/** So many steps may follow one another in a moment, from asset to asset. */
const CASCADE_STEPS = 1000;

export interface EngineSink extends ShowingSink, OrderSink {
  save(key: string, value: unknown): void;
  /** Wall time of a monotonic moment, whether it can be trusted, and in whose unsynchronised time it is. */
  wall(mono: number): WallTime;
}

export interface EngineOptions {
  readonly assets: readonly SiteAsset[];
  readonly sink: EngineSink;
  readonly alarms: Alarms;
  readonly saved: ReadonlyMap<string, unknown>;
  readonly epoch: Epoch;
  readonly time: SiteTime;
  readonly answers?: Answers;
}

/** How long nobody looked is an input too: what was unseen for too long is unknown. */
type Told = Input | { readonly offMs: number | null };

export class RuleEngine {
  readonly #sink: EngineSink;
  readonly #alarms: Alarms;
  readonly #saved: ReadonlyMap<string, unknown>;
  readonly #moments: Moments;
  readonly #keeper: RunKeeper;
  readonly #showing: Showing;
  readonly #orders: Orders;
  readonly #judge: Judge;
  readonly #hearing: Hearing;
  readonly #audience = new Audience();
  readonly #byId = new Map<string, AssetRun>();
  /** Attribute records that other assets listen to, with their numbers: heard when the step that made them is over. */
  readonly #queue: { readonly record: ReadingRecord; readonly seq: number }[] = [];
  /** The latest moment of which something was told by itself. */
  #fired = Number.NEGATIVE_INFINITY;

  constructor({ assets, sink, alarms, saved, epoch, time, answers = {} }: EngineOptions) {
    this.#sink = sink;
    this.#alarms = alarms;
    this.#saved = saved;
    this.#moments = new Moments(time, (mono) => sink.wall(mono));
    this.#keeper = new RunKeeper(epoch, (key, value) => sink.save(key, value));
    this.#showing = new Showing(sink, alarms, this.#moments, (record, seq) => {
      if (this.#audience.ofPoint(record.source, record.name).length > 0) this.#queue.push({ record, seq });
    });
    this.#orders = new Orders(sink, (device) => alarms.isDown(device), this.#moments, this.#keeper);
    this.#judge = new Judge(alarms, answers, this.#moments, this.#keeper, this.#showing, this.#orders);
    this.#hearing = new Hearing(this.#judge);
    assets.forEach(({ asset, kind }, place) => {
      const run = new AssetRun(asset, kind, place);
      restore(run, saved.get(stateKeyOf(asset.id)));
      run.isFailed = alarms.isOpen(asset.id, FAILED);
      this.#byId.set(asset.id, run);
      this.#audience.add(run);
    });
  }

  get runs(): readonly AssetRun[] {
    return [...this.#byId.values()];
  }

  // ------------------------------------------------------------ an epoch opens

  /** What nobody saw for too long is unknown, what fell due meanwhile is told, and every asset is shown once. */
  opened(mono: number, offMs: number | null, next?: { readonly epoch: Epoch; readonly time: SiteTime }): void {
    if (next !== undefined) {
      this.#keeper.epoch = next.epoch;
      this.#keeper.heard = { readings: 0, events: 0 };
      this.#moments.time = next.time;
      this.#fired = Number.NEGATIVE_INFINITY;
    }
    const at = this.#moments.at(mono);
    const { wall, epoch } = this.#sink.wall(mono);
    for (const run of this.#byId.values()) {
      if (run.at === 0) {
        run.at = run.since = wall;
        run.atEpoch = run.sinceEpoch = epoch;
      }
      this.#judge.plan(run);
      this.#hearing.unobserved(run, offMs, at);
      run.repeatAt = at;
      run.isShown = false;
      this.#orders.schedule(run);
      this.#keeper.schedule(run);
    }
    this.timers(mono);
    for (const run of this.#byId.values()) {
      this.#orphans(run, mono);
      if (run.restored === "aside") this.#setAside(run, mono);
      this.#judge.judge(run, at, true);
    }
    this.#drain();
  }

  /** Alarms of a former kind or version that nothing claims any more. */
  #orphans(run: AssetRun, mono: number): void {
    const { id, name } = run.asset;
    for (const { key, kind, severity } of this.#alarms.ofOwner(id)) {
      if (key === FAILED || Object.hasOwn(run.kind.alarms, key)) continue;
      const text = { it: `${name.it}: ${kind} non si valuta più`, en: `${name.en}: ${kind} is no longer judged` };
      this.#alarms.clear(id, key, { kind, severity, asset: id, text, reason: "removed", extra: placeOf(run.asset) }, mono);
    }
  }

  /** What was saved does not fit: it is kept beside and named, and what is known was learned from the stored past. */
  #setAside(run: AssetRun, mono: number): void {
    const { id } = run.asset;
    run.restored = "kept";
    this.#sink.save(asideKeyOf(id), this.#saved.get(stateKeyOf(id)));
    const error = new EdgeError("rule.state-unfit", { kind: run.kind.kind, version: run.kind.version });
    const text = { it: `${id}: ${error.what("it")}`, en: `${id}: ${error.what("en")}` };
    this.#alarms.note({ kind: "rule.state-unfit", severity: "low", asset: id, text, extra: placeOf(run.asset) }, mono);
  }

  // ------------------------------------------------------------ time passes

  /** What fell due by itself up to a moment, in the order of its time; then nothing earlier can come: see `notBefore`. */
  timers(mono: number): void {
    const now = this.#moments.at(mono);
    for (let run = this.#keeper.next; run !== undefined && run.due <= now; run = this.#keeper.next) {
      const at = run.due;
      this.#fired = Math.max(this.#fired, this.#moments.mono(at));
      this.#fire(run, at);
      this.#drain();
    }
  }

  #fire(run: AssetRun, at: number): void {
    this.#moments.inputs += 1;
    const isChanged = this.#hearing.settle(run, at);
    this.#showing.due(run, at);
    const isOrdered = this.#orders.due(run, at);
    if (isChanged || at >= run.again) this.#judge.judge(run, at, true);
    else {
      if (isOrdered || at >= run.saveAt) this.#keeper.save(run);
      this.#keeper.schedule(run);
    }
  }

  /** Kernel monotonic ms at which something is due by itself. */
  get due(): number | null {
    const due = this.#keeper.next?.due ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(due) ? this.#moments.mono(due) : null;
  }

  /** A record that arrives after something of a later moment was told takes that moment: so replay meets both in the same order. */
  notBefore(mono: number): number {
    return Math.max(mono, this.#fired);
  }

  // ------------------------------------------------------------ it is told something

  /** A numbered record of a device. */
  record(record: ReadingRecord, seq: number): void {
    this.#hear(record, seq);
    this.#drain();
  }

  #hear(record: ReadingRecord, seq: number): void {
    this.#keeper.heard.readings = seq;
    this.#tell({ record }, record.mono, false);
  }

  device(device: string, isUp: boolean, mono: number, seq: number): void {
    this.#keeper.heard.events = seq;
    if (!isUp) this.#tell({ lost: device }, mono, true);
    const at = this.#moments.at(mono);
    for (const run of this.#byId.values()) if (this.#orders.reached(run, device, at)) this.#keeper.schedule(run);
    this.#drain();
  }

  action(asset: string, action: string, args: Args, mono: number, seq: number): void {
    this.#keeper.heard.events = seq;
    this.#tell({ asset, action, args }, mono, true);
    this.#drain();
  }

  /** How an order of one of its kinds ended. */
  ordered(end: OrderEnd, mono: number, seq: number): void {
    this.#keeper.heard.events = seq;
    const run = this.#byId.get(end.by);
    if (run === undefined || !this.#orders.ended(run, end, this.#moments.at(mono))) return;
    this.#keeper.save(run);
    this.#keeper.schedule(run);
  }

  /** `save`: whatever comes of it. */
  #tell(told: Told, mono: number, save: boolean): void {
    this.#moments.inputs += 1;
    const at = this.#moments.at(mono);
    for (const { run, take } of this.#concerned(told, at)) if (take()) this.#judge.judge(run, at, save);
  }

  /** How long the machine was off before this epoch became known only now. */
  wasOff(ms: number, mono: number): void {
    this.#moments.inputs += 1;
    this.#moments.time.wasOff(ms);
    const at = this.#moments.at(mono);
    for (const run of this.#byId.values()) this.#judge.judge(run, at, true);
    this.#drain();
  }

  /** Something became known of the time in which their states began. */
  restate(of: Restated): void {
    for (const run of this.#byId.values()) {
      const [at, since] = [run.atEpoch === of.epoch, run.sinceEpoch === of.epoch];
      if (at) ({ wall: run.at, epoch: run.atEpoch } = { epoch: undefined, ...restated(run.at, of) });
      if (since) ({ wall: run.since, epoch: run.sinceEpoch } = { epoch: undefined, ...restated(run.since, of) });
      if (at || since) {
        this.#keeper.save(run);
        this.#showing.show(run);
      }
    }
    this.#showing.publish(this.#keeper.epoch.id);
  }

  /** Hears something of the stored past again, at its moment: facts are learned, nothing is said. `only`: who must. */
  relearn(told: Told, moment: Moment, only: (run: AssetRun) => boolean): void {
    this.#moments.past = moment;
    const { at } = moment;
    for (const { run, take } of this.#concerned(told, at)) {
      if (!only(run)) continue;
      this.#hearing.settle(run, at);
      take();
      run.heardAt = at;
    }
    this.#moments.past = null;
  }

  /** Whom it concerns, and how they take it in: true where they must be looked at anew. */
  #concerned(told: Told, at: number): readonly { readonly run: AssetRun; readonly take: () => boolean }[] {
    if ("record" in told) {
      const { record } = told;
      const listeners = this.#audience.ofPoint(record.source, record.name);
      return listeners.map(({ run, role }) => ({ run, take: () => this.#hearing.observe(run, role, record, at) }));
    }
    if ("lost" in told) {
      const listeners = this.#audience.ofSource(told.lost);
      return listeners.map(({ run, role }) => ({ run, take: () => this.#hearing.lose(run, role, at) }));
    }
    if ("asset" in told) {
      const run = this.#byId.get(told.asset);
      const { action, args } = told;
      return run === undefined ? [] : [{ run, take: () => this.#judge.learn(run, { of: "action", action, args }, at) }];
    }
    if ("order" in told) {
      const run = this.#byId.get(told.by);
      return run === undefined ? [] : [{ run, take: () => this.#orders.ended(run, told, at) }];
    }
    return this.runs.map((run) => ({ run, take: () => this.#hearing.unobserved(run, told.offMs, at) }));
  }

  // ------------------------------------------------------------ assets hear assets

  #drain(): void {
    let steps = 0;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      steps += 1;
      if (steps > CASCADE_STEPS) this.#breaks(next.record);
      else this.#hear(next.record, next.seq);
    }
    this.#showing.publish(this.#keeper.epoch.id);
  }

  /** Assets that hear each other in a circle never come to rest: the one whose turn it is fails, and the circle ends there. */
  #breaks({ source, mono }: ReadingRecord): void {
    const run = this.#byId.get(source);
    this.#moments.inputs += 1;
    const error = new Error(`more than ${CASCADE_STEPS} steps in one moment`);
    if (run !== undefined) this.#judge.failed(run, "assets", error, this.#moments.at(mono));
    this.#queue.length = 0;
  }
}
