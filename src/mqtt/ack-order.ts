/** Acknowledges messages in the order in which they came, without letting a slow one hold up the others. */

/** What is to be done once the PUBACK has left. */
export type AfterAck = () => void;

interface Turn {
  /** Undefined: still being worked on. */
  done?: AfterAck;
}

export class AckOrder {
  readonly #lateMs: number;
  /** In the order of arrival (MQTT 5 § 4.6 wants the PUBACKs so); the late ones are not among them. */
  readonly #order = new Set<Turn>();

  /** `lateMs`: a message that takes longer loses its place, so that the acknowledgements behind it can leave. */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** `acknowledge` is called when `work` has resolved and it is its turn; never when it rejects: then the message comes again with the next connection. */
  async take(work: Promise<AfterAck | undefined>, acknowledge: () => unknown): Promise<void> {
    const turn: Turn = {};
    this.#order.add(turn);
    const late = setTimeout(() => this.#leave(turn), this.#lateMs);
    try {
      const after = await work;
      turn.done = () => {
        acknowledge();
        after?.();
      };
      if (this.#order.has(turn)) this.#advance();
      else turn.done();
    } catch {
      this.#leave(turn);
    } finally {
      clearTimeout(late);
    }
  }

  #leave(turn: Turn): void {
    if (this.#order.delete(turn)) this.#advance();
  }

  #advance(): void {
    for (const turn of this.#order) {
      if (turn.done === undefined) return;
      this.#order.delete(turn);
      turn.done();
    }
  }
}
