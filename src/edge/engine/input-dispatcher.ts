/** Brings records, silences, results and the time that passes to the senses of the assets that they concern. */
import type { ReadingRecord } from "../../model/index.ts";
import type { Answers } from "../answers/answers.ts";
import type { Moment, Verdict } from "../kinds/kind.ts";
import type { AssetRun, Role } from "./asset/asset-run.ts";
import { clockSight, isOfClock } from "./clock-senses.ts";
import type { Judge } from "./judge.ts";
import type { ListenerIndex } from "./listener-index.ts";
import type { Moments } from "./moments.ts";
import type { Orders } from "./orders.ts";
import type { BadgeShown, Input } from "./past/lived.ts";
import { become, observe, SILENT, type Sight, settle, sightOf } from "./senses.ts";

/** The time during which the gateway was off is an input too: a sense may be unseen only for so long before it is unknown. */
export type Told = Input | { readonly offMs: number | null };

interface Recipient {
  readonly run: AssetRun;
  readonly take: () => boolean;
}

export class InputDispatcher {
  readonly #judge: Judge;
  readonly #orders: Orders;
  readonly #listeners: ListenerIndex;

  readonly #moments: Moments;
  readonly #answers: Answers;

  constructor(judge: Judge, orders: Orders, listenerIndex: ListenerIndex, moments: Moments, answers: Answers) {
    this.#moments = moments;
    this.#answers = answers;
    this.#judge = judge;
    this.#orders = orders;
    this.#listeners = listenerIndex;
  }

  /** The assets that an input concerns, each with how it takes it in; `take` is true where the asset must be judged anew. */
  recipients(told: Told, at: number): readonly Recipient[] {
    if ("record" in told) {
      const { record } = told;
      const listeners = this.#listeners.ofPoint(record.source, record.name);
      return listeners.map(({ run, role }) => ({ run, take: () => this.observe(run, role, record, at) }));
    }
    if ("lost" in told) {
      const listeners = this.#listeners.ofSource(told.lost);
      return listeners.map(({ run, role }) => ({ run, take: () => this.lose(run, role, at) }));
    }
    if ("offMs" in told) {
      const { offMs } = told;
      return [...this.#listeners.runs].map((run) => ({ run, take: () => this.unobserved(run, offMs, at) }));
    }
    if ("version" in told) {
      this.#answers.tell?.(told);
      // A list as such may change what is answered to anybody: there is one now, or its days are holidays.
      return this.#askers(told.asset).map((run) => ({ run, take: () => true }));
    }
    const run = this.#listeners.of("order" in told ? told.by : told.asset);
    if (run === undefined) return [];
    if ("order" in told) return [{ run, take: () => this.#orders.ended(run, told, at) }];
    if ("reader" in told) return [{ run, take: () => this.#shown(run, told, at) }];
    const { action, args } = told;
    return [{ run, take: () => this.#judge.learn(run, { of: "action", action, args }, at) }];
  }

  /** A badge counts each time it is shown, even the same one again. True: the asset must be looked at anew. */
  #shown(run: AssetRun, { reader, permit, until, list }: BadgeShown, at: number): boolean {
    const { passed, wall, synced } = this.#moments.moment(at);
    // By a clock that may be wrong it is not judged how long a permit holds: a permit would end at once, and accuse somebody.
    const ends = until === null || !synced ? null : passed + Math.max(0, until - wall);
    const value: Verdict = { verdict: permit.verdict, version: permit.version, until: ends, ...(list && { isStale: true }) };
    let isChanged = false;
    for (const { name, sense } of run.roles)
      if (sense.of === "badge" && sense.from === reader && this.#become(run, name, { known: true, value }, at, at, true))
        isChanged = true;
    return isChanged;
  }

  #askers(asset: string | undefined): readonly AssetRun[] {
    if (asset === undefined) return [...this.#listeners.runs];
    const run = this.#listeners.of(asset);
    return run === undefined ? [] : [run];
  }

  /** True: the asset must be looked at anew. */
  observe(run: AssetRun, { name, sense, times }: Role, record: ReadingRecord, at: number): boolean {
    const state = run.senses[name];
    if (state === undefined) return false;
    const change = observe(state, sense, sightOf(sense, record), times, at);
    if (change === "none") return run.isFailed;
    return change === "looked" || this.#become(run, name, change.become, change.since, at, sense.of === "value");
  }

  /** True: something of it is unknown now that was not. */
  lose(run: AssetRun, { name }: Role, at: number): boolean {
    return this.#become(run, name, { known: false, code: SILENT }, at, at, false);
  }

  /** The gateway was off for `offMs`; null: nobody knows for how long. Every sense that may not be unseen for that long becomes unknown. */
  unobserved(run: AssetRun, offMs: number | null, at: number): boolean {
    let isChanged = false;
    for (const role of run.roles)
      if (!isOfClock(role.sense) && (offMs === null || offMs > role.times.silentAfterMs) && this.lose(run, role, at))
        isChanged = true;
    return isChanged;
  }

  /** Brings its senses to a moment. True: something changed. */
  settle(run: AssetRun, at: number): boolean {
    let isChanged = at >= run.clockAt && this.clock(run, at);
    for (const { name, sense, times } of run.roles) {
      const state = run.senses[name];
      const change = state === undefined ? "none" : settle(state, times, at);
      if (change === "none") continue;
      isChanged = true;
      if (change !== "looked") this.#become(run, name, change.become, change.since, at, sense.of === "value");
    }
    return isChanged;
  }

  /** Looks at what it perceives of the clock. True: something of it is new. */
  clock(run: AssetRun, at: number): boolean {
    run.clockAt = Number.POSITIVE_INFINITY;
    let isChanged = false;
    for (const { name, sense } of run.roles) {
      if (!isOfClock(sense)) continue;
      const { sight, until } = clockSight(sense, this.#moments.moment(at), this.#answers);
      // A clock that is being slewed may not have reached that time yet: look again one ms later, never at once.
      run.clockAt = Math.min(run.clockAt, Math.max(at + 1, until));
      if (this.#become(run, name, sight, at, at, false)) isChanged = true;
    }
    return isChanged;
  }

  /** Brings an asset to a moment of the past: what its clock senses perceived meanwhile comes first, each at its time. */
  live(run: AssetRun, at: number): void {
    if (run.clockAt === Number.POSITIVE_INFINITY) this.clock(run, at);
    while (run.clockAt < at) this.settle(run, run.clockAt);
    this.settle(run, at);
  }

  /** Takes in something of the stored past, at its moment: facts are learned, nothing is recorded or ordered. `only`: which assets. */
  relearn(told: Told, moment: Moment, only: (run: AssetRun) => boolean): void {
    this.silently(moment, () => {
      for (const { run, take } of this.recipients(told, moment.at)) {
        if (!only(run)) continue;
        this.live(run, moment.at);
        take();
        run.heardAt = moment.at;
      }
    });
  }

  silently(moment: Moment, hear: () => void): void {
    this.#moments.past = moment;
    hear();
    this.#moments.past = null;
  }

  #become(run: AssetRun, role: string, sight: Sight, since: number, at: number, always: boolean): boolean {
    const state = run.senses[role];
    if (state === undefined) return false;
    return !become(state, sight, since, always) || this.#judge.learn(run, { of: role, seen: state.seen }, at);
  }
}
