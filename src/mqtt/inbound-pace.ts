/** How fast messages are read from a connection: every other wire has its turn, and no more are under way than may be. */
import { setImmediate } from "node:timers/promises";

/** Time spent on received messages in one turn of the event loop. */
const TURN_MS = 5;
/** Messages handled in one turn: the work that each begins goes on after the turn, and need not all run at once. */
const TURN_MESSAGES = 16;

export class InboundPace {
  readonly #underWayMost: number;
  /** When the present turn of the event loop met its first message; null: it met none yet. */
  #turnBegan: number | null = null;
  #inTurn = 0;
  #underWay = 0;
  /** Reads on; held back while too many are under way. */
  #held: (() => void) | null = null;

  constructor(underWayMost = Number.POSITIVE_INFINITY) {
    this.#underWayMost = underWayMost;
  }

  /** A message was taken, and is under way until `done`; `next` reads the one behind it, in its time. */
  take(done: Promise<unknown>, next: () => void): void {
    this.#underWay += 1;
    void done.finally(() => this.#oneLess());
    if (this.#underWay < this.#underWayMost) this.#goOn(next);
    else this.#held = () => this.#goOn(next);
  }

  #oneLess(): void {
    this.#underWay -= 1;
    const goOn = this.#held;
    this.#held = null;
    goOn?.();
  }

  /** One read of a socket may bring thousands of messages: after a few milliseconds of work the event loop goes on to everything else. */
  #goOn(next: () => void): void {
    const now = performance.now();
    if (this.#turnBegan === null) {
      this.#turnBegan = now;
      this.#inTurn = 0;
      void setImmediate().then(() => {
        this.#turnBegan = null;
      });
    }
    this.#inTurn += 1;
    if (this.#inTurn < TURN_MESSAGES && now - this.#turnBegan < TURN_MS) next();
    else void setImmediate().then(next);
  }
}
