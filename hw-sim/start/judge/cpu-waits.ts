/** How long the machine kept processes waiting for a core, moment by moment: what a judge has to forgive them. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../../src/kit/clock.ts";

const LOOK_EVERY_MS = 50;
/** Shorter waits are normal and not noted. */
const WORTH_MS = 5;

/** One stretch of time in which somebody waited, and for how long in all. */
export interface Wait {
  readonly span: readonly [from: number, to: number];
  readonly ms: number;
  /** The measure itself held the gateway, from the first moment of the span to the last: that is known, not estimated. */
  readonly isHold?: true;
}

/**
 * Looks until stopped; answers what it has seen so far at any time. Two measurements, the worse one counts: how long the kernel says that a
 * process was ready to run and did not (/proc/PID/schedstat, field 2), and how late this process itself was woken.
 */
export function watchWaits(pids: () => readonly number[], stop: AbortSignal): readonly Wait[] {
  const waits: Wait[] = [];
  void look(pids, waits, stop);
  return waits;
}

async function look(pids: () => readonly number[], waits: Wait[], stop: AbortSignal): Promise<void> {
  let before = monotonic();
  let known = new Map<number, number>();
  while (!stop.aborted) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
    const now = monotonic();
    const next = new Map(pids().flatMap((pid): [number, number][] => waitedOf(pid)));
    const theirs = [...next].map(([pid, total]) => total - (known.get(pid) ?? total));
    const ms = Math.max(now - before - LOOK_EVERY_MS, ...theirs);
    if (ms >= WORTH_MS) waits.push({ span: [before, now], ms });
    before = now;
    known = next;
  }
}

function waitedOf(pid: number): [number, number][] {
  try {
    return [[pid, Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6]];
  } catch {
    // Gone, or a kernel without these figures: the other measurement remains.
    return [];
  }
}
