/** Messages from `down/` go in; acknowledgements reach book and store, commands reach the house untouched, and answers go back to whoever asked. */
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { CommandResult } from "../model.ts";
import { ackMessage } from "./contract/down.ts";
import type { Book } from "./drain/book.ts";
import type { Post } from "./link/post.ts";
import type { Incoming } from "./mqtt.ts";
import type { Commands, Outbox } from "./outbox.ts";
import type { Topics } from "./topics.ts";

/** Where answers go is remembered for this many commands; an older one is answered on `results`. */
const MOST_RETURNS = 1000;

export interface InboxOptions {
  readonly topics: Topics;
  readonly outbox: Outbox;
  readonly commands: Commands;
  readonly book: Book;
  readonly clock: Clock;
  readonly log: Log;
  /** The marks or the wishes of the platform changed. */
  changed(): void;
}

interface Return {
  readonly topic: string;
  readonly correlation?: Uint8Array;
}

export class Inbox {
  readonly #o: InboxOptions;
  readonly #returns = new Map<string, Return>();

  constructor(options: InboxOptions) {
    this.#o = options;
  }

  /** Resolves when the message may be acknowledged to the broker; rejects when it must come again. */
  async receive(message: Incoming): Promise<void> {
    const name = this.#o.topics.nameOf(message.topic);
    if (name === "ack") this.#acknowledged(message);
    else if (name === "commands") await this.#command(message);
    else this.#o.log.debug("sync.ignored", { topic: message.topic, bytes: message.payload.length });
  }

  /** An answer is not kept for a broken link: the command's event is the record. */
  async answer(result: CommandResult, post: Post | null): Promise<void> {
    const back = this.#returns.get(result.id) ?? { topic: this.#o.topics.up("results") };
    this.#returns.delete(result.id);
    const { correlation } = back;
    try {
      await post?.send(
        "retained",
        back.topic,
        () => JSON.stringify({ v: 1, ...result }),
        correlation === undefined ? {} : { correlation },
      );
    } catch (error) {
      this.#o.log.debug("sync.undelivered", { topic: back.topic, cause: error });
    }
  }

  /** What cannot be understood must not come again: it is acknowledged to the broker whatever it does here. */
  #acknowledged(message: Incoming): void {
    try {
      this.#ack(message);
    } catch (error) {
      this.#o.log.warn("sync.ack-failed", { code: "sync.ack-refused", cause: error });
      this.#o.outbox.note("sync.ack-refused", { reason: "failed" });
    }
  }

  #ack({ payload, retained }: Incoming): void {
    const { outbox, book, clock } = this.#o;
    const message = ackMessage.safeParse(parsed(payload));
    // A retained one is stale by nature.
    if (retained || !message.success) {
      outbox.note("sync.ack-refused", { reason: retained ? "retained" : "malformed" });
      return;
    }
    book.refresh(outbox.streams());
    for (const ack of message.data.acks) {
      const { epoch, stream, upTo } = ack;
      const mark = book.acknowledge(ack, clock.mono());
      // Of an early epoch, proved long ago, nothing is left to be checked or marked.
      const old = epoch !== outbox.epoch.id && outbox.knows?.(epoch) === true;
      if (mark !== null) outbox.acknowledge([mark]);
      else if (!old) outbox.note("sync.ack-refused", { epoch, stream, upTo, head: book.head(epoch, stream) });
    }
    this.#o.changed();
  }

  async #command({ payload, retained, responseTopic, correlation }: Incoming): Promise<void> {
    const body = parsed(payload);
    const id = typeof body === "object" && body !== null && "id" in body ? body.id : null;
    if (typeof id === "string") {
      // A requester is answered inside this gateway's own `up/` or not there at all.
      const own = responseTopic?.startsWith(this.#o.topics.upRoot) === true && !/[+#]/.test(responseTopic);
      const topic = own ? responseTopic : this.#o.topics.up("results");
      this.#returns.set(id, { topic, ...(correlation !== undefined && { correlation }) });
      for (const oldest of this.#returns.keys()) if (this.#returns.size > MOST_RETURNS) this.#returns.delete(oldest);
    }
    await this.#o.commands.receive({ body, retained, origin: "platform" });
  }
}

/** Down is plain JSON, never compressed: nothing grows here. What is no JSON is handed on as text: whoever checks it says so. */
function parsed(payload: Uint8Array): unknown {
  const text = Buffer.from(payload).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
