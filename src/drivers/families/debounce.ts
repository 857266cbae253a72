/** Edges of a contact with their times go in; settled changes, each at the time of its edge, and word of chatter come out. Pure. */

export interface Change {
  readonly level: 0 | 1;
  readonly mono: number;
  /** The contact does not come to rest: `level` is the last one that did. */
  readonly chatter: boolean;
}

/** Restless for this long, or for twenty debounce times, is chatter. */
const CHATTER_MS = 1000;
const CHATTER_TIMES = 20;

/** A level counts once it has stood for `debounceMs`. Its time is its edge's, not that of the decision. */
export class Debouncer {
  /** Raw edges seen. */
  edges = 0;
  readonly #debounceMs: number;
  readonly #chatterMs: number;
  #raw: 0 | 1 | null = null;
  #since = 0;
  #settled: 0 | 1 = 0;
  #restlessSince: number | null = null;
  #chattering = false;

  constructor(debounceMs: number) {
    this.#debounceMs = debounceMs;
    this.#chatterMs = Math.max(CHATTER_MS, CHATTER_TIMES * debounceMs);
  }

  /** The first level counts at once: it stood before anybody looked. */
  edge(level: 0 | 1, mono: number): readonly Change[] {
    if (this.#raw === null) {
      this.#raw = level;
      this.#settled = level;
      this.#since = mono;
      return [{ level, mono, chatter: false }];
    }
    const before = this.tick(mono);
    if (level === this.#raw) return before;
    this.edges += 1;
    this.#raw = level;
    this.#since = mono;
    this.#restlessSince ??= mono;
    return this.#debounceMs === 0 ? [...before, ...this.tick(mono)] : before;
  }

  /** What time alone decides. */
  tick(now: number): readonly Change[] {
    if (this.#raw === null || this.#restlessSince === null) return [];
    if (now - this.#since >= this.#debounceMs) {
      const changed = this.#raw !== this.#settled || this.#chattering;
      this.#settled = this.#raw;
      this.#restlessSince = null;
      this.#chattering = false;
      return changed ? [{ level: this.#settled, mono: this.#since, chatter: false }] : [];
    }
    if (this.#chattering || now - this.#restlessSince < this.#chatterMs) return [];
    this.#chattering = true;
    return [{ level: this.#settled, mono: now, chatter: true }];
  }

  /** When `tick` may next have something to say. */
  get due(): number | null {
    if (this.#restlessSince === null) return null;
    const settles = this.#since + this.#debounceMs;
    return this.#chattering ? settles : Math.min(settles, this.#restlessSince + this.#chatterMs);
  }

  /** The state to repeat as a sign of life; null while it is being decided. */
  now(mono: number): Change | null {
    if (this.#raw === null || (this.#restlessSince !== null && !this.#chattering)) return null;
    return { level: this.#settled, mono, chatter: this.#chattering };
  }
}
