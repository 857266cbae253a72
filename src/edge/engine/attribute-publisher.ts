/** Makes records and retained states of the attributes that a kind shows, numbers at most once a second. */
import type { ReadingRecord, Value } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";
import type { Recorder } from "../commit/recorder.ts";
import type { Act } from "../kinds/kind.ts";
import type { AssetRun, Attribute } from "./asset/asset-run.ts";
import { type AnyAssessment, isUncertain } from "./kind-context.ts";
import type { Moments } from "./moments.ts";

/** Attributes of assets are records too: on change and at least this often. */
const REPEAT_MS = 900_000;
/** Numbers are shown at most this often. */
const SHOW_MS = 1000;
const NEVER = Number.POSITIVE_INFINITY;

export class AttributePublisher {
  readonly #recorder: Pick<Recorder, "add" | "asset">;
  readonly #alarms: Alarms;
  readonly #moments: Moments;
  /** Hears each attribute record with its number. */
  readonly #told: (record: ReadingRecord, seq: number) => void;
  /** Assets whose state is published after the input: one message, however many attributes changed. */
  readonly #changed = new Set<AssetRun>();
  /** What has been told in this moment: it is not repeated in the same breath. */
  readonly #fresh = new Set<Attribute>();

  constructor(
    recorder: Pick<Recorder, "add" | "asset">,
    alarms: Alarms,
    moments: Moments,
    told: (record: ReadingRecord, seq: number) => void,
  ) {
    this.#recorder = recorder;
    this.#alarms = alarms;
    this.#moments = moments;
    this.#told = told;
  }

  /** True: something of it is shown now that was not. */
  update(run: AssetRun, assessment: AnyAssessment, at: number): boolean {
    let isShown = false;
    for (const name of Object.keys(run.kind.shows)) {
      const value = assessment.shows[name];
      if (value === undefined) continue;
      const attribute: Attribute = isUncertain(value)
        ? { value: value.value, quality: "uncertain", code: value.code }
        : { value, quality: "good" };
      if (this.set(run, name, attribute, assessment.since ?? at, at)) isShown = true;
    }
    return isShown;
  }

  set(run: AssetRun, name: string, now: Attribute, since: number, at: number): boolean {
    const old = run.shown[name];
    if (old !== undefined && old.quality === now.quality && old.code === now.code && !isNews(run, name, old.value, now.value))
      return false;
    run.shown[name] = now;
    this.#add(run, name, now, at);
    const { wall, epoch } = this.#moments.wall(at);
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
      this.show(run);
    }
    return true;
  }

  /** One record for each interval, also when its value equals the last one. It is not repeated later, as other attributes are. */
  measure(run: AssetRun, { name, value, complete }: Extract<Act, { do: "measure" }>, at: number): void {
    const attribute = complete
      ? { value, quality: "good" as const }
      : { value, quality: "uncertain" as const, code: "measure.incomplete" };
    this.#add(run, name, attribute, at);
  }

  #add(run: AssetRun, name: string, attribute: Attribute, at: number): void {
    const unit = run.kind.shows[name]?.unit ?? "";
    const record = { source: run.asset.id, name, unit, ...attribute, mono: this.#moments.mono(at) };
    this.#fresh.add(attribute);
    run.seq = this.#recorder.add(record);
    this.#told(record, run.seq);
  }

  /** What fell due by itself. */
  due(run: AssetRun, at: number): void {
    if (at >= run.repeatAt) this.#repeat(run, at);
    if (at < run.showAt) return;
    run.lastShown = at;
    this.show(run);
  }

  #repeat(run: AssetRun, at: number): void {
    run.repeatAt = at + REPEAT_MS;
    for (const [name, attribute] of Object.entries(run.shown))
      if (!this.#fresh.has(attribute)) this.#add(run, name, attribute, at);
    // Only records are repeated, since the retained state has not changed; it is sent anew only in a new epoch.
    if (!run.isShown) this.show(run);
  }

  show(run: AssetRun): void {
    run.showAt = NEVER;
    this.#changed.add(run);
  }

  /** To be called at the end of a moment, when every asset has taken the input in. */
  publish(epoch: string): void {
    this.#fresh.clear();
    for (const run of this.#changed) {
      run.isShown = true;
      this.#recorder.asset(run.state(epoch, this.#alarms.idsOf(run.asset.id)));
    }
    this.#changed.clear();
  }
}

/** A number is worth showing when it differs by as much as its kind says. */
function isNews(run: AssetRun, name: string, old: Value, now: Value): boolean {
  const least = run.kind.shows[name]?.change;
  if (least === undefined || typeof old !== "number" || typeof now !== "number") return old !== now;
  return Math.abs(now - old) >= least;
}
