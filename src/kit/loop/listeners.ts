/** Calls registered functions with each piece of news; one that throws is logged and does not affect the others. */
import { asEdgeError } from "../errors.ts";
import type { Log } from "../log.ts";

export class Listeners<T> {
  readonly #of: string;
  readonly #log: Log;
  readonly #all = new Set<(value: T) => void>();

  /** `of`: what they listen to, for the log. */
  constructor(of: string, log: Log) {
    this.#of = of;
    this.#log = log;
  }

  /** Returns a function that removes it. */
  add(listener: (value: T) => void): () => void {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  }

  /** Never throws: the caller has work of its own to finish. */
  tell(value: T): void {
    for (const listener of this.#all) {
      try {
        listener(value);
      } catch (raw) {
        const { code, context } = asEdgeError(raw);
        this.#log.error("listener.failed", { listener: this.#of, code, ...context, cause: raw });
      }
    }
  }
}
