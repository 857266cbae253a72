/** The moment at which the open commit must close: it can only be brought forward, and whoever waits for it is woken. */
import type { Clock } from "../../kit/clock.ts";

export class Deadline {
  /** Kernel monotonic ms; null: nothing waits. */
  at: number | null = null;
  readonly #clock: Pick<Clock, "mono">;
  #wake: () => void = () => {};

  constructor(clock: Pick<Clock, "mono">) {
    this.#clock = clock;
  }

  /** `inMs`: from now. A later moment than the present one changes nothing. */
  within(inMs: number): void {
    const mono = this.#clock.mono() + inMs;
    if (this.at !== null && this.at <= mono) return;
    this.at = mono;
    this.#wake();
  }

  wake(): void {
    this.#wake();
  }

  /** Resolves at the moment, after `mostMs` where there is none, or at `stop`, of which `wake` must tell. */
  async reached(mostMs: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const wait = this.at === null ? mostMs : this.at - this.#clock.mono();
      if (wait <= 0) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, wait);
      });
      clearTimeout(timer);
      if (this.at === null) return;
    }
  }
}
