/** Judges what was told of every parking bay against what its sensor's wire showed. Pure. */
import { verbatim } from "../../../src/kit/text/reasons.ts";
import type { Quality, Text, Value } from "../../../src/model/index.ts";
import type { Level } from "./levels.ts";
import { EARLY_MS, MOST_LATE_MS, type Period } from "./readings.ts";
import * as say from "./sentences.ts";

/** A bay as the configuration has it. All times in ms. */
export interface BayRule {
  readonly asset: string;
  readonly debounceMs: number;
  /** How much later than the wire changed the gateway may have heard of it: the period of its sensor. */
  readonly lagMs: number;
  /** Only of a bay reserved for those who hold a permit. */
  readonly permits: { readonly graceMs: number; readonly shownBeforeMs: number } | null;
  /** Alarms of its other duties, such as to leave in time: the scenario's list judges them. */
  readonly listed?: readonly string[];
}

/** An event of the platform's database; `mono` and `since` on the machine's monotonic clock. */
export interface ReceivedEvent {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly asset: string | null;
  readonly device: string | null;
  readonly mono: number;
  readonly since: number;
  readonly command: string | null;
  /** Who gave the command: the platform, a person at the box, a rule. */
  readonly origin?: string | null;
}

/** A record of an asset's attribute. */
export interface ReceivedAttribute {
  readonly name: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly mono: number;
}

/** The retained state of an asset, and what the retained list of alarms says of it. */
export interface RetainedBay {
  readonly state: Readonly<Record<string, unknown>>;
  readonly quality: string;
  /** Ids, as the asset's own message has them and as the list of alarms has them. */
  readonly alarms: readonly string[];
  readonly listed: readonly string[];
}

export interface BayInput {
  readonly rule: BayRule;
  /** Presence on the wire, in order; the last stands at the end. */
  readonly levels: readonly Level[];
  /** When a permit was confirmed here. */
  readonly confirmed: readonly number[];
  /** In order of their numbers; of this asset. */
  readonly events: readonly ReceivedEvent[];
  readonly attributes: readonly ReceivedAttribute[];
  readonly retained: RetainedBay | null;
  /** When no gateway was ready, or the sensor was failing: what falls due then may come later, or not at all. */
  readonly doubtful: readonly Period[];
  /** What falls due after this need not have come. */
  readonly end: number;
}

export interface BayFinding {
  readonly what: "missing" | "extra" | "wrong";
  readonly asset: string;
  /** For people, in the terms of the contract. */
  readonly told: Text;
}

const ILLEGAL = "bay.illegal-occupation";
/** An alarm that falls due this close to the end of the stay may be raised or not: both are right. */
const MARGIN_MS = 50;

interface Stay {
  readonly from: number;
  /** When the sensor saw the vehicle gone; infinite while it stands. */
  readonly to: number;
}

/** A state that an alarm must, or may, have gone through. */
interface Expected {
  readonly state: "raised" | "cleared";
  readonly from: number;
  readonly to: number;
  readonly since: number;
  readonly must: boolean;
}

export function judgeBay(input: BayInput): readonly BayFinding[] {
  const alarms = judgeAlarms(input);
  return [...judgeStatus(input), ...alarms.findings, ...judgeRetained(input, alarms.open)];
}

// ---------------------------------------------------------------- free and occupied

function judgeStatus({ rule, levels, attributes, doubtful, end }: BayInput): readonly BayFinding[] {
  const { asset, debounceMs } = rule;
  const findings: BayFinding[] = [];
  const told = attributes.filter(({ name, quality }) => name === "status" && quality === "good");
  const stays = settled(levels, debounceMs);
  for (const { value, mono } of told) {
    const right = stays.some(
      (level) =>
        wordOf(level) === value && mono >= level.at + debounceMs - EARLY_MS && mono <= level.end + debounceMs + lateOf(rule),
    );
    if (!right && !inside(doubtful, mono)) findings.push({ what: "wrong", asset, told: say.at(`status ${value}`, mono) });
  }
  for (const level of stays) {
    const [from, to] = [level.at + debounceMs - EARLY_MS, level.at + debounceMs + lateOf(rule)];
    if (to > end || touches(doubtful, [level.at, to])) continue;
    if (!told.some(({ value, mono }) => value === wordOf(level) && mono >= from && mono <= to))
      findings.push({ what: "missing", asset, told: say.at(`status ${wordOf(level)}`, level.at + debounceMs) });
  }
  return findings;
}

const wordOf = ({ value }: Pick<Level, "value">): string => (value === true ? "occupied" : "free");

/** Levels that stood longer than the debounce. Two equal ones with only a shorter one between them are joined to one. */
function settled(levels: readonly Level[], debounceMs: number): readonly Level[] {
  const kept: Level[] = [];
  for (const level of levels) {
    const last = kept.at(-1);
    const short = level.end - level.at <= debounceMs && !level.stands;
    if (last && (short || last.value === level.value)) kept[kept.length - 1] = { ...last, end: level.end, stands: level.stands };
    else if (!short) kept.push(level);
  }
  return kept;
}

// ---------------------------------------------------------------- whoever stands there without a permit

function judgeAlarms(input: BayInput): { readonly findings: readonly BayFinding[]; readonly open: ReadonlySet<string> } {
  const { rule, events, doubtful } = input;
  const findings: BayFinding[] = [];
  const open = new Set<string>();
  const unused = [...events];
  const take = (one: Expected, id?: string): ReceivedEvent | undefined => {
    const at = unused.findIndex((event) => fits(event, one, id));
    return at < 0 ? undefined : unused.splice(0, at + 1).pop();
  };
  // Events before a match that matched nothing: they were not expected there.
  const passed = () => events.filter((event) => !unused.includes(event) && !used.has(event));
  const used = new Set<ReceivedEvent>();
  for (const stay of staysOf(input)) {
    const raised = expectRaised(input, stay);
    if (!raised) continue;
    const event = take(raised);
    if (!event) {
      if (raised.must) findings.push(missing(rule.asset, raised));
      continue;
    }
    used.add(event);
    open.add(event.id);
    const cleared = expectCleared(input, stay, event.mono);
    if (!cleared) continue;
    const over = take(cleared, event.id);
    if (over) {
      used.add(over);
      open.delete(event.id);
    } else if (cleared.must) findings.push(missing(rule.asset, cleared));
  }
  const doubted = ({ state, mono }: ReceivedEvent) => state === "updated" && inside(doubtful, mono);
  for (const event of [...passed(), ...unused])
    if (!used.has(event) && !doubted(event))
      findings.push({ what: "extra", asset: rule.asset, told: say.at(`${event.kind} ${event.state}`, event.mono) });
  return { findings, open };
}

const fits = (event: ReceivedEvent, { state, from, to, since }: Expected, id = event.id): boolean =>
  event.kind === ILLEGAL &&
  event.state === state &&
  event.id === id &&
  event.mono >= from &&
  event.mono <= to &&
  event.since >= since - EARLY_MS &&
  (state === "raised" || event.reason === "normal");

const missing = (asset: string, { state, from, to }: Expected): BayFinding => ({
  what: "missing",
  asset,
  told: say.between(`${ILLEGAL} ${state}`, from, to),
});

const staysOf = ({ levels, rule }: BayInput): readonly Stay[] =>
  settled(levels, rule.debounceMs)
    .filter(({ value }) => value === true)
    .map(({ at, end, stands }) => ({ from: at, to: stands ? Number.POSITIVE_INFINITY : end }));

interface ShownPermit {
  /** The first that counts for certain; undefined: none. */
  readonly at: number | undefined;
  /**
   * The only permit was shown just after the earliest moment that counts. The gateway may have seen the vehicle a little later, and then the permit
   * was shown too early for it: both answers are right.
   */
  readonly unsure: boolean;
}

/** A permit counts for a stay from `shownBefore` before the sensor saw the vehicle until it leaves. */
function permitOf({ rule, confirmed }: BayInput, { from, to }: Stay): ShownPermit {
  const first = from - (rule.permits?.shownBeforeMs ?? 0);
  const certain = first + lateOf(rule);
  const at = confirmed.find((shown) => shown >= certain && shown < to);
  return { at, unsure: at === undefined && confirmed.some((shown) => shown >= first && shown < Math.min(certain, to)) };
}

function expectRaised(input: BayInput, stay: Stay): Expected | null {
  const { rule, doubtful, end } = input;
  if (rule.permits === null) return null;
  const due = stay.from + rule.permits.graceMs;
  const { at: permit, unsure } = permitOf(input, stay);
  const tolerance = lateOf(rule) + MARGIN_MS;
  // Shown within the grace, or before.
  if (permit !== undefined && permit < due - tolerance) return null;
  // Gone before it could be said.
  if (due > stay.to + rule.debounceMs + tolerance) return null;
  const to = pushed(due + lateOf(rule), doubtful, rule);
  const near = unsure || due > stay.to - tolerance || (permit !== undefined && permit < due + tolerance);
  const must = !near && !touches(doubtful, [stay.from, Math.min(to, stay.to)]) && to <= end;
  return { state: "raised", from: due - EARLY_MS, to, since: stay.from, must: must || (stay.to > to && to <= end && !near) };
}

function expectCleared(input: BayInput, stay: Stay, raised: number): Expected | null {
  const { rule, doubtful, end, confirmed } = input;
  const shown = confirmed.find((at) => at >= raised - EARLY_MS && at < stay.to);
  const at = Math.min(shown ?? Number.POSITIVE_INFINITY, stay.to + rule.debounceMs);
  if (at === Number.POSITIVE_INFINITY) return null;
  const to = pushed(at + lateOf(rule), doubtful, rule);
  return { state: "cleared", from: at - EARLY_MS, to, since: stay.from, must: to <= end };
}

// ---------------------------------------------------------------- what stands at the broker

function judgeRetained(input: BayInput, open: ReadonlySet<string>): readonly BayFinding[] {
  const { rule, levels, retained, doubtful, end } = input;
  const { asset, permits } = rule;
  if (inside(doubtful, end)) return [];
  if (!retained) return [{ what: "missing", asset, told: verbatim(`retained assets/${asset}`) }];
  const last = settled(levels, rule.debounceMs).at(-1);
  // The last change came too close to the end: it may not have been published yet.
  if (!last || last.at + rule.debounceMs + lateOf(rule) > end) return [];
  const findings: BayFinding[] = [];
  const wrong = (told: Text) => findings.push({ what: "wrong", asset, told: say.after("retained ", told) });
  const { status, permit } = retained.state;
  if (status !== wordOf(last) || retained.quality !== "good")
    wrong(say.insteadOf(`status ${status} (${retained.quality})`, wordOf(last)));
  const stay: Stay | null = last.value === true ? { from: last.at, to: Number.POSITIVE_INFINITY } : null;
  const { at: shown, unsure } = stay === null ? { at: undefined, unsure: false } : permitOf(input, stay);
  const isRecent = shown !== undefined && shown + lateOf(rule) > end;
  if (permits && stay !== null && !isRecent && !unsure && (permit === "valid") !== (shown !== undefined))
    wrong(
      say.after(
        `permit ${permit}: `,
        shown === undefined
          ? { it: "nessuno è stato mostrato", en: "none was shown" }
          : { it: "uno è stato mostrato", en: "one was shown" },
      ),
    );
  for (const [where, ids] of [
    [`assets/${asset}`, retained.alarms],
    ["alarms", retained.listed],
  ] as const) {
    for (const id of ids)
      if (!open.has(id)) wrong({ it: `${where} ha ${id}, che è finito`, en: `${where} has ${id}, which is over` });
    for (const id of open)
      if (!ids.includes(id)) wrong({ it: `${where} non ha ${id}, che è aperto`, en: `${where} has not ${id}, which stands` });
  }
  return findings;
}

// ---------------------------------------------------------------- times

const lateOf = ({ lagMs }: BayRule): number => lagMs + MOST_LATE_MS;

/** Until when something due while nobody saw the bay may be told: the gateway may begin debounce and grace anew. */
function pushed(at: number, doubtful: readonly Period[], rule: BayRule): number {
  const anew = rule.debounceMs + (rule.permits?.graceMs ?? 0) + lateOf(rule);
  return [...doubtful]
    .sort((a, b) => a[0] - b[0])
    .reduce((to, [from, until]) => (from <= to && at <= until + anew ? Math.max(to, until + anew) : to), at);
}

const inside = (periods: readonly Period[], mono: number): boolean => periods.some(([from, to]) => from <= mono && mono <= to);
const touches = (periods: readonly Period[], [from, to]: Period): boolean => periods.some(([a, b]) => a <= to && from <= b);
