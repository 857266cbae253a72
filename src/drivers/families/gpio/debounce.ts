/** Finds the settled changes of a contact among its edges, and says when it chatters; pure. */

export interface Change {
  readonly level: 0 | 1;
  readonly mono: number;
  /** The contact does not come to rest: `level` is the last one that did. */
  readonly chatter: boolean;
}

/** Restless for this long, or for twenty debounce times, is chatter. */
const CHATTER_MS = 1000;
const CHATTER_TIMES = 20;

/**
 * A level counts once it has stood for `debounceMs`. Its time is its edge's, not that of the decision. Once one was told, the next is told
 * `atMostEveryMs` later at the earliest: the state by then, if it is another one.
 */
export class Debouncer {
  /** Raw edges seen. */
  edges = 0;
  readonly #debounceMs: number;
  readonly #atMostEveryMs: number;
  readonly #chatterMs: number;
  #raw: 0 | 1 | null = null;
  #since = 0;
  #settled: 0 | 1 = 0;
  #restlessSince: number | null = null;
  #chattering = false;
  /** What was told last, and when that was decided. */
  #told: { readonly level: 0 | 1; readonly at: number } = { level: 0, at: Number.NEGATIVE_INFINITY };
  /** Since when another level than the told one has settled, without being told yet. */
  #held: number | null = null;

  constructor(debounceMs: number, atMostEveryMs = 0) {
    this.#debounceMs = debounceMs;
    this.#atMostEveryMs = atMostEveryMs;
    this.#chatterMs = Math.max(CHATTER_MS, CHATTER_TIMES * debounceMs);
  }

  /**
   * The first level counts at once, because it stood before the line was opened. The level before an edge surely stood until `notBefore`; after that
   * nobody knows.
   */
  edge(level: 0 | 1, mono: number, notBefore = mono): readonly Change[] {
    if (this.#raw === null) {
      this.#raw = level;
      this.#settled = level;
      this.#since = mono;
      this.#told = { level, at: mono };
      return [{ level, mono, chatter: false }];
    }
    const before = this.tick(notBefore);
    if (level === this.#raw) return before;
    this.edges += 1;
    this.#raw = level;
    this.#since = mono;
    this.#restlessSince ??= mono;
    return this.#debounceMs === 0 ? [...before, ...this.tick(mono)] : before;
  }

  /** What time alone decides. */
  tick(now: number): readonly Change[] {
    if (this.#raw === null) return [];
    const changes: Change[] = [];
    if (this.#restlessSince !== null && now - this.#since >= this.#debounceMs) {
      const wasChattering = this.#chattering;
      this.#settled = this.#raw;
      this.#restlessSince = null;
      this.#chattering = false;
      if (this.#settled === this.#told.level) this.#held = null;
      else this.#held ??= this.#since;
      if (wasChattering && this.#held === null) changes.push({ level: this.#settled, mono: this.#since, chatter: false });
    }
    if (this.#held !== null && this.#restlessSince === null && now >= this.#mayTellAt) {
      changes.push({ level: this.#settled, mono: this.#held, chatter: false });
      this.#told = { level: this.#settled, at: Math.max(this.#since + this.#debounceMs, this.#mayTellAt) };
      this.#held = null;
    }
    if (this.#restlessSince === null || this.#chattering || now - this.#restlessSince < this.#chatterMs) return changes;
    this.#chattering = true;
    return [...changes, { level: this.#told.level, mono: now, chatter: true }];
  }

  get #mayTellAt(): number {
    return this.#told.at + this.#atMostEveryMs;
  }

  /** When `tick` may next have something to say. */
  get due(): number | null {
    if (this.#restlessSince === null) return this.#held === null ? null : this.#mayTellAt;
    const settles = this.#since + this.#debounceMs;
    return this.#chattering ? settles : Math.min(settles, this.#restlessSince + this.#chatterMs);
  }

  /** The state to repeat as a sign of life; null while it is being decided. */
  now(mono: number): Change | null {
    if (this.#raw === null || this.#held !== null || (this.#restlessSince !== null && !this.#chattering)) return null;
    return { level: this.#settled, mono, chatter: this.#chattering };
  }
}
