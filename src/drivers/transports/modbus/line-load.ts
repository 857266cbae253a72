/** Measures how much of the last minutes a line was busy; pure. */

export class LineLoad {
  readonly #windowMs: number;
  #from: number;
  #busy = 0;
  #before = { busy: 0, ms: 0 };

  constructor(windowMs: number, now: number) {
    this.#windowMs = windowMs;
    this.#from = now;
  }

  add(busyMs: number, now: number): void {
    this.#roll(now);
    this.#busy += busyMs;
  }

  percent(now: number): number {
    this.#roll(now);
    const ms = this.#before.ms + now - this.#from;
    return ms <= 0 ? 0 : Math.min(100, (100 * (this.#before.busy + this.#busy)) / ms);
  }

  #roll(now: number): void {
    const ms = now - this.#from;
    if (ms < this.#windowMs) return;
    // Nothing was added for a whole window: what came before it is forgotten too.
    this.#before = ms < 2 * this.#windowMs ? { busy: this.#busy, ms } : { busy: 0, ms: this.#windowMs };
    this.#busy = 0;
    this.#from = now;
  }
}
