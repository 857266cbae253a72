/** What is done next for a radio that is ill: adapter, D-Bus connection, process; ever more rarely. Pure. */
import { doubling } from "../../../kit/loop/backoff.ts";

export type RecoveryStep = "adapter" | "connection" | "process";

const RUNGS: readonly RecoveryStep[] = ["adapter", "connection", "process"];

export interface RecoveryWaits {
  readonly firstMs: number;
  readonly maxMs: number;
}

export class RecoveryPlan {
  readonly #waits: RecoveryWaits;
  #taken = 0;
  #due: number | null = null;

  constructor(waits: RecoveryWaits) {
    this.#waits = waits;
  }

  /** Null: nothing to do yet. Each rung has twice as long to help as the one before. */
  next(ill: boolean, now: number): RecoveryStep | null {
    if (!ill) {
      this.#taken = 0;
      this.#due = null;
      return null;
    }
    this.#due ??= now + this.#wait();
    if (now < this.#due) return null;
    const rung = RUNGS[this.#taken % RUNGS.length] ?? "process";
    this.#taken += 1;
    this.#due = now + this.#wait();
    return rung;
  }

  #wait(): number {
    return doubling(this.#waits.firstMs, this.#waits.maxMs)(this.#taken + 1);
  }
}
