/** Whether hours may be judged by the time of a stored moment, as it was when it was lived. */
import { isTrusted } from "../../../kit/held-clock.ts";

export class ClockTrust {
  /** Kernel monotonic ms of the last contact with a time server before the time was lost; null: there was none. */
  #contact: number | null;

  constructor(contact: number | null = null) {
    this.#contact = contact;
  }

  /** An epoch opened, or the time was lost: `heldMs` before `mono` there was the last contact. */
  told(mono: number, heldMs: unknown): void {
    this.#contact = typeof heldMs === "number" ? mono - heldMs : null;
  }

  trusts(clock: "synced" | "unsynced", mono: number): boolean {
    return clock === "synced" || (this.#contact !== null && isTrusted(mono - this.#contact));
  }
}
