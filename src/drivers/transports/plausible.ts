/** The time that a helper's process gives for what it heard goes in; that time, or now where it cannot be true, comes out. */
import { monotonic } from "../../kit/clock.ts";

/** It hands on what it hears at once: even a gateway that stood still was not away for longer. Older is another clock, or a lie. */
const PLAUSIBLE_MS = 60_000;

/** Both in kernel monotonic ms. */
export function plausible(mono: number): number {
  const now = monotonic();
  return mono <= now && now - mono < PLAUSIBLE_MS ? mono : now;
}
