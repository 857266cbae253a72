/** Does one piece of work to its end before the next: what comes meanwhile waits, so that no step runs in another. */
export class RunToCompletion {
  /** The work under way, and behind it what came meanwhile. */
  readonly #waiting: (() => void)[] = [];
  readonly #after: () => void;
  #isBusy = false;

  /** `after`: what belongs to the end of each piece. */
  constructor(after: () => void) {
    this.#after = after;
  }

  run(work: () => void): void {
    this.#waiting.push(work);
    if (!this.#isBusy) this.#work();
  }

  /** All work waits until `slow` is over; then comes `next`, whatever became of it, and then what waited. */
  async holdFor(slow: () => Promise<void>, ...next: readonly (() => void)[]): Promise<void> {
    this.#isBusy = true;
    try {
      await slow();
    } finally {
      this.#waiting.unshift(...next);
      this.#work();
    }
  }

  #work(): void {
    this.#isBusy = true;
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        next();
        this.#after();
        this.#waiting.shift();
      }
    } finally {
      this.#waiting.length = 0;
      this.#isBusy = false;
    }
  }
}
