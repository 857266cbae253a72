/** Steps asset kinds with what is stored, in order: the same live, after a restart and in replay. */
import type { ReadingRecord, Restated } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";
import type { Answers } from "../answers/answers.ts";
import type { Recorder } from "../commit/recorder.ts";
import type { SiteAsset } from "../kinds/index.ts";
import type { Moment } from "../kinds/kind.ts";
import { asideKeyOf, stateKeyOf } from "./asset/asset-key.ts";
import { AssetRun, type Epoch } from "./asset/asset-run.ts";
import { Cascade, TURNS_MOST, type Turn } from "./asset/cascade.ts";
import { RunKeeper } from "./asset/run-keeper.ts";
import { RunToCompletion } from "./asset/run-to-completion.ts";
import { restore } from "./asset/saved.ts";
import { AttributePublisher } from "./attribute-publisher.ts";
import { clearOrphans } from "./claims.ts";
import { InputDispatcher, type Told } from "./input-dispatcher.ts";
import { FAILED, Judge } from "./judge.ts";
import { ListenerIndex } from "./listener-index.ts";
import { Moments } from "./moments.ts";
import { type OrderSink, Orders } from "./orders.ts";
import { Exchange } from "./past/exchange.ts";
import type { OrderEnd } from "./past/lived.ts";
import type { SiteTime } from "./site-time.ts";

type EngineSink = Pick<Recorder, "add" | "asset" | "save" | "wall"> & OrderSink;

export interface EngineOptions {
  readonly assets: readonly SiteAsset[];
  readonly sink: EngineSink;
  readonly alarms: Alarms;
  readonly saved: ReadonlyMap<string, unknown>;
  readonly epoch: Epoch;
  readonly time: SiteTime;
  readonly answers?: Answers;
}

export class RuleEngine {
  readonly #sink: EngineSink;
  readonly #alarms: Alarms;
  readonly #saved: ReadonlyMap<string, unknown>;
  readonly #moments: Moments;
  readonly #keeper: RunKeeper;
  readonly #publisher: AttributePublisher;
  readonly #orders: Orders;
  readonly #judge: Judge;
  readonly #dispatcher: InputDispatcher;
  readonly #exchange: Exchange;
  readonly #listeners = new ListenerIndex();
  readonly #cascade = new Cascade();
  /** Attribute records that other assets listen to, with their numbers: heard when the turn that made them is over. */
  readonly #said: { readonly record: ReadingRecord; readonly seq: number }[] = [];
  readonly #work = new RunToCompletion(() => this.#takeTurns());
  /** The latest moment at which a timer fired. */
  #fired = Number.NEGATIVE_INFINITY;

  constructor({ assets, sink, alarms, saved, epoch, time, answers = {} }: EngineOptions) {
    this.#sink = sink;
    this.#alarms = alarms;
    this.#saved = saved;
    this.#moments = new Moments(time, (mono) => sink.wall(mono));
    this.#keeper = new RunKeeper(epoch, (key, value) => sink.save(key, value));
    this.#publisher = new AttributePublisher(sink, alarms, this.#moments, (record, seq) => {
      if (this.#listeners.ofPoint(record.source, record.name).length > 0) this.#said.push({ record, seq });
    });
    this.#orders = new Orders(sink, (device) => alarms.isDown(device), this.#moments, this.#keeper);
    this.#judge = new Judge(alarms, answers, this.#moments, this.#keeper, this.#publisher, this.#orders);
    this.#dispatcher = new InputDispatcher(this.#judge, this.#orders, this.#listeners, this.#moments, answers);
    const [listeners, moments, keeper, orders] = [this.#listeners, this.#moments, this.#keeper, this.#orders];
    this.#exchange = new Exchange({ alarms, listeners, moments, keeper, dispatcher: this.#dispatcher, orders });
    const runs = assets.map(({ asset, kind }, place) => {
      const run = new AssetRun(asset, kind, place);
      restore(run, saved.get(stateKeyOf(asset.id)));
      run.isFailed = alarms.isOpen(asset.id, FAILED);
      return run;
    });
    this.#listeners.replace(runs);
  }

  get runs(): readonly AssetRun[] {
    return [...this.#listeners.runs];
  }

  // ------------------------------------------------------------ an epoch opens

  /** What nobody saw for too long is unknown, what fell due meanwhile is told, and every asset is shown once. */
  opened(mono: number, offMs: number | null, next?: { readonly epoch: Epoch; readonly time: SiteTime }): void {
    this.#work.run(() => this.#open(mono, offMs, next));
  }

  #open(mono: number, offMs: number | null, next?: { readonly epoch: Epoch; readonly time: SiteTime }): void {
    if (next !== undefined) {
      this.#keeper.epoch = next.epoch;
      this.#keeper.heard = { readings: 0, events: 0 };
      this.#moments.time = next.time;
      this.#fired = Number.NEGATIVE_INFINITY;
    }
    const at = this.#moments.at(mono);
    for (const run of this.#listeners.runs) {
      run.begins(this.#sink.wall(mono));
      this.#judge.plan(run);
      this.#dispatcher.unobserved(run, offMs, at);
      this.#dispatcher.clock(run, at);
      run.repeatAt = at;
      run.isShown = false;
      this.#orders.schedule(run);
      this.#keeper.schedule(run);
    }
    this.#timers((due) => due < at);
    for (const run of this.#listeners.runs) {
      clearOrphans(run, FAILED, this.#alarms, mono);
      if (run.restored === "aside") {
        this.#sink.save(asideKeyOf(run.asset.id), this.#saved.get(stateKeyOf(run.asset.id)));
        this.#judge.unfit(run, mono);
      }
      run.again = at;
      this.#keeper.schedule(run);
    }
    this.#timers(this.#upTo(mono));
  }

  /**
   * To be called at the place of `config.applied`, one at a time and never from within a step. Unchanged assets go on untouched. New ones hear
   * by `hearPast` what is stored before that event, and until then all other work waits. Errors: those of `hearPast`; then they begin without.
   */
  async swap(
    assets: readonly SiteAsset[],
    { mono, seq }: { readonly mono: number; readonly seq: number },
    hearPast: (runs: ReadonlySet<AssetRun>) => Promise<void>,
  ): Promise<void> {
    let begun: readonly AssetRun[] = [];
    this.#work.run(() => {
      this.#keeper.heard.events = seq;
      begun = this.#exchange.swap(assets, mono);
    });
    await this.#work.holdFor(
      () => hearPast(new Set(begun.filter(({ restored }) => restored !== "kept"))),
      () => {
        this.#exchange.begin(begun, mono, this.#sink.wall(mono));
        this.#timers(this.#upTo(mono));
      },
    );
  }

  // ------------------------------------------------------------ time passes

  /** Fires the timers that are due up to a moment, in order. After that nothing earlier may come: see `notBefore`. */
  timers(mono: number): void {
    this.#work.run(() => this.#timers(this.#upTo(mono)));
  }

  #upTo(mono: number): (due: number) => boolean {
    const now = this.#moments.at(mono);
    return (due) => due <= now;
  }

  /** What is due at one moment fires together. */
  #timers(isTime: (due: number) => boolean): void {
    for (let run = this.#keeper.next; run !== undefined && isTime(run.due); run = this.#keeper.next) {
      const at = run.due;
      this.#fired = Math.max(this.#fired, this.#moments.mono(at));
      for (; run?.due === at; run = this.#keeper.next) {
        this.#keeper.take();
        this.#fire(run, at);
      }
      this.#takeTurns();
    }
  }

  #fire(run: AssetRun, at: number): void {
    this.#moments.inputs += 1;
    const isChanged = this.#dispatcher.settle(run, at);
    const isOrdered = this.#orders.due(run, at);
    this.#cascade.due(run, at);
    if (isChanged || at >= run.again) this.#cascade.ask(run, at, this.#moments.inputs, true);
    else if (isOrdered || at >= run.saveAt) this.#keeper.save(run);
  }

  /** Kernel monotonic ms at which something is due by itself. */
  get due(): number | null {
    const due = this.#keeper.next?.due ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(due) ? this.#moments.mono(due) : null;
  }

  /** A record older than a timer that has already fired gets that timer's moment, so that replay meets both in the same order. */
  notBefore(mono: number): number {
    return Math.max(mono, this.#fired);
  }

  // ------------------------------------------------------------ it is told something

  /** A numbered record of a device. */
  record(record: ReadingRecord, seq: number): void {
    this.#work.run(() => this.#hear(record, seq));
  }

  #hear(record: ReadingRecord, seq: number): void {
    this.#keeper.heard.readings = seq;
    this.#tell({ record }, record.mono, false);
  }

  device(device: string, isUp: boolean, mono: number, seq: number): void {
    this.#work.run(() => {
      this.#keeper.heard.events = seq;
      if (!isUp) this.#tell({ lost: device }, mono, true);
      const at = this.#moments.at(mono);
      for (const run of this.#listeners.runs) if (this.#orders.reached(run, device, at)) this.#keeper.schedule(run);
    });
  }

  told(told: Told, mono: number, seq: number): void {
    this.#work.run(() => {
      this.#keeper.heard.events = seq;
      this.#tell(told, mono, true);
    });
  }

  /** How an order of one of its kinds ended. */
  ordered(end: OrderEnd, mono: number, seq: number): void {
    this.#work.run(() => {
      this.#keeper.heard.events = seq;
      const run = this.#listeners.of(end.by);
      if (run === undefined || !this.#orders.ended(run, end, this.#moments.at(mono))) return;
      this.#keeper.save(run);
      this.#keeper.schedule(run);
    });
  }

  /** `save`: whatever comes of it. */
  #tell(told: Told, mono: number, save: boolean): void {
    this.#moments.inputs += 1;
    const at = this.#moments.at(mono);
    for (const { run, take } of this.#dispatcher.recipients(told, at))
      if (take()) this.#cascade.ask(run, at, this.#moments.inputs, save);
  }

  /** The clock was found, lost or set: what was answered by it is asked again. `offMs`: the time off before this epoch, where only that clock tells it. */
  clock(offMs: number | null, mono: number, seq: number): void {
    this.#work.run(() => {
      this.#keeper.heard.events = seq;
      this.#moments.inputs += 1;
      if (offMs !== null) this.#moments.time.wasOff(offMs);
      const at = this.#moments.at(mono);
      for (const run of this.#listeners.runs) {
        this.#dispatcher.clock(run, at);
        this.#cascade.ask(run, at, this.#moments.inputs, true);
      }
    });
  }

  /** Something became known of the time in which their states began. */
  restate(of: Restated): void {
    this.#work.run(() => {
      for (const run of this.#listeners.runs) {
        if (!run.restate(of)) continue;
        this.#keeper.save(run);
        this.#publisher.show(run);
      }
    });
  }

  /** Hears something of the stored past again, at its moment: facts are learned, nothing is said. `only`: who must. */
  relearn(told: Told, moment: Moment, only: (run: AssetRun) => boolean): void {
    this.#dispatcher.relearn(told, moment, only);
  }

  // ------------------------------------------------------------ one thing after the other

  /** Everything that comes of a moment: whoever heard something says what it is now, and others hear that. */
  #takeTurns(): void {
    for (let turn = this.#nextTurn(); turn !== undefined; turn = this.#nextTurn()) this.#take(turn);
    this.#publisher.publish(this.#keeper.epoch.id);
  }

  #nextTurn(): Turn | undefined {
    // Whoever hears it may fail at it, and say that.
    while (this.#said.length > 0) for (const { record, seq } of this.#said.splice(0)) this.#hear(record, seq);
    return this.#cascade.next();
  }

  #take(turn: Turn): void {
    const { run, at, input, save } = turn;
    if (this.#cascade.isCircling(turn)) this.#breaks(run, at);
    else if (input !== null) this.#judge.judge(run, at, input, save);
    this.#publisher.due(run, at);
    this.#keeper.schedule(run);
  }

  /** Assets that hear each other in a circle never come to rest: one fails, and the circle ends there. */
  #breaks(run: AssetRun, at: number): void {
    this.#moments.inputs += 1;
    this.#judge.failed(run, "assets", new Error(`asked more than ${TURNS_MOST} times in one moment`), at);
  }
}
