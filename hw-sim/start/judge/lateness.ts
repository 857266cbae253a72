/** By how much a record may be later than its wire, where the machine kept its process waiting for a core. Pure. */
import type { Wait } from "./cpu-waits.ts";

/** By how much a record of that moment may be late, ms. */
export type Lateness = (mono: number) => number;

export interface LatenessBounds {
  /** How late a record is on a machine with enough free cores. */
  readonly usual: number;
  /** Most that waits may add: nobody knows how much of them delayed this record. Where the measurement held the gateway, its whole time is added. */
  readonly most: number;
}

/** A wait counts for this long after its end: data that queued up behind it is still late. */
const BACKLOG_MS = 1000;

/** A process that waited for a core handed its data on that much later, and its reader may have waited as long again. */
export function latenessOf(waits: readonly Wait[], { usual, most }: LatenessBounds): Lateness {
  const known = new Map<number, number>();
  return (mono) => {
    const before = known.get(mono);
    if (before !== undefined) return before;
    let waited = 0;
    let held = 0;
    // Waits are in order of time: from the newest that can matter backwards.
    for (let i = countUpTo(waits, mono + usual, ({ span }) => span[0]) - 1; i >= 0; i -= 1) {
      const wait = waits[i];
      if (!wait || wait.span[1] < mono - BACKLOG_MS) break;
      waited += wait.ms;
      if (wait.isHold && wait.span[1] >= mono - usual) held = Math.max(held, wait.ms);
    }
    const late = Math.max(Math.min(most, usual + 2 * waited), usual + held);
    known.set(mono, late);
    return late;
  };
}

/** How many of a list in order of time began by then. */
export function countUpTo<T>(list: readonly T[], mono: number, begun: (one: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = list[middle];
    if (one !== undefined && begun(one) <= mono) low = middle + 1;
    else high = middle;
  }
  return low;
}
