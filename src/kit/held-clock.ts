/** Keeps time by the machine's crystal alone when the time server is lost, and says for how long it has. */
import type { Now } from "../model/index.ts";
import { type Clock, driftMs } from "./clock.ts";

/** Hours, schedules, expiries and signatures go on until the time may be wrong by this much (contract, Time). */
const TRUST_MS = 60_000;

/** Whether they may still go on, `heldMs` after the last contact. */
export const isTrusted = (heldMs: number): boolean => driftMs(heldMs) < TRUST_MS;

/** The last contact with a time server: wall − mono, and when it was. */
export interface Contact {
  readonly offset: number;
  readonly mono: number;
}

/** `synced` of its moments says that the time can be trusted; `clockOf` what records carry. */
export class HeldClock implements Clock {
  readonly #source: Clock;
  #last: Contact | null;

  /** `last`: what a former run of this boot knew. */
  constructor(source: Clock, last: Contact | null = null) {
    this.#source = source;
    this.#last = last;
  }

  get boot(): string {
    return this.#source.boot;
  }

  mono(): number {
    return this.#source.mono();
  }

  now(): Now {
    const { mono, wall, synced } = this.#source.now();
    if (synced) {
      this.#last = { offset: wall - mono, mono };
      return { mono, wall, synced, heldMs: 0 };
    }
    if (this.#last === null) return { mono, wall, synced, heldMs: Number.POSITIVE_INFINITY };
    const heldMs = mono - this.#last.mono;
    // Steps of the system clock are ignored meanwhile: no time server vouches for them.
    return { mono, wall: mono + this.#last.offset, synced: isTrusted(heldMs), heldMs };
  }
}
