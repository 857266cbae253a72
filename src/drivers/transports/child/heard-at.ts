/** The time that a helper's process gives for what it heard, where that can be true; otherwise now. */
import { monotonic } from "../../../kit/clock.ts";

/** It hands on what it hears at once: even a gateway that stood still was not away for longer. Older is another clock, or a lie. */
const PLAUSIBLE_MS = 60_000;

/** All in kernel monotonic ms. Nothing was heard before the helper was `started`: a machine that has just booted has no minute behind it. */
export function heardAt(mono: number, started: number): number {
  const now = monotonic();
  return mono >= started && mono <= now && now - mono < PLAUSIBLE_MS ? mono : now;
}
