/** Learns how often a light flashes, and says when it does so no longer: blinking, steady or dark; pure. */

export type RhythmWord = "blinking" | "steady" | "dark" | "flicker";

/** So many flashes are a rhythm: one may be a torch, or the sun through a leaf. */
const FLASHES = 3;
/** The rhythm is known by so many intervals, and remembered by the last few of them. */
const LEARNED = 4;
const REMEMBERED = 8;
/** The longest of them may be missed so often. */
const MISSED = 3;
const LEAST_WAIT_MS = 2000;
/** Faster than anybody sees: a lamp on the mains shines into the sensor. */
const FLICKER_MS = 100;

export class Rhythm {
  readonly #longestMs: number;
  #isOn: boolean | null = null;
  #since = 0;
  #flashAt: number | null = null;
  #intervals: number[] = [];

  /** `longestMs`: how long it may be dark, or steady, while its rhythm is not known, and at most. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  level(isOn: boolean, mono: number): void {
    if (isOn === this.#isOn) return;
    const isFlash = isOn && this.#isOn !== null;
    const isBroken = this.#isOn !== null && mono - this.#since >= this.waitMs;
    if (isBroken) {
      // What it was before is no measure of what it is now.
      this.#intervals = [];
      this.#flashAt = null;
    }
    this.#isOn = isOn;
    this.#since = mono;
    if (!isFlash) return;
    if (this.#flashAt !== null) this.#intervals = [...this.#intervals.slice(1 - REMEMBERED), mono - this.#flashAt];
    this.#flashAt = mono;
  }

  /** Null: not known yet. */
  word(now: number): RhythmWord | null {
    if (this.#isOn === null) return null;
    if (now - this.#since >= this.waitMs) return this.#isOn ? "steady" : "dark";
    if (this.#intervals.length < FLASHES - 1) return null;
    return this.#isLearned && Math.max(...this.#intervals) < FLICKER_MS ? "flicker" : "blinking";
  }

  /** The longest time between two flashes lately, ms; null: not known yet. */
  get periodMs(): number | null {
    return this.#isLearned ? Math.max(...this.#intervals) : null;
  }

  /** So long without a change, and it does not blink. */
  get waitMs(): number {
    const period = this.periodMs;
    return period === null ? this.#longestMs : Math.min(this.#longestMs, Math.max(LEAST_WAIT_MS, MISSED * period));
  }

  get #isLearned(): boolean {
    return this.#intervals.length >= LEARNED;
  }
}
