/** Holds commands back while nothing can be stored; they are judged when the store writes again. */
import { EdgeError } from "../kit/errors.ts";
import type { Notifier } from "./notifier.ts";
import type { Outbox } from "./outbox.ts";

/** Commands that may wait while nothing can be stored; the broker sends those beyond again at the next connection. */
const MOST_WAITING = 16;
/** Commands that may wait or run at any time; a broker may have fewer in flight. */
const MOST = 64;
const LOOK_MS = 1000;

export interface CommandGateOptions {
  readonly outbox: Pick<Outbox, "writable">;
  /** Notified when something was stored. */
  readonly notifier: Notifier;
  /** The store writes again and some commands were turned away: asks for a new connection, which alone brings them again. */
  again(): void;
}

export class CommandGate {
  readonly #o: CommandGateOptions;
  #count = 0;
  #turnedAway = false;

  constructor(options: CommandGateOptions) {
    this.#o = options;
  }

  /** Begins `work` when the store can be written. Rejects when too many wait, or when `over` (the end of the link) comes first. */
  async pass<T>(work: () => Promise<T>, over: AbortSignal): Promise<T> {
    const { outbox, notifier } = this.#o;
    if (this.#count >= (outbox.writable === false ? MOST_WAITING : MOST)) {
      this.#turnedAway = true;
      throw new EdgeError("store.unwritable", {
        reason: { it: `${this.#count} comandi già in attesa`, en: `${this.#count} commands already wait for it` },
      });
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
