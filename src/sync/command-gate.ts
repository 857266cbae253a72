/** Holds commands back while nothing can be stored; they are judged when the store writes again. */
import { EdgeError } from "../kit/errors.ts";
import type { Notifier } from "./notifier.ts";
import type { Outbox } from "./outbox.ts";

/** While nothing can be stored, so many wait; those beyond come again with the next connection. */
const MOST_WAITING = 16;
/** At any time: more than a broker may have under way. */
const MOST = 64;
const LOOK_MS = 1000;

export interface CommandGateOptions {
  readonly outbox: Pick<Outbox, "writable">;
  /** Rings when something was stored. */
  readonly notifier: Notifier;
  /** The store writes, and some were turned away: only a new connection brings them again. */
  again(): void;
}

export class CommandGate {
  readonly #o: CommandGateOptions;
  #count = 0;
  #turnedAway = false;

  constructor(options: CommandGateOptions) {
    this.#o = options;
  }

  /** What `work` answers, begun when the store writes. Rejects when there is no place, or when `over` comes first: nobody waits for it then. */
  async pass<T>(work: () => Promise<T>, over: AbortSignal): Promise<T> {
    const { outbox, notifier } = this.#o;
    if (this.#count >= (outbox.writable === false ? MOST_WAITING : MOST)) {
      this.#turnedAway = true;
      throw new EdgeError("store.unwritable", { waiting: this.#count });
    }
    this.#count += 1;
    try {
      while (outbox.writable === false && !over.aborted) await notifier.wait(LOOK_MS, over);
      over.throwIfAborted();
      return await unless(over, work());
    } finally {
      this.#count -= 1;
      this.#lookForOthers(over);
    }
  }

  #lookForOthers(over: AbortSignal): void {
    if (!this.#turnedAway || this.#count > 0) return;
    this.#turnedAway = false;
    if (!over.aborted) this.#o.again();
  }
}

function unless<T>(over: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const away = (): void => reject(over.reason);
    over.addEventListener("abort", away, { once: true });
    work.then(resolve, reject).finally(() => over.removeEventListener("abort", away));
  });
}
