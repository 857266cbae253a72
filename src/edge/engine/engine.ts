/** Steps asset kinds with what is stored, in order: the same live, after a restart and in replay. */
import { EdgeError } from "../../kit/errors.ts";
import type { Args, AssetState, EpochInfo, ReadingRecord, Restated, Value } from "../../model.ts";
import type { Alarms } from "../alarms.ts";
import type { SiteAsset } from "../kinds/index.ts";
import type { Act, Claim, Heard as HeardOf, Moment, Senses } from "../kinds/kind.ts";
import { restated } from "../restated.ts";
import type { WallTime } from "../window/numbers.ts";
import { Agenda } from "./agenda.ts";
import { asideKeyOf, stateKeyOf } from "./asset-key.ts";
import { AssetRun, type Role } from "./asset-run.ts";
import { type Judged, placeOf, settleClaim } from "./claims.ts";
import { type Answers, type AnySaid, isUncertain, KindContext } from "./context.ts";
import type { Input } from "./past/lived.ts";
import { restore, savedOf } from "./saved.ts";
import { become, observe, SILENT, type Sight, settle, sightOf } from "./senses.ts";
import type { SiteTime } from "./site-time.ts";

/** Attributes of assets are records too: on change and at least this often. */
const REPEAT_MS = 900_000;
/** What was learned and decided nothing is saved this late. */
const SAVE_MS = 60_000;
/** Numbers are shown at most this often. */
const SHOW_MS = 1000;
/** So many steps may follow one another in a moment, from asset to asset. */
const CASCADE_STEPS = 1000;
const NEVER = Number.POSITIVE_INFINITY;
const FAILED = "rule.failed";

export interface EngineSink {
  /** Numbers an attribute record. */
  add(record: ReadingRecord): number;
  save(key: string, value: unknown): void;
  asset(state: AssetState): void;
  /** Wall time of a monotonic moment, whether it can be trusted, and in whose unsynchronised time it is. */
  wall(mono: number): WallTime;
}

export type Epoch = Pick<EpochInfo, "id" | "n">;

export interface EngineOptions {
  readonly assets: readonly SiteAsset[];
  readonly sink: EngineSink;
  readonly alarms: Alarms;
  readonly saved: ReadonlyMap<string, unknown>;
  readonly epoch: Epoch;
  readonly time: SiteTime;
  readonly answers?: Answers;
}

type Heard = HeardOf<Record<string, NonNullable<Senses[string]>>>;

interface Listener {
  readonly run: AssetRun;
  readonly role: Role;
}

export class RuleEngine {
  readonly #sink: EngineSink;
  readonly #alarms: Alarms;
  readonly #answers: Answers;
  readonly #agenda = new Agenda<AssetRun>();
  /** Source → point → who listens; and by device. */
  readonly #byPoint = new Map<string, Map<string, Listener[]>>();
  readonly #bySource = new Map<string, Listener[]>();
  readonly #byId = new Map<string, AssetRun>();
  /** Attribute records that other assets listen to, with their numbers: heard when the step that made them is over. */
  readonly #queue: { readonly record: ReadingRecord; readonly seq: number }[] = [];
  /** Whose state is to be shown when what is told has been heard by all: one message, however many attributes changed. */
  readonly #changed = new Set<AssetRun>();
  readonly #saved: ReadonlyMap<string, unknown>;
  #epoch: Epoch;
  #time: SiteTime;
  /** While the stored past is heard again: its moment. */
  #past: Moment | null = null;
  /** Counts what it is told, so that a kind that threw is not asked about the same input again. */
  #steps = 0;
  #heard: { readings: number; events: number } = { readings: 0, events: 0 };
  #fired = Number.NEGATIVE_INFINITY;

  constructor({ assets, sink, alarms, saved, epoch, time, answers = {} }: EngineOptions) {
    this.#sink = sink;
    this.#alarms = alarms;
    this.#answers = answers;
    this.#saved = saved;
    this.#epoch = epoch;
    this.#time = time;
    assets.forEach(({ asset, kind }, place) => {
      const run = new AssetRun(asset, kind, place);
      restore(run, saved.get(stateKeyOf(asset.id)));
      run.isFailed = alarms.isOpen(asset.id, FAILED);
      this.#byId.set(asset.id, run);
      for (const role of run.roles) this.#listen(run, role);
    });
  }

  #listen(run: AssetRun, role: Role): void {
    const dot = role.sense.from.indexOf(".");
    const [source, point] = [role.sense.from.slice(0, dot), role.sense.from.slice(dot + 1)];
    const points = this.#byPoint.get(source) ?? new Map<string, Listener[]>();
    push(points, point, { run, role });
    this.#byPoint.set(source, points);
    push(this.#bySource, source, { run, role });
  }

  get runs(): readonly AssetRun[] {
    return [...this.#byId.values()];
  }

  // ------------------------------------------------------------ what it is told

  /** An epoch opens: what nobody saw for too long is unknown, what fell due meanwhile is told, and every asset is shown once. */
  opened(mono: number, offMs: number | null, next?: { readonly epoch: Epoch; readonly time: SiteTime }): void {
    if (next !== undefined) {
      this.#epoch = next.epoch;
      this.#time = next.time;
      this.#heard = { readings: 0, events: 0 };
      this.#fired = Number.NEGATIVE_INFINITY;
    }
    const at = this.#time.at(mono);
    const { wall, epoch } = this.#sink.wall(mono);
    for (const run of this.#byId.values()) {
      if (run.at === 0) {
        run.at = run.since = wall;
        run.atEpoch = run.sinceEpoch = epoch;
      }
      this.#plan(run);
      this.#unobserved(run, offMs, at);
      run.repeatAt = at;
      run.isShown = false;
      run.schedule();
      this.#agenda.put(run);
    }
    this.timers(mono);
    for (const run of this.#byId.values()) {
      this.#orphans(run, mono);
      if (run.restored === "aside") this.#setAside(run, mono);
      this.#judge(run, at, true);
    }
    this.#drain();
  }

  /** When it is to be asked again after what it heard last: what fell due while no gateway ran is told in the order of its time. */
  #plan(run: AssetRun): void {
    if (run.restored !== "kept") return;
    const context = this.#context(run, run.heardAt);
    try {
      const { claims }: AnySaid = run.kind.says(run.facts, context as never);
      run.again = context.again;
      for (const [key, claim] of Object.entries(claims))
        if (typeof claim === "object" && "due" in claim && !this.#alarms.isOpen(run.asset.id, key))
          run.again = Math.min(run.again, Math.max(claim.due, run.heardAt));
    } catch {
      // It is asked at the opening, and named there.
      run.again = NEVER;
    }
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

  /** What fell due by itself up to a moment, in the order of its time; then nothing earlier can come: see `notBefore`. */
  timers(mono: number): void {
    const now = this.#time.at(mono);
    for (let run = this.#agenda.first; run !== undefined && run.due <= now; run = this.#agenda.first) {
      const at = run.due;
      this.#fired = Math.max(this.#fired, this.#time.mono(at));
      this.#fire(run, at);
      this.#drain();
    }
  }

  /** Kernel monotonic ms at which something is due by itself. */
  get due(): number | null {
    const due = this.#agenda.first?.due ?? NEVER;
    return due === NEVER ? null : this.#time.mono(due);
  }

  /** A record that arrives after something of a later moment was told takes that moment: so replay meets both in the same order. */
  notBefore(mono: number): number {
    return Math.max(mono, this.#fired);
  }

  /** A numbered record of a device. */
  record(record: ReadingRecord, seq: number): void {
    this.#hear(record, seq);
    this.#drain();
  }

  device(device: string, isUp: boolean, mono: number, seq: number): void {
    this.#steps += 1;
    this.#heard.events = seq;
    if (isUp) return;
    const at = this.#time.at(mono);
    for (const { run, role } of this.#bySource.get(device) ?? []) if (this.#lose(run, role, at)) this.#judge(run, at, true);
    this.#drain();
  }

  action(asset: string, action: string, args: Args, mono: number, seq: number): void {
    this.#steps += 1;
    this.#heard.events = seq;
    const run = this.#byId.get(asset);
    if (run === undefined) return;
    const at = this.#time.at(mono);
    if (this.#learn(run, { of: "action", action, args }, at)) this.#judge(run, at, true);
    this.#drain();
  }

  /** How long the machine was off before this epoch became known only now. */
  wasOff(ms: number, mono: number): void {
    this.#steps += 1;
    this.#time.wasOff(ms);
    const at = this.#time.at(mono);
    for (const run of this.#byId.values()) this.#judge(run, at, true);
    this.#drain();
  }

  /** Something became known of the time in which their states began. */
  restate(of: Restated): void {
    for (const run of this.#byId.values()) {
      const [at, since] = [run.atEpoch === of.epoch, run.sinceEpoch === of.epoch];
      if (at) ({ wall: run.at, epoch: run.atEpoch } = { epoch: undefined, ...restated(run.at, of) });
      if (since) ({ wall: run.since, epoch: run.sinceEpoch } = { epoch: undefined, ...restated(run.since, of) });
      if (at || since) {
        this.#save(run);
        this.#show(run);
      }
    }
    this.#publish();
  }

  /** Hears something of the stored past again, at its moment: facts are learned, nothing is said. `only`: who must. */
  relearn(input: Input | { readonly offMs: number | null }, moment: Moment, only: (run: AssetRun) => boolean): void {
    this.#past = moment;
    const { at } = moment;
    for (const [run, take] of this.#concerned(input, at)) {
      if (!only(run)) continue;
      this.#settle(run, at);
      take();
      run.heardAt = at;
    }
    this.#past = null;
  }

  #concerned(input: Input | { readonly offMs: number | null }, at: number): (readonly [AssetRun, () => void])[] {
    if ("record" in input) {
      const { source, name } = input.record;
      const listeners = this.#byPoint.get(source)?.get(name) ?? [];
      return listeners.map(({ run, role }) => [run, () => void this.#observe(run, role, input.record, at)]);
    }
    if ("lost" in input) {
      const listeners = this.#bySource.get(input.lost) ?? [];
      return listeners.map(({ run, role }) => [run, () => void this.#lose(run, role, at)]);
    }
    if ("asset" in input) {
      const run = this.#byId.get(input.asset);
      const { action, args } = input;
      return run === undefined ? [] : [[run, () => void this.#learn(run, { of: "action", action, args }, at)]];
    }
    return this.runs.map((run) => [run, () => this.#unobserved(run, input.offMs, at)]);
  }

  /** Nobody looked for so long: what may not be unseen for that long is unknown. */
  #unobserved(run: AssetRun, offMs: number | null, at: number): void {
    for (const role of run.roles) if (offMs === null || offMs > role.times.silentAfterMs) this.#lose(run, role, at);
  }

  // ------------------------------------------------------------ one step

  #hear(record: ReadingRecord, seq: number): void {
    this.#steps += 1;
    this.#heard.readings = seq;
    const listeners = this.#byPoint.get(record.source)?.get(record.name);
    if (listeners === undefined) return;
    const at = this.#time.at(record.mono);
    for (const { run, role } of listeners) if (this.#observe(run, role, record, at)) this.#judge(run, at, false);
  }

  #drain(): void {
    let steps = 0;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      steps += 1;
      if (steps > CASCADE_STEPS) this.#breaks(next.record);
      else this.#hear(next.record, next.seq);
    }
    this.#publish();
  }

  /** Assets that hear each other in a circle never come to rest: the one whose turn it is fails, and the circle ends there. */
  #breaks({ source, mono }: ReadingRecord): void {
    const run = this.#byId.get(source);
    this.#steps += 1;
    if (run !== undefined)
      this.#failed(run, "assets", new Error(`more than ${CASCADE_STEPS} steps in one moment`), this.#time.at(mono));
    this.#queue.length = 0;
  }

  /** True: the asset must be looked at anew. */
  #observe(run: AssetRun, { name, sense, times }: Role, record: ReadingRecord, at: number): boolean {
    const state = run.senses[name];
    if (state === undefined) return false;
    const change = observe(state, sense, sightOf(sense, record), times, at);
    if (change === "none") return run.isFailed;
    return change === "looked" || this.#become(run, name, change.become, change.since, at, sense.of === "value");
  }

  #lose(run: AssetRun, { name }: Role, at: number): boolean {
    return this.#become(run, name, { known: false, code: SILENT }, at, at, false);
  }

  #become(run: AssetRun, role: string, sight: Sight, since: number, at: number, always: boolean): boolean {
    const state = run.senses[role];
    if (state === undefined) return false;
    return !become(state, sight, since, always) || this.#learn(run, { of: role, seen: state.seen }, at);
  }

  /** Brings its senses to a moment. True: something changed. */
  #settle(run: AssetRun, at: number): boolean {
    let isChanged = false;
    for (const { name, sense, times } of run.roles) {
      const state = run.senses[name];
      const change = state === undefined ? "none" : settle(state, times, at);
      if (change === "none") continue;
      isChanged = true;
      if (change !== "looked") this.#become(run, name, change.become, change.since, at, sense.of === "value");
    }
    return isChanged;
  }

  #fire(run: AssetRun, at: number): void {
    this.#steps += 1;
    const isChanged = this.#settle(run, at);
    if (at >= run.repeatAt) this.#repeat(run, at);
    if (at >= run.showAt) {
      run.lastShown = at;
      this.#show(run);
    }
    if (isChanged || at >= run.again) this.#judge(run, at, true);
    else {
      if (at >= run.saveAt) this.#save(run);
      this.#schedule(run);
    }
  }

  #context(run: AssetRun, at: number): KindContext {
    const moment = this.#past ?? { at, passed: at + this.#time.offMs, ...this.#sink.wall(this.#time.mono(at)) };
    return new KindContext(run, moment, this.#answers);
  }

  /** A kind that throws costs its own asset this input. False: it did. */
  #learn(run: AssetRun, heard: Heard, at: number): boolean {
    if (run.kind.learn === undefined) return true;
    try {
      const learned = run.kind.learn(run.facts, heard as never, this.#context(run, at) as never);
      const [facts, acts] = Array.isArray(learned) ? learned : [learned, []];
      run.facts = facts;
      if (this.#past === null) for (const act of acts) this.#act(run, act, at);
      return true;
    } catch (error) {
      if (this.#past === null) this.#failed(run, heard.of, error, at);
      return false;
    }
  }

  #act(run: AssetRun, act: Act, at: number): void {
    const mono = this.#time.mono(at);
    if (act.do === "note") {
      const { kind, severity, text } = act;
      this.#alarms.note({ kind, severity, text, asset: run.asset.id, extra: placeOf(run.asset) }, mono);
    } else if (act.complete) this.#add(run, act.name, { value: act.value, quality: "good" }, mono);
    else this.#add(run, act.name, { value: act.value, quality: "uncertain", code: "measure.incomplete" }, mono);
  }

  /** What the kind says now, shown and told. `save`: whatever comes of it. */
  #judge(run: AssetRun, at: number, save: boolean): void {
    run.heardAt = at;
    if (run.failedStep === this.#steps) return;
    let said: AnySaid;
    const context = this.#context(run, at);
    try {
      said = run.kind.says(run.facts, context as never);
    } catch (error) {
      this.#failed(run, "says", error, at);
      return;
    }
    if (run.isFailed) this.#recovers(run, at);
    const isShown = this.#attributes(run, said, at);
    run.again = context.again;
    const isTold = this.#claims(run, said.claims, at);
    if (isTold || isShown || save) this.#save(run);
    else run.saveAt = Math.min(run.saveAt, at + SAVE_MS);
    if (isTold) this.#show(run);
    this.#schedule(run);
  }

  #claims(run: AssetRun, claims: Readonly<Record<string, Claim>>, at: number): boolean {
    const mono = this.#time.mono(at);
    const judged: Judged = {
      asset: run.asset,
      kind: run.kind,
      at,
      mono,
      monoOf: (when) => this.#time.mono(when),
      why: run.why,
      cause: run.cause,
    };
    let anyTold = false;
    for (const key of Object.keys(run.kind.alarms)) {
      const { state, due, isTold } = settleClaim(claims[key] ?? false, key, run.claims[key], judged, this.#alarms);
      if (state === undefined) delete run.claims[key];
      else run.claims[key] = state;
      run.again = Math.min(run.again, due);
      anyTold ||= isTold;
    }
    return anyTold;
  }

  #failed(run: AssetRun, input: string, error: unknown, at: number): void {
    const { id } = run.asset;
    const mono = this.#time.mono(at);
    const { kind, version } = run.kind;
    run.isFailed = true;
    run.failedStep = this.#steps;
    const edge = new EdgeError(FAILED, { kind, version, input, reason: String(error) }, error);
    const cause = { kind, version, input, reason: String(error) };
    this.#alarms.raise(
      id,
      FAILED,
      {
        kind: FAILED,
        severity: "high",
        asset: id,
        text: { it: `${id}: ${edge.what("it")}`, en: `${id}: ${edge.what("en")}` },
        cause,
        extra: placeOf(run.asset),
      },
      mono,
    );
    const name = run.firstAttribute;
    this.#attribute(run, name, { value: "unknown", quality: "uncertain", code: FAILED }, at, at);
    run.again = NEVER;
    this.#claims(run, Object.fromEntries(Object.keys(run.kind.alarms).map((key) => [key, "unknown" as const])), at);
    this.#save(run);
    this.#show(run);
    this.#schedule(run);
  }

  #recovers(run: AssetRun, at: number): void {
    const { id, name } = run.asset;
    run.isFailed = false;
    const text = { it: `${name.it}: regola di nuovo in funzione`, en: `${name.en}: its rule works again` };
    const draft = { kind: FAILED, severity: "high" as const, asset: id, text, extra: placeOf(run.asset) };
    this.#alarms.clear(id, FAILED, draft, this.#time.mono(at));
  }

  // ------------------------------------------------------------ what is shown and saved

  #attributes(run: AssetRun, said: AnySaid, at: number): boolean {
    let isShown = false;
    for (const name of Object.keys(run.kind.shows)) {
      const value = said.shows[name];
      if (value === undefined) continue;
      const attribute = isUncertain(value)
        ? { value: value.value, quality: "uncertain" as const, code: value.code }
        : { value, quality: "good" as const };
      if (this.#attribute(run, name, attribute, said.since ?? at, at)) isShown = true;
    }
    return isShown;
  }

  #attribute(run: AssetRun, name: string, now: AssetRun["shown"][string], since: number, at: number): boolean {
    const old = run.shown[name];
    if (
      old !== undefined &&
      old.quality === now.quality &&
      old.code === now.code &&
      !isWorthShowing(run, name, old.value, now.value)
    )
      return false;
    run.shown[name] = now;
    const mono = this.#time.mono(at);
    this.#add(run, name, now, mono);
    const { wall, epoch } = this.#sink.wall(mono);
    run.at = wall;
    run.atEpoch = epoch;
    if (name === run.firstAttribute && old?.value !== now.value) {
      run.since = wall - (at - since);
      run.sinceEpoch = epoch;
    }
    const isNumber = typeof now.value === "number" && run.kind.shows[name]?.kind !== "state";
    if (isNumber && at < run.lastShown + SHOW_MS) run.showAt = Math.min(run.showAt, run.lastShown + SHOW_MS);
    else {
      run.lastShown = at;
      this.#show(run);
    }
    return true;
  }

  #add(run: AssetRun, name: string, attribute: AssetRun["shown"][string], mono: number): void {
    const record = { source: run.asset.id, name, unit: run.kind.shows[name]?.unit ?? "", ...attribute, mono };
    run.seq = this.#sink.add(record);
    if (this.#byPoint.get(run.asset.id)?.has(name)) this.#queue.push({ record, seq: run.seq });
  }

  #repeat(run: AssetRun, at: number): void {
    run.repeatAt = at + REPEAT_MS;
    for (const [name, attribute] of Object.entries(run.shown)) this.#add(run, name, attribute, this.#time.mono(at));
    // What is repeated is a record; the retained state is as it was. Only a new epoch shows it anew.
    if (!run.isShown) this.#show(run);
  }

  #show(run: AssetRun): void {
    run.showAt = NEVER;
    this.#changed.add(run);
  }

  #publish(): void {
    for (const run of this.#changed) {
      run.isShown = true;
      this.#sink.asset(run.state(this.#epoch.id, this.#alarms.idsOf(run.asset.id)));
    }
    this.#changed.clear();
  }

  #save(run: AssetRun): void {
    run.saveAt = NEVER;
    this.#sink.save(stateKeyOf(run.asset.id), savedOf(run, { n: this.#epoch.n, ...this.#heard }));
  }

  #schedule(run: AssetRun): void {
    run.schedule();
    this.#agenda.put(run);
  }
}

/** A number is worth showing when it differs by as much as its kind says. */
function isWorthShowing(run: AssetRun, name: string, old: Value, now: Value): boolean {
  const least = run.kind.shows[name]?.change;
  if (least === undefined || typeof old !== "number" || typeof now !== "number") return old !== now;
  return Math.abs(now - old) >= least;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
