/**
 * Says when a device's turn is: at a steady period from an offset of its own, and never twice to catch up.
 *
 * Late ticks are skipped; only the first never is, so that nobody who takes long to begin waits for a whole period.
 */
import { monotonic } from "../clock.ts";
import { pause } from "./pause.ts";
import { AnyOf } from "./signals.ts";

export interface Ticker {
  /** Resolves at the next due moment with its kernel monotonic ms. */
  next(stop: AbortSignal): Promise<number>;
  /** Makes one tick due now, out of turn. */
  poke(): void;
}

export function ticker(everyMs: number, offsetMs: number): Ticker {
  const begun = monotonic() + offsetMs;
  let first = true;
  let last = Number.NEGATIVE_INFINITY;
  let poked: AbortController | null = null;
  let pending = false;
  return {
    async next(stop) {
      if (!pending) {
        const now = monotonic();
        const tick = begun + Math.max(0, Math.ceil((now - begun) / everyMs)) * everyMs;
        const due = first ? begun : tick <= last ? last + everyMs : tick;
        poked = new AbortController();
        using over = new AnyOf(stop, poked.signal);
        await pause(Math.max(0, due - now), over.signal);
        if (!poked.signal.aborted) last = due;
        poked = null;
      }
      first = pending = false;
      return monotonic();
    },
    poke() {
      if (poked === null) pending = true;
      else poked.abort();
    },
  };
}

/** A device keeps its place in the round across restarts: the offset comes from its name. */
export function offsetOf(name: string, everyMs: number): number {
  let hash = 2166136261;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return hash % Math.max(1, everyMs);
}
