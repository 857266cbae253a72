/** Knows a message again that the broker sends a second time because an acknowledgement did not reach it. */
import { createHash } from "node:crypto";
import type { Incoming } from "../../../mqtt/link.ts";

/** More than may be under way at once. */
const REMEMBERED = 256;

interface Taken {
  readonly print: string;
  readonly work: Promise<void>;
}

/** Of one session. A broker repeats a message under the same identifier and with the DUP flag; without the flag the identifier belongs to a new message. */
export class RecentMessages {
  readonly #byId = new Map<number, Taken>();

  /** What became of the message when it came the first time; undefined: it did not, or it will be told anew. */
  repeatOf(message: Incoming): Promise<void> | undefined {
    const { again, id } = message;
    const taken = again && id !== undefined ? this.#byId.get(id) : undefined;
    return taken?.print === printOf(message) ? taken.work : undefined;
  }

  /** `work` rejects when the message was not taken: then it may come again as if for the first time. */
  took(message: Incoming, work: Promise<void>): void {
    const { id } = message;
    if (id === undefined) return;
    const taken = { print: printOf(message), work };
    this.#byId.delete(id);
    this.#byId.set(id, taken);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > REMEMBERED && oldest !== undefined) this.#byId.delete(oldest);
    work.catch(() => {
      if (this.#byId.get(id) === taken) this.#byId.delete(id);
    });
  }

  /** The broker has no memory of a session: its identifiers begin anew. */
  forget(): void {
    this.#byId.clear();
  }
}

const printOf = ({ topic, payload }: Incoming): string =>
  createHash("sha1").update(topic).update("\0").update(payload).digest("base64");
