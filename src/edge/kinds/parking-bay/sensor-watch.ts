/** Doubts of a bay's own sensor: it keeps changing, or it rests while the bays beside it change. */
import { type AlarmSpec, type Claim, type Context, held, type Moment, type Seen, type Senses, word } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";

/** What is remembered for that; times in ms of observation. */
export interface SensorWatch {
  /** Its changes within `unstable.within`, the newest first; no more than `unstable.changes`. */
  readonly changed: readonly number[];
  /** How often the neighbours have changed since it changed last, or since it was last unknown. */
  readonly moved: number;
  /** What each neighbour was last known to be. */
  readonly beside: Readonly<Record<string, string>>;
}

const NOTHING: SensorWatch = { changed: [], moved: 0, beside: {} };
const MOVES = ["free", "occupied"];

type Neighbour = "neighbour-1" | "neighbour-2" | "neighbour-3" | "neighbour-4";

/** The statuses of the bays beside it. */
export function neighboursOf({ neighbours, stuck, swapped }: BayOptions) {
  const beside = (at: number) => {
    const bay = stuck === undefined && swapped === undefined ? undefined : neighbours?.[at];
    return bay === undefined ? undefined : word(`${bay}.status`);
  };
  return { "neighbour-1": beside(0), "neighbour-2": beside(1), "neighbour-3": beside(2), "neighbour-4": beside(3) };
}

export const isBeside = <H extends { readonly of: string }>(heard: H): heard is Extract<H, { readonly of: Neighbour }> =>
  heard.of.startsWith("neighbour-");

/** Its own sensor says something else. */
export function ownChanged(before: SensorWatch | null, seen: Seen<boolean>, o: BayOptions, { at }: Moment): SensorWatch | null {
  const { unstable, stuck } = o;
  if (unstable === undefined && stuck === undefined) return null;
  if (before === null && !seen.known) return null;
  const { changed, beside } = before ?? NOTHING;
  if (unstable === undefined) return { changed, moved: 0, beside };
  const recent = changed.filter((when) => when > at - unstable.within);
  return { changed: (seen.known ? [at, ...recent] : recent).slice(0, unstable.changes), moved: 0, beside };
}

/** A neighbour that becomes known after a silence has not moved: it may have been that all the time. */
export function besideChanged(before: SensorWatch | null, neighbour: string, seen: Seen<string>): SensorWatch | null {
  if (!seen.known || !MOVES.includes(seen.value)) return before;
  const { changed, moved, beside } = before ?? NOTHING;
  const was = beside[neighbour];
  if (was === seen.value) return before;
  return { changed, moved: was === undefined ? moved : moved + 1, beside: { ...beside, [neighbour]: seen.value } };
}

export const unstable: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Stallo {name}: il sensore cambia di continuo da {for}",
    en: "Bay {name}: its sensor has kept changing for {for}",
  },
  cleared: { it: "Stallo {name}: sensore di nuovo stabile", en: "Bay {name}: its sensor is steady again" },
  todo: {
    it: "Controllare fissaggio, soglia e antirimbalzo del sensore: `cippo watch` mostra che cosa misura.",
    en: "Check how the sensor is fixed, its threshold and its debounce: `cippo watch` shows what it measures.",
  },
};

export const stuck: AlarmSpec = {
  severity: "low",
  raised: {
    it: "Stallo {name}: il sensore è fermo da {for}, mentre gli stalli vicini sono cambiati {moved} volte",
    en: "Bay {name}: its sensor has not changed for {for}, while the bays beside it changed {moved} times",
  },
  doubted: {
    it: "Stallo {name}: il sensore era fermo; {why}",
    en: "Bay {name}: its sensor did not change; {why}",
  },
  cleared: { it: "Stallo {name}: il sensore cambia di nuovo", en: "Bay {name}: its sensor changes again" },
  todo: {
    it: "Guardare sul posto se lo stallo è davvero come dice il sensore; altrimenti ricalibrarlo o sostituirlo.",
    en: "See on site whether the bay is what its sensor says; if not, calibrate or replace it.",
  },
};

/** No bay is taken and left so often: it stands until the sensor has rested for as long. */
export function keepsChanging(watch: SensorWatch | null, { o, now, ended }: Context<BayOptions, Senses>): Claim {
  if (o.unstable === undefined || watch === null) return false;
  const { changes, within } = o.unstable;
  const [newest] = watch.changed;
  const first = watch.changed[changes - 1];
  if (newest === undefined || first === undefined) return false;
  const isOver = ended(newest + within + (now.passed - now.at)) !== null;
  return isOver ? false : held(first);
}

/** A vehicle may stay for days, and a bay be empty for a night: only where the neighbours changed often meanwhile, its sensor may not see. */
export function rests(watch: SensorWatch | null, { o, sees }: Context<BayOptions, Senses>): Claim {
  const { occupancy } = sees;
  if (o.stuck === undefined || occupancy === undefined) return false;
  if (!occupancy.known) return "unknown";
  const moved = watch?.moved ?? 0;
  if (moved < o.stuck.moves) return false;
  const claim = held(occupancy.since, o.stuck.after, { moved });
  return occupancy.blind ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;
}
