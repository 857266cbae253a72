/** Turns records into what a sense knows: settling, quality, silence and blindness, the same for every kind. */
import type { ReadingRecord, Value } from "../../model/index.ts";
import type { Seen, Sense, Verdict } from "../kinds/kind.ts";

/** What one record shows of a sense. */
export type Sight =
  | { readonly known: true; readonly value: Value | Verdict }
  | { readonly known: false; readonly code: string; readonly presumed?: Value };

/** What a sense knows and what waits to settle; JSON, saved with its asset. Times in ms of observation. */
export interface SenseState {
  seen: Seen<unknown>;
  pending: { readonly sight: Sight; readonly since: number } | null;
}

export interface SenseTimes {
  readonly settleMs: number;
  /** A device may be silent, or unreadable, for so long. */
  readonly silentAfterMs: number;
}

/** Whose records it takes: of which device or asset, and of which of its points or attributes; of a reader none is a record. */
export function sourceOf({ of, from }: Sense<unknown>): { readonly source: string; readonly point: string } {
  if (of === "badge") return { source: from, point: "" };
  const dot = from.indexOf(".");
  return { source: from.slice(0, dot), point: from.slice(dot + 1) };
}

export const SILENT = "device.silent";

export const unseen = (since: number): SenseState => ({ seen: { known: false, since, code: SILENT }, pending: null });

/** Only a good value of the right type is an observation: a bad or doubtful one is a sensor that cannot see. */
export function sightOf(
  sense: Sense<unknown>,
  { value, quality, code = SILENT }: Pick<ReadingRecord, "value" | "quality" | "code">,
): Sight {
  if (quality === "good" && isOf(sense, value)) return { known: true, value };
  const isPresumed = quality === "uncertain" && value !== null && sense.presumes?.includes(code) === true;
  return isPresumed ? { known: false, code, presumed: value } : { known: false, code };
}

function isOf({ of }: Sense<unknown>, value: Value): boolean {
  switch (of) {
    case "state":
      return typeof value === "boolean";
    case "word":
      return typeof value === "string";
    case "value":
      return typeof value === "number";
    case "badge":
    case "quarter":
    case "daily":
      return false;
  }
}

const isSame = (seen: Seen<unknown>, sight: Sight): boolean =>
  seen.known ? sight.known && seen.value === sight.value : !sight.known && seen.presumed === sight.presumed;

/** What follows from a record: nothing, ask the kind again, or tell it that the sense has a new value. */
export type Change = "none" | "looked" | { readonly become: Sight; readonly since: number };

/** Takes one record in. */
export function observe(state: SenseState, sense: Sense<unknown>, sight: Sight, times: SenseTimes, at: number): Change {
  if (sense.of === "value" && sight.known) return { become: sight, since: at };
  if (isSame(state.seen, sight)) {
    if (state.pending === null && !isBlind(state.seen)) return "none";
    state.pending = null;
    if (state.seen.known) state.seen = { ...state.seen, blind: false, doubt: null };
    return "looked";
  }
  const { pending } = state;
  if (pending !== null && isSame(asSeen(pending.sight, 0), sight)) return "none";
  if (waitOf(sight, times) === 0) return { become: sight, since: at };
  state.pending = { sight, since: at };
  if (!sight.known && state.seen.known) state.seen = { ...state.seen, blind: true };
  return "looked";
}

/** When something of it is due by itself, infinity: never. */
export function dueOf({ seen, pending }: SenseState, times: SenseTimes): number {
  if (pending === null) return Number.POSITIVE_INFINITY;
  const settles = pending.since + waitOf(pending.sight, times);
  const doubts = isDoubtful(seen, pending.sight, times) ? pending.since + times.settleMs : Number.POSITIVE_INFINITY;
  return Math.min(settles, doubts);
}

/** Brings it to a moment at which something may be due. */
export function settle(state: SenseState, times: SenseTimes, at: number): Change {
  const { pending } = state;
  if (pending === null) return "none";
  if (pending.since + waitOf(pending.sight, times) <= at) return { become: pending.sight, since: pending.since };
  const { sight, since } = pending;
  if (!state.seen.known || !isDoubtful(state.seen, sight, times) || since + times.settleMs > at || sight.known) return "none";
  state.seen = { ...state.seen, doubt: sight.code };
  return "looked";
}

/** It is something else from now on; false: it was that already. */
export function become(state: SenseState, sight: Sight, since: number, always: boolean): boolean {
  const isNew = always || !isSame(state.seen, sight);
  state.pending = null;
  if (isNew) state.seen = asSeen(sight, since);
  else if (state.seen.known) state.seen = { ...state.seen, blind: false, doubt: null };
  return isNew;
}

const isBlind = (seen: Seen<unknown>): boolean => seen.known && (seen.blind || seen.doubt !== null);

/** Whether a value must be marked doubtful now: it is given up later, if that takes longer than settling. */
const isDoubtful = (seen: Seen<unknown>, sight: Sight, times: SenseTimes): boolean =>
  seen.known && seen.doubt === null && !sight.known && times.settleMs < waitOf(sight, times);

const waitOf = (sight: Sight, { settleMs, silentAfterMs }: SenseTimes): number =>
  sight.known || sight.presumed !== undefined ? settleMs : silentAfterMs;

function asSeen(sight: Sight, since: number): Seen<unknown> {
  if (sight.known) return { known: true, value: sight.value, since, blind: false, doubt: null };
  return { known: false, since, code: sight.code, ...(sight.presumed !== undefined && { presumed: sight.presumed }) };
}
