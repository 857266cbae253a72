/** Counts the vehicles inside by the gates' counters, and says how far that count can be trusted. */
import { type Act, type AlarmSpec, type Claim, type Context, held, type Moment, type Seen, type Senses, value } from "../kind.ts";
import type { GroupOptions } from "./group-options.ts";

/** Such a total may have missed some passages, but what is added to it afterwards still counts. */
const PRESUMES = ["counter.unobserved", "counter.restarted", "contact.chatter"];
const UNOBSERVED = "counter.unobserved";
const DAY_MS = 86_400_000;
/** Cars that circle in search of a bay are no miscount. */
const OVER_FOR_MS = 600_000;

export interface GateFacts {
  /** The last total of each gate. */
  readonly totals: Readonly<Record<string, number>> | null;
  readonly passagesIn: number;
  readonly passagesOut: number;
  /** When counting began: in ms of `Moment.passed`, and as epoch ms once the time was known. */
  readonly begun: number | null;
  readonly countersSince: number | null;
  /** Vehicles inside; null: nobody has said yet how many there were when counting began. */
  readonly inside: number | null;
  /** Why `inside` may be wrong; null: nothing speaks against it. */
  readonly doubt: string | null;
  /** Vehicles that drove out although nobody was counted inside; since when, in ms of observation; and the last one, in `passed`. */
  readonly missed: number;
  readonly missedSince: number | null;
  readonly missedLast: number | null;
  /** Since when more vehicles are inside than there are places, ms of observation. */
  readonly overSince: number | null;
}

export const nothingCounted: GateFacts = {
  totals: null,
  passagesIn: 0,
  passagesOut: 0,
  begun: null,
  countersSince: null,
  inside: null,
  doubt: null,
  missed: 0,
  missedSince: null,
  missedLast: null,
  overSince: null,
};

export const gateSense = (from: string) => ({ ...value(from), presumes: PRESUMES });

/** What a gate's total says of who passed since its last one. */
export function passed(
  facts: GateFacts,
  gate: string,
  seen: Seen<unknown>,
  now: Moment,
  capacity: number | undefined,
): GateFacts {
  const total = seen.known ? seen.value : seen.presumed;
  if (typeof total !== "number") return doubted(facts, UNOBSERVED);
  const last = facts.totals?.[gate];
  const known = last === total && facts.begun !== null ? facts : { ...facts, totals: { ...facts.totals, [gate]: total } };
  const begun = beginning(known, now);
  // What passed before a gate's first total is unknown; a total that went back means that the counter was replaced or reset.
  if (last === undefined) return begun;
  if (total < last) return doubted(begun, UNOBSERVED);
  const after = total === last ? begun : moved(begun, gate.startsWith("in-"), total - last, now, capacity);
  return seen.known ? after : doubted(after, UNOBSERVED);
}

const doubted = (facts: GateFacts, code: string): GateFacts =>
  facts.inside === null || facts.doubt !== null ? facts : { ...facts, doubt: code };

function beginning(facts: GateFacts, now: Moment): GateFacts {
  if (facts.begun !== null && (facts.countersSince !== null || !now.synced)) return facts;
  const begun = facts.begun ?? now.passed;
  return { ...facts, begun, countersSince: now.synced ? Math.round(now.wall - (now.passed - begun)) : null };
}

function moved(facts: GateFacts, isIn: boolean, count: number, now: Moment, capacity: number | undefined): GateFacts {
  const passages = isIn ? { passagesIn: facts.passagesIn + count } : { passagesOut: facts.passagesOut + count };
  if (facts.inside === null) return { ...facts, ...passages };
  const inside = facts.inside + (isIn ? count : -count);
  // Whoever drives out was inside, although nobody counted that.
  if (inside < 0) {
    const missed = facts.missed - inside;
    return { ...facts, ...passages, inside: 0, missed, missedSince: facts.missedSince ?? now.at, missedLast: now.passed };
  }
  const isOver = capacity !== undefined && inside > capacity;
  return { ...facts, ...passages, inside, overSince: isOver ? (facts.overSince ?? now.at) : null };
}

/** So many are inside: somebody has counted, or it is the time of day at which that is known. */
export function recounted(
  facts: GateFacts,
  inside: number,
  now: Moment,
  capacity: number | undefined,
): { facts: GateFacts; acts: Act[] } {
  const isOver = capacity !== undefined && inside > capacity;
  const sure = {
    doubt: null,
    missed: 0,
    missedSince: null,
    missedLast: null,
    overSince: isOver ? (facts.overSince ?? now.at) : null,
  };
  const drift = facts.inside === null ? null : facts.inside - inside - facts.missed;
  const acts: Act[] = drift === null ? [] : [{ do: "measure", name: "drift", value: drift, complete: facts.doubt === null }];
  return { facts: { ...facts, inside, ...sure }, acts };
}

export const gateAlarms = {
  "count.below-zero": {
    severity: "low",
    raised: {
      it: "{name}: sono usciti veicoli che non risultavano entrati: il conteggio è ripartito da 0",
      en: "{name}: vehicles drove out that were never counted in: the count began again at 0",
    },
    cleared: { it: "{name}: il conteggio torna", en: "{name}: the count adds up again" },
    todo: {
      it: "Osservare i varchi con `cippo watch` mentre passa un veicolo; contare i veicoli dentro e impostarne il numero con `cippo command` (count.set).",
      en: "Watch the gates with `cippo watch` while a vehicle passes; count the vehicles inside and set the number with `cippo command` (count.set).",
    },
  },
  "count.above-capacity": {
    severity: "low",
    raised: {
      it: "{name}: risultano dentro {inside} veicoli su {capacity} posti da {for}",
      en: "{name}: {inside} vehicles counted in {capacity} places for {for}",
    },
    cleared: { it: "{name}: il conteggio torna", en: "{name}: the count adds up again" },
    todo: {
      it: "Contare i veicoli dentro e impostarne il numero con `cippo command` (count.set); se il conteggio sale ogni giorno, verificare il varco d'uscita.",
      en: "Count the vehicles inside and set the number with `cippo command` (count.set); if the count rises day by day, check the exit gate.",
    },
  },
} as const satisfies Record<string, AlarmSpec>;

/** Stands until somebody has counted, or until a day has passed without another such exit. */
export function gateClaims(facts: GateFacts, cx: Context<GroupOptions, Senses>): Record<keyof typeof gateAlarms, Claim> {
  const { inside, missedSince, missedLast, overSince } = facts;
  const { capacity = Number.POSITIVE_INFINITY } = cx.o;
  const isQuiet = missedLast === null || cx.ended(missedLast + DAY_MS) !== null;
  const isOver = inside !== null && inside > capacity;
  return {
    "count.below-zero": missedSince !== null && !isQuiet && held(missedSince),
    "count.above-capacity": isOver && held(overSince ?? cx.now.at, OVER_FOR_MS, { inside, capacity }),
  };
}

/** `sees`: of the gates. */
export function countGates(facts: GateFacts, { capacity, part }: GroupOptions, sees: readonly (Seen<unknown> | undefined)[]) {
  const { passagesIn, passagesOut, countersSince, inside } = facts;
  const counters = { passagesIn, passagesOut, countersSince: countersSince ?? undefined };
  if (part || capacity === undefined) return counters;
  const shut = sees.find((seen) => seen?.known === false && seen.presumed === undefined);
  const blind = shut?.known === false ? shut.code : null;
  const code = facts.doubt ?? blind ?? (inside !== null && inside > capacity ? UNOBSERVED : null);
  const shown = (number: number) => (code === null ? number : { value: number, code });
  if (inside === null) return { status: { value: "unknown", code: UNOBSERVED }, totalSpotNumber: capacity, ...counters };
  const available = Math.max(0, capacity - inside);
  return {
    status: code === null ? statusOf(available) : { value: statusOf(available), code },
    availableSpotNumber: shown(available),
    occupiedSpotNumber: shown(inside),
    totalSpotNumber: capacity,
    ...counters,
  };
}

const statusOf = (available: number): string => (available > 0 ? "spacesAvailable" : "full");
