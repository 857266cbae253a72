/** The clocks go in; the wall time that records carry comes out, with what must be told when it steps or becomes right (contract, Time). */
import { type Clock, STEP_MS } from "../../kit/clock.ts";
import type { EventDraft, Now } from "../../model.ts";

export class Wall {
  /** wall − mono for what is stamped now. */
  offset: number;
  synced: boolean;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    const now = clock.now();
    this.offset = now.wall - now.mono;
    this.synced = now.synced;
  }

  get clock(): "synced" | "unsynced" {
    return this.synced ? "synced" : "unsynced";
  }

  /**
   * Follows the clock: slews silently while nothing is `stamped`, a step or synchronisation as an event to be raised. Unsynchronised
   * records of an epoch share one offset, so that one event corrects them all.
   */
  look(stamped: boolean): { readonly draft: EventDraft; readonly now: Now; readonly synchronised: boolean } | null {
    const now = this.#clock.now();
    const offset = now.wall - now.mono;
    const change = offset - this.offset;
    if (now.synced && !this.synced) {
      this.offset = offset;
      this.synced = true;
      return { draft: { ...CORRECTED, extra: { offsetMs: change, boundMs: STEP_MS } }, now, synchronised: true };
    }
    if (this.synced && Math.abs(change) > STEP_MS) {
      this.offset = offset;
      this.synced = now.synced;
      return { draft: { ...STEPPED, extra: { deltaMs: change } }, now, synchronised: false };
    }
    if (this.synced && !now.synced) this.synced = false;
    else if (this.synced && !stamped) this.offset = offset;
    return null;
  }
}

const STEPPED = {
  kind: "clock.stepped",
  state: "noted",
  severity: "info",
  text: { it: "L'orologio ha fatto un salto", en: "The clock stepped" },
} as const;

const CORRECTED = {
  kind: "clock.corrected",
  state: "noted",
  severity: "info",
  text: { it: "Orologio sincronizzato", en: "Clock synchronised" },
} as const;
