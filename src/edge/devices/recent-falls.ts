/** When a device fell ill in the last while, and why the last time. */
import type { Context } from "../../kit/errors.ts";

const KEPT = 100;

export class RecentFalls {
  readonly #withinMs: number;
  #at: readonly number[] = [];
  #last: { readonly code: string; readonly context: Context } = { code: "internal", context: {} };

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  add(mono: number, code: string, context: Context): void {
    this.#at = [...this.#at.slice(1 - KEPT), mono];
    this.#last = { code, context };
  }

  within(mono: number): number {
    if (this.#at.length === 0) return 0;
    this.#at = this.#at.filter((at) => mono - at <= this.#withinMs);
    return this.#at.length;
  }

  of() {
    return { since: this.#at[0] ?? 0, ...this.#last };
  }
}
