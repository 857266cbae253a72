/** Acknowledges messages in the order in which they came, without letting a slow one hold up the others. */

/** What is to be done once the PUBACK has left. */
export type AfterAck = () => void;

interface PendingAck {
  /** Undefined: still being worked on. */
  done?: AfterAck;
}

export class AckOrder {
  readonly #lateMs: number;
  /** In the order of arrival (MQTT 5 § 4.6 wants the PUBACKs so); the late ones are not among them. */
  readonly #order = new Set<PendingAck>();

  /** `lateMs`: a message that takes longer loses its place, so that the acknowledgements behind it can leave. */
  constructor(lateMs: number) {
    this.#lateMs = lateMs;
  }

  /** `acknowledge` is called when `work` has resolved and it is its turn; never when it rejects: then the message comes again with the next connection. */
  async take(work: Promise<AfterAck | undefined>, acknowledge: () => unknown): Promise<void> {
    const pending: PendingAck = {};
    this.#order.add(pending);
    const late = setTimeout(() => this.#leave(pending), this.#lateMs);
    try {
      const after = await work;
      pending.done = () => {
        acknowledge();
        after?.();
      };
      if (this.#order.has(pending)) this.#advance();
      else pending.done();
    } catch {
      this.#leave(pending);
    } finally {
      clearTimeout(late);
    }
  }

  #leave(pending: PendingAck): void {
    if (this.#order.delete(pending)) this.#advance();
  }

  #advance(): void {
    for (const pending of this.#order) {
      if (pending.done === undefined) return;
      this.#order.delete(pending);
      pending.done();
    }
  }
}
