/** Steps the rules with stored records, device up/down, commands and due timers, in order: the same live, in tests and in replay. */
import type {
  Args,
  Asset,
  AssetState,
  Now,
  Quality,
  ReadingRecord,
  Restated,
  Rule,
  RuleEffect,
  RuleInput,
  RuleState,
  Value,
} from "../model.ts";
import type { Alarms } from "./alarms.ts";
import { restated } from "./restated.ts";
import type { WallTime } from "./window/numbers.ts";

/** Attributes of assets are records too: on change and at least this often. */
const REPEAT_MS = 900_000;

export interface StageSink {
  add(record: ReadingRecord): number;
  save(key: string, value: unknown): void;
  asset(state: AssetState): void;
  /** Wall time of a monotonic moment, whether it can be trusted, and in whose unsynchronised time it is. */
  wall(mono: number): WallTime;
}

export interface StagedAsset {
  readonly asset: Asset;
  readonly rule: Rule;
}

interface Attribute {
  readonly value: Value;
  readonly quality: Quality;
  readonly code?: string;
}

/** What of one asset is saved, in the commit of the inputs that made it. */
interface Saved {
  readonly rule: RuleState;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly at: number;
  readonly since: number;
  readonly atEpoch?: string;
  readonly sinceEpoch?: string;
}

interface Listener {
  readonly run: Run;
  readonly role: string;
  /** "device.point" */
  readonly source: string;
}

interface Run {
  readonly asset: Asset;
  readonly rule: Rule;
  state: RuleState;
  attributes: Record<string, Attribute>;
  /** Wall time of the newest and of the last different value of the first attribute. */
  at: number;
  since: number;
  /** In whose unsynchronised time each is; undefined: it is right. */
  atEpoch: string | undefined;
  sinceEpoch: string | undefined;
  seq: number;
  repeatAt: number;
}

/** `timer` null: the asset's attributes are due to be repeated. */
interface Due {
  readonly run: Run;
  readonly timer: string | null;
  readonly at: number;
}

export class Stage {
  readonly #runs: readonly Run[];
  readonly #sink: StageSink;
  readonly #alarms: Alarms;
  readonly #epoch: string;
  /** Device → point → who listens, under which role; and by device. */
  readonly #byPoint = new Map<string, Map<string, Listener[]>>();
  readonly #byDevice = new Map<string, Listener[]>();
  #fired = Number.NEGATIVE_INFINITY;
  /** The next due timer, until a step may have changed it. */
  #next: Due | null | undefined;

  constructor(
    assets: readonly StagedAsset[],
    sink: StageSink,
    alarms: Alarms,
    saved: ReadonlyMap<string, unknown>,
    epoch: string,
  ) {
    this.#sink = sink;
    this.#alarms = alarms;
    this.#epoch = epoch;
    this.#runs = assets.map(({ asset, rule }) => restore(asset, rule, saved.get(stateKeyOf(asset.id)) as Saved | undefined));
    for (const run of this.#runs) {
      for (const [role, source] of Object.entries(run.rule.sources(run.asset.options))) {
        const dot = source.indexOf(".");
        const [device, point] = [source.slice(0, dot), source.slice(dot + 1)];
        const points = this.#byPoint.get(device) ?? new Map<string, Listener[]>();
        push(points, point, { run, role, source });
        this.#byPoint.set(device, points);
        push(this.#byDevice, device, { run, role, source });
      }
    }
  }

  /** Tells every rule that time passed unobserved, and shows every asset once. */
  opened(mono: number, input: { readonly offMs: number | null; readonly shiftMs: number }): void {
    const { wall, epoch } = this.#sink.wall(mono);
    for (const run of this.#runs) {
      run.repeatAt = mono;
      if (run.at === 0) {
        run.at = run.since = wall;
        run.atEpoch = run.sinceEpoch = epoch;
      }
      this.#step(run, { kind: "opened", ...input }, mono);
    }
    this.timers(mono);
  }

  /** Something became known of the time in which their states began. */
  restate(of: Restated): void {
    for (const run of this.#runs) {
      const [at, since] = [run.atEpoch === of.epoch, run.sinceEpoch === of.epoch];
      if (at) ({ wall: run.at, epoch: run.atEpoch } = { epoch: undefined, ...restated(run.at, of) });
      if (since) ({ wall: run.since, epoch: run.sinceEpoch } = { epoch: undefined, ...restated(run.since, of) });
      if (at || since) this.#keep(run);
    }
  }

  /** Due timers first, in order of their time; then nothing earlier can come: see `notBefore`. */
  timers(mono: number): void {
    for (;;) {
      const next = this.#earliest();
      if (next === null || next.at > mono) return;
      this.#fired = Math.max(this.#fired, next.at);
      if (next.timer === null) this.#repeat(next.run, next.at);
      else this.#step(next.run, { kind: "timer", name: next.timer }, next.at);
    }
  }

  /** When the next timer is due. */
  get due(): number | null {
    return this.#earliest()?.at ?? null;
  }

  /** A record that arrives after a timer of a later moment was fired takes that moment: so replay meets both in the same order. */
  notBefore(mono: number): number {
    return Math.max(mono, this.#fired);
  }

  record(record: ReadingRecord): void {
    const listeners = this.#byPoint.get(record.source)?.get(record.name);
    if (listeners === undefined) return;
    const { value, quality, code } = record;
    for (const { run, role, source } of listeners)
      this.#step(run, { kind: "record", role, source, value, quality, ...(code !== undefined && { code }) }, record.mono);
  }

  device(device: string, up: boolean, mono: number): void {
    for (const { run, role } of this.#byDevice.get(device) ?? [])
      this.#step(run, { kind: "device", role, source: device, up }, mono);
  }

  command(asset: string, action: string, args: Args, by: string, mono: number): void {
    const run = this.#runs.find((r) => r.asset.id === asset);
    if (run !== undefined) this.#step(run, { kind: "command", action, args, by }, mono);
  }

  #earliest(): Due | null {
    if (this.#next !== undefined) return this.#next;
    let best: Due | null = null;
    for (const run of this.#runs) {
      for (const [timer, at] of Object.entries(run.state.due)) if (best === null || at < best.at) best = { run, timer, at };
      if (best === null || run.repeatAt < best.at) best = { run, timer: null, at: run.repeatAt };
    }
    this.#next = best;
    return best;
  }

  #step(run: Run, input: RuleInput, mono: number): void {
    this.#next = undefined;
    const { wall, synced } = this.#sink.wall(mono);
    const now: Now = { mono, wall, synced };
    const [state, effects] = run.rule.step(run.state, input, now, run.asset);
    const changed = state !== run.state;
    run.state = whole(input.kind === "timer" && state.due[input.name] === mono ? without(state, input.name) : state);
    for (const effect of effects) this.#apply(run, effect, now);
    if (changed || effects.length > 0) this.#keep(run);
  }

  #apply(run: Run, effect: RuleEffect, now: Now): void {
    if (effect.do === "attribute") {
      this.#attribute(run, effect, now);
      return;
    }
    const { id, urn, place } = run.asset;
    const extra = { urn, ...(place !== undefined && { place }), ...effect.extra };
    if (effect.do === "note") {
      const { do: _, ...draft } = effect;
      this.#alarms.note({ ...draft, asset: id, extra }, now.mono);
      return;
    }
    const { do: action, key, ...draft } = effect;
    this.#alarms[action](id, key, { ...draft, asset: id, extra }, now.mono);
  }

  #attribute(run: Run, { name, value, quality, code, sinceMono }: Extract<RuleEffect, { do: "attribute" }>, now: Now): void {
    const old = run.attributes[name];
    if (old !== undefined && old.value === value && old.quality === quality && old.code === code) return;
    run.attributes[name] = { value, quality, ...(code !== undefined && { code }) };
    this.#record(run, name, now.mono);
    const { epoch } = this.#sink.wall(now.mono);
    run.at = now.wall;
    run.atEpoch = epoch;
    if (name !== Object.keys(run.rule.attributes)[0] || old?.value === value) return;
    run.since = now.wall - (now.mono - (sinceMono ?? now.mono));
    run.sinceEpoch = epoch;
  }

  #record(run: Run, name: string, mono: number): void {
    const attribute = run.attributes[name];
    if (attribute === undefined) return;
    run.seq = this.#sink.add({ source: run.asset.id, name, unit: run.rule.attributes[name]?.unit ?? "", ...attribute, mono });
  }

  #repeat(run: Run, mono: number): void {
    this.#next = undefined;
    run.repeatAt = mono + REPEAT_MS;
    for (const name of Object.keys(run.attributes)) this.#record(run, name, mono);
    this.#show(run);
  }

  #keep(run: Run): void {
    const { state: rule, attributes, at, since, atEpoch, sinceEpoch } = run;
    const of = { ...(atEpoch !== undefined && { atEpoch }), ...(sinceEpoch !== undefined && { sinceEpoch }) };
    const saved: Saved = { rule, attributes, at, since, ...of };
    this.#sink.save(stateKeyOf(run.asset.id), saved);
    this.#show(run);
  }

  #show(run: Run): void {
    const first = Object.keys(run.rule.attributes)[0] ?? "";
    const unsynced = run.atEpoch !== undefined || run.sinceEpoch !== undefined;
    this.#sink.asset({
      asset: run.asset.id,
      urn: run.asset.urn,
      epoch: this.#epoch,
      seq: run.seq,
      at: run.at,
      since: run.since,
      clock: unsynced ? "unsynced" : "synced",
      state: Object.fromEntries(Object.entries(run.attributes).map(([name, { value }]) => [name, value])),
      quality: run.attributes[first]?.quality ?? "uncertain",
      alarms: this.#alarms.idsOf(run.asset.id),
    });
  }
}

const PREFIX = "asset/";
/** Where the state of an asset is saved. */
export const stateKeyOf = (asset: string): string => `${PREFIX}${asset}`;
/** The assets that have a saved state. */
export const assetsIn = (keys: Iterable<string>): readonly string[] =>
  [...keys].flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : []));

function restore(asset: Asset, rule: Rule, saved: Saved | undefined): Run {
  const first = Object.keys(rule.attributes)[0] ?? "";
  const unknown: Record<string, Attribute> = { [first]: { value: "unknown", quality: "uncertain", code: "device.silent" } };
  const { atEpoch, sinceEpoch } = saved ?? {};
  const base = { asset, rule, seq: 0, repeatAt: Number.POSITIVE_INFINITY, atEpoch, sinceEpoch };
  return saved === undefined
    ? { ...base, state: rule.initial(asset), attributes: unknown, at: 0, since: 0 }
    : { ...base, state: saved.rule, attributes: { ...saved.attributes }, at: saved.at, since: saved.since };
}

/** Moments are whole milliseconds everywhere: the store takes no others. */
function whole(state: RuleState): RuleState {
  if (Object.values(state.due).every(Number.isInteger)) return state;
  return { ...state, due: Object.fromEntries(Object.entries(state.due).map(([name, mono]) => [name, Math.ceil(mono)])) };
}

/** A timer is given once, even to a rule that forgets to take it away. */
function without(state: RuleState, timer: string): RuleState {
  const { [timer]: _, ...due } = state.due;
  return { ...state, due };
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
