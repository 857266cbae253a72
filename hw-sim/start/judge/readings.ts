/** Compares what the wires showed with what the platform received: wrong values, and missing ones. Pure. */
import type { Quality, Text, Value } from "../../../src/model/index.ts";
import type { WireRecord } from "../../site/wire-log.ts";
import type { Wait } from "./cpu-waits.ts";
import { countUpTo, type Lateness, latenessOf } from "./lateness.ts";
import { type Level, type Levels, levelsOf, type PointRule } from "./levels.ts";
import { at as moment, valueText } from "./sentences.ts";

/** A row of the platform's `readings`; `mono` on the machine's monotonic clock. */
export interface ReceivedReading {
  readonly source: string;
  readonly name: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly mono: number;
}

export type Period = readonly [from: number, to: number];

export interface ReadingsInput {
  readonly served: readonly WireRecord[];
  readonly received: readonly ReceivedReading[];
  /** By "device.point"; told points that are not in it (attributes of assets) are not judged. */
  readonly points: ReadonlyMap<string, PointRule>;
  /** When no gateway was ready, and the commit window before a kill. */
  readonly blind: readonly Period[];
  /** When the machine kept gateway or site waiting for a core. */
  readonly waits: readonly Wait[];
  /** When the site's inputs froze and all that stood had time to arrive. */
  readonly end: number;
  /** The gateway's own timers go on moving relays after the freeze: what began after this may be told or not. Absent: `end`. */
  readonly must?: number;
}

export interface Finding {
  readonly what: "wrong" | "missing";
  readonly device: string;
  readonly point: string;
  readonly value: Value;
  readonly mono: number;
  /** How many things (pulses) this finding stands for. */
  readonly count: number;
  /** The nearest thing on the other side, for whoever looks for the cause. */
  readonly nearest: Text;
}

export interface ReadingsComparison {
  readonly served: number;
  readonly checked: number;
  readonly wrong: number;
  readonly missing: number;
  readonly unseen: number;
  readonly findings: readonly Finding[];
}

/** What a wire showed counts for this long after the reply, or the pushed frame, was sent; longer where the machine let nobody run. */
export const LATE_MS = 50;
/**
 * The most that a record may be late, even on the busiest machine: half the shortest polling period, so that the value of the poll before is still
 * recognised as old.
 */
export const MOST_LATE_MS = 500;
/** Between two monitors of its line a contact is read once: a change in that gap may be told earlier than the wire log says. */
export const EARLY_MS = 250;
/** Shorter than this beyond its debounce, a level may or may not be told. */
const MARGIN_MS = 20;
/** After a fault a wire is opened again, and a unit that was held back is asked again, within this time. */
const REOPENED_MS = 15_000;
/** Faults under which nobody counts pulses. */
const UNHEARD: ReadonlySet<string> = new Set(["helper-dies"]);

type Shown = Extract<WireRecord, { k: "shown" }>;
type PulseRecord = Extract<WireRecord, { k: "pulse" }>;
type Trouble = Extract<WireRecord, { k: "fault" }>;

export function compareReadings(input: ReadingsInput): ReadingsComparison {
  const shown = byPoint(input.served.filter((one) => one.k === "shown").sort((a, b) => a.from - b.from));
  const pulses = byPoint(input.served.filter((one) => one.k === "pulse"));
  const late = latenessOf(input.waits, { usual: LATE_MS, most: MOST_LATE_MS });
  const levels = levelsOf(input.served, input.points, input.end, input.must);
  const told = byPoint(input.received.map((row) => ({ ...row, device: row.source, point: row.name })));
  const findings: Finding[] = [];
  let checked = 0;
  let unseen = 0;
  for (const [key, rule] of input.points) {
    const at = placeOf(key);
    const rows = [...(told.get(key) ?? [])].sort((a, b) => a.mono - b.mono);
    const good = rows.filter((row) => row.quality === "good");
    checked += good.length;
    if (rule.kind === "increments") {
      const judged = judgePulses(at, pulses.get(key) ?? [], rows, rule, blindFor(input, at, rule, UNHEARD));
      findings.push(...judged.findings);
      unseen += judged.unseen;
      continue;
    }
    const seen = shown.get(key) ?? [];
    const longest = seen.reduce((most, { from, to }) => Math.max(most, to - from), 0);
    const steps = levels.get(key);
    for (const row of good) {
      const right =
        (steps?.of === "contact" ? onLevel(row, steps.list, rule, late) : onWire(row, seen, longest, late)) ||
        (rule.isKept && waited(row, seen, input.blind, late));
      if (!right) findings.push(finding("wrong", at, row, near(row, steps?.of === "contact" ? steps.list : seen)));
    }
    if (steps) {
      const arrived = judgeLevels(at, steps, rows, rule, blindFor(input, at, rule), late);
      findings.push(...arrived.findings);
      unseen += arrived.unseen;
    }
    if (rule.kind === "counter" && !isBlind(blindFor(input, at, rule), input.end))
      findings.push(...judgeCounter(at, seen, good, rule));
  }
  const count = (what: Finding["what"]) => findings.reduce((sum, one) => sum + (one.what === what ? one.count : 0), 0);
  const served = input.served.filter(({ k }) => k === "shown" || k === "level" || k === "pulse").length;
  return { served, checked, wrong: count("wrong"), missing: count("missing"), unseen, findings };
}

interface At {
  readonly device: string;
  readonly point: string;
}
const placeOf = (key: string): At => {
  const dot = key.indexOf(".");
  return { device: key.slice(0, dot), point: key.slice(dot + 1) };
};

function byPoint<T extends { readonly device: string; readonly point: string }>(list: readonly T[]): ReadonlyMap<string, T[]> {
  const map = new Map<string, T[]>();
  for (const one of list) {
    const key = `${one.device}.${one.point}`;
    const known = map.get(key);
    if (known) known.push(one);
    else map.set(key, [one]);
  }
  return map;
}

/** Binary floats decoded twice agree to the last bit or nearly. */
export function same(a: Value, b: Value): boolean {
  if (typeof a !== "number" || typeof b !== "number") return a === b;
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

/** `shown` is in order of `from`: only those that can reach the row's moment are looked at. */
function onWire(row: ReceivedReading, shown: readonly Shown[], longest: number, lateAt: Lateness): boolean {
  const late = lateAt(row.mono);
  for (let i = countUpTo(shown, row.mono, ({ from }) => from) - 1; i >= 0; i -= 1) {
    const one = shown[i];
    if (!one || one.from < row.mono - late - longest) return false;
    if (row.mono <= one.to + late && same(one.value, row.value)) return true;
  }
  return false;
}

/** What was published when nobody listened comes when somebody does again. */
const waited = (row: ReceivedReading, shown: readonly Shown[], blind: readonly Period[], late: Lateness): boolean =>
  blind.some(
    ([from, to]) =>
      from <= row.mono &&
      row.mono <= to + late(row.mono) &&
      shown.some((one) => one.to >= from && one.from <= row.mono && same(one.value, row.value)),
  );

/** Contacts: the value stood at that moment, or until its debounce ended. */
const onLevel = (row: ReceivedReading, levels: readonly Level[], { debounceMs }: PointRule, late: Lateness): boolean =>
  levels.some((level) => same(level.value, row.value) && covers(level, row.mono, debounceMs, late));

/**
 * Every level that stood longer than its debounce has a record of its own, in order. One that follows an equal level (what was between was too
 * short to count) is no change, and need not be told again.
 */
function judgeLevels(
  at: At,
  steps: Levels,
  rows: readonly ReceivedReading[],
  { debounceMs }: PointRule,
  blind: readonly Period[],
  late: Lateness,
) {
  const findings: Finding[] = [];
  const unused = rows.filter(({ quality }) => quality !== "bad");
  let unseen = 0;
  let before: Level | null = null;
  for (const level of steps.list) {
    if (level.end - level.at <= debounceMs + MARGIN_MS || level.weak) continue;
    const unchanged = before?.value === level.value;
    before = level;
    // A level that need not be told must not use up a record that another level needs.
    if (unchanged) continue;
    const hidden = blind.some(([from, to]) => from <= level.end && level.at <= to);
    const inTime = ({ value, mono }: ReceivedReading) =>
      same(value, level.value) && mono >= level.at && mono <= level.end + debounceMs;
    const nearly = ({ value, mono }: ReceivedReading) => same(value, level.value) && covers(level, mono, debounceMs, late);
    let first = unused.findIndex(inTime);
    if (first < 0 && (!hidden || level.stands)) first = unused.findIndex(nearly);
    if (first >= 0) {
      unused.splice(0, first + 1);
      continue;
    }
    // A level that still stands is seen when its wire comes back; if the wire is still away at the end, it cannot be.
    if (hidden && (!level.stands || isBlind(blind, level.end))) unseen += 1;
    else findings.push(finding("missing", at, { value: level.value, mono: level.at }, near({ mono: level.at }, rows)));
  }
  return { findings, unseen };
}

const covers = (level: Level, mono: number, debounceMs: number, late: Lateness): boolean =>
  mono >= level.at - EARLY_MS && mono <= level.end + debounceMs + late(mono);

/** The gateway's own counter: no more than was shown up to then, no less than was shown while it was ready. */
function judgePulses(
  at: At,
  pulses: readonly PulseRecord[],
  rows: readonly ReceivedReading[],
  { perPulse = 1 }: PointRule,
  blind: readonly Period[],
) {
  const shownBy = (mono: number): number => pulses.filter((one) => one.at <= mono).length;
  const hidden = pulses.filter((one) => blind.some(([from, to]) => from <= one.at && one.at <= to)).length;
  const findings: Finding[] = [];
  for (const row of rows) {
    if (row.quality === "bad" || typeof row.value !== "number") continue;
    const pulsesTold = Math.round(row.value / perPulse);
    if (!same(row.value, pulsesTold * perPulse) || pulsesTold > shownBy(row.mono + EARLY_MS))
      findings.push(
        finding("wrong", at, row, {
          it: `${shownBy(row.mono)} impulsi fino ad allora`,
          en: `${shownBy(row.mono)} pulses by then`,
        }),
      );
  }
  const most = rows.reduce((sum, { value }) => (typeof value === "number" ? Math.max(sum, value) : sum), 0);
  const total = Math.round(most / perPulse);
  const lost = pulses.length - hidden - total;
  const last = { value: most, mono: rows.at(-1)?.mono ?? 0 };
  if (lost > 0)
    findings.push({
      ...finding("missing", at, last, {
        it: `${pulses.length} impulsi, ${hidden} non visti`,
        en: `${pulses.length} pulses, ${hidden} of them unseen`,
      }),
      count: lost,
    });
  return { findings, unseen: Math.max(0, Math.min(hidden, pulses.length - total)) };
}

function judgeCounter(at: At, shown: readonly Shown[], good: readonly ReceivedReading[], { change }: PointRule): Finding[] {
  const last = shown.at(-1);
  const told = good.at(-1);
  if (!last) return [];
  const arrived =
    typeof told?.value === "number" &&
    typeof last.value === "number" &&
    Math.abs(told.value - last.value) < Math.max(change, 1e-9 * Math.abs(last.value) + 1e-12);
  return arrived ? [] : [finding("missing", at, { value: last.value, mono: last.to }, near({ mono: last.to }, good))];
}

const isBlind = (blind: readonly Period[], mono: number): boolean => blind.some(([from, to]) => from <= mono && mono <= to);

/** Blind periods of the gateway, and the faults of this device or its whole bus (with time to be noticed and opened again). */
export function blindFor(
  { blind, served }: Pick<ReadingsInput, "blind" | "served">,
  { device }: Pick<At, "device">,
  { bus }: Pick<PointRule, "bus">,
  kinds?: ReadonlySet<string>,
): readonly Period[] {
  const faults = served.filter((one) => one.k === "fault" && (!kinds || kinds.has(one.kind))) as readonly Trouble[];
  const here = faults.filter((one) => (one.device === undefined ? one.bus === bus : one.device === device));
  const periods: Period[] = [...blind];
  for (const fault of here) {
    if (fault.state !== "begun") continue;
    const end = here.find((one) => one.state === "ended" && one.at >= fault.at && one.kind === fault.kind);
    periods.push([fault.at, (end?.at ?? Number.POSITIVE_INFINITY) + REOPENED_MS]);
  }
  return periods;
}

const finding = (what: Finding["what"], at: At, { value, mono }: { value: Value; mono: number }, nearest: Text): Finding => ({
  what,
  ...at,
  value,
  mono,
  count: 1,
  nearest,
});

function near(to: { readonly mono: number }, list: readonly (ReceivedReading | Shown | Level)[]): Text {
  const timeOf = (one: ReceivedReading | Shown | Level) => ("mono" in one ? one.mono : "from" in one ? one.from : one.at);
  const [best] = [...list].sort((a, b) => Math.abs(timeOf(a) - to.mono) - Math.abs(timeOf(b) - to.mono));
  return best ? moment(valueText(best.value), timeOf(best)) : { it: "nulla", en: "nothing" };
}
