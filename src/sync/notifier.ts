/** Wakes whoever waits for a change. */

export class Notifier {
  readonly #waiting = new Set<() => void>();

  notify(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next `notify`, after `ms`, or when stopped; never rejects. */
  wait(ms: number, stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        stop.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#waiting.add(wake);
      stop.addEventListener("abort", wake, { once: true });
      if (stop.aborted) wake();
    });
  }
}
