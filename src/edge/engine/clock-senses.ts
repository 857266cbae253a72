/** What an asset perceives of the clock alone: quarter-hours, and daily stretches of local time. */

import type { Answers } from "../answers/answers.ts";
import type { Moment, Sense } from "../kinds/kind.ts";
import type { Sight } from "./senses.ts";

const QUARTER_MS = 900_000;
export const UNSYNCED = "clock.unsynced";

export const isOfClock = ({ of }: Pick<Sense<unknown>, "of">): boolean => of === "quarter" || of === "daily";

/** What a sense of the clock shows at a moment, and until when, in ms of observation. Infinity: until the clock becomes known, or for good. */
export function clockSight(
  { of, from }: Sense<unknown>,
  { at, wall, synced }: Moment,
  answers: Answers,
): { readonly sight: Sight; readonly until: number } {
  const nobodyKnows = { sight: { known: false, code: UNSYNCED } as const, until: Number.POSITIVE_INFINITY };
  if (!synced) return nobodyKnows;
  if (of === "quarter") {
    const value = Math.floor(wall / QUARTER_MS) * QUARTER_MS;
    return { sight: { known: true, value }, until: at + (value + QUARTER_MS - wall) };
  }
  const stretch = answers.hours?.(from, wall);
  if (stretch === undefined) return nobodyKnows;
  return { sight: { known: true, value: stretch.is }, until: at + (stretch.to - wall) };
}
