/** Advertisements go in as they are heard; one listener takes them out in order, and a listener that is slow loses the oldest. */
import type { BleAdvert } from "../../driver.ts";

/** Of a sensor that repeats itself a few are plenty; of a button nobody presses it so fast. */
const HELD = 16;

export class AdvertQueue {
  readonly #held: BleAdvert[] = [];
  readonly #unread: () => void;
  #error: unknown = null;
  #wake: () => void = () => undefined;

  /** `unread`: told of each that is lost. */
  constructor(unread: () => void) {
    this.#unread = unread;
  }

  push(advert: BleAdvert): void {
    this.#held.push(advert);
    if (this.#held.length > HELD) {
      this.#held.shift();
      this.#unread();
    }
    this.#wake();
  }

  fail(error: unknown): void {
    this.#error ??= error;
    this.#wake();
  }

  async *drain(stop: AbortSignal): AsyncGenerator<BleAdvert> {
    while (!stop.aborted) {
      yield* this.#held.splice(0);
      if (this.#error !== null) throw this.#error;
      if (this.#held.length === 0 && !stop.aborted) await this.#more(stop);
    }
  }

  #more(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        stop.removeEventListener("abort", end);
        this.#wake = () => undefined;
        resolve();
      };
      stop.addEventListener("abort", end, { once: true });
      this.#wake = end;
    });
  }
}
