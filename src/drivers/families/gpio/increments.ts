/** Counts what activations of a line add, and says what nobody could count. */
import type { Reading } from "../../../model/index.ts";
import type { Golden } from "../../driver.ts";
import { type Settled, settledIn } from "./settled.ts";

export interface Added {
  readonly point: string;
  /** In the point's unit. */
  readonly each: number;
  readonly active: "high" | "low";
}

/**
 * An activation is counted when it begins. Opening the line yields a reading that says: nobody counted until now; an activation that stands at that
 * moment is not counted. A line at rest yields increments of 0, which also show that a chatter has ended.
 */
export function incrementsOf(settled: Settled, { point, each, active }: Added): readonly Reading[] {
  if (settled.is === "alive")
    return settled.now === null || settled.now.chatter ? [] : [{ point, value: 0, quality: "good", mono: settled.now.mono }];
  return settled.changes.flatMap(({ level, mono, chatter }): readonly Reading[] => {
    if (settled.is === "opened") return [{ point, value: 0, quality: "uncertain", code: "counter.unobserved", mono }];
    if (chatter) return [{ point, value: 0, quality: "uncertain", code: "contact.chatter", mono }];
    return level === (active === "high" ? 1 : 0) ? [{ point, value: each, quality: "good", mono }] : [];
  });
}

/** How much a golden's edges add up to. */
export function addedIn(golden: Golden, debounceMs: number, added: Added): number {
  const readings = settledIn(golden, debounceMs).flatMap((settled) => incrementsOf(settled, added));
  return readings.filter(({ quality }) => quality === "good").length * added.each;
}
