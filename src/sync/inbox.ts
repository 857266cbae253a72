/** Reads what the platform sends: acknowledgements go to tracker and store, all else goes on untouched. */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { backoff } from "../kit/loop/backoff.ts";
import { keepTrying } from "../kit/loop/keep-trying.ts";
import { AnyOf, broadcast } from "../kit/loop/signals.ts";
import { Mutex } from "../kit/mutex.ts";
import type { Mark } from "../model/index.ts";
import type { AfterAck } from "../mqtt/ack-order.ts";
import type { Incoming } from "../mqtt/link.ts";
import type { CommandGate } from "./command-gate.ts";
import { readAck } from "./contract/down.ts";
import type { Commands, Lists, Outbox, Updates } from "./outbox.ts";
import type { DeliveryTracker } from "./publish/delivery-tracker.ts";
import type { ResultPublisher } from "./publish/result-publisher.ts";
import type { Topics } from "./topics.ts";

const LISTS = "lists/";

export interface InboxOptions {
  readonly topics: Topics;
  readonly outbox: Outbox;
  readonly commands: Commands;
  readonly lists: Lists | undefined;
  readonly updates: Updates | undefined;
  readonly tracker: DeliveryTracker;
  readonly results: ResultPublisher;
  readonly gate: CommandGate;
  readonly clock: Clock;
  readonly log: Log;
  /** The platform acknowledged what is stored here. */
  heard(): void;
  /** What the platform holds, or asks for again, has changed. */
  changed(): void;
}

export class Inbox {
  readonly #o: InboxOptions;
  readonly #mutex = new Mutex();

  constructor(options: InboxOptions) {
    this.#o = options;
  }

  /** Resolves when the message may be acknowledged to the broker, with what is to be done after that; rejects when it must come again. */
  async receive(message: Incoming, over: AbortSignal): Promise<AfterAck | undefined> {
    const name = this.#o.topics.nameOf(message.topic);
    if (name === "commands") return this.#command(message, over);
    if (name?.startsWith(LISTS)) await this.#list(name.slice(LISTS.length), message, over);
    else if (name === "update" && this.#o.updates) await this.#o.updates.receive(message.payload);
    else if (name === "ack") await this.#inTurn(() => this.#acknowledged(message));
    else this.#o.log.debug("sync.ignored", { topic: message.topic, bytes: message.payload.length });
    return undefined;
  }

  /** The broker keeps it until it is stored, however long the disk is full. */
  async #list(list: string, { payload }: Incoming, over: AbortSignal): Promise<void> {
    const { lists, log } = this.#o;
    if (lists === undefined) return;
    const stored = broadcast();
    using either = new AnyOf(over, stored.signal);
    const store = () => lists.receive(list, payload).then(() => stored.abort());
    await keepTrying("sync.list", store, { log, stop: either.signal, waitMs: backoff(1000, 60_000) });
    if (!stored.signal.aborted) over.throwIfAborted();
  }

  /** One at a time, with a turn of the event loop between two: each may take milliseconds, and many may come at once. */
  #inTurn(work: () => void): Promise<void> {
    return this.#mutex.run(() => setImmediate().then(work));
  }

  /** Never throws: what fails here must be acknowledged to the broker too, or it would come again for ever. */
  #acknowledged(message: Incoming): void {
    try {
      this.#ack(message);
    } catch (error) {
      // Our own fault, not the platform's: no event says that it was refused.
      this.#o.log.error("sync.ack-failed", { code: "internal", cause: error });
    }
  }

  #ack({ payload, retained }: Incoming): void {
    const { outbox, tracker, clock } = this.#o;
    const message = readAck(parsed(payload));
    // A retained acknowledgement is old by definition.
    if (retained || message === null) {
      outbox.note("sync.ack-refused", { reason: retained ? "retained" : "malformed" });
      return;
    }
    if (message.wrong > 0) outbox.note("sync.ack-refused", { reason: "malformed", entries: message.wrong });
    tracker.refresh(outbox.streams());
    const marks: Mark[] = [];
    for (const ack of message.entries) {
      const { epoch, stream, upTo } = ack;
      const mark = tracker.acknowledge(ack, clock.mono());
      // An epoch that was wholly acknowledged long ago has no numbers left to check or mark.
      const old = epoch !== outbox.epoch.id && outbox.knows?.(epoch) === true;
      if (mark !== null) marks.push(mark);
      else if (!old) outbox.note("sync.ack-refused", { epoch, stream, upTo, head: tracker.head(epoch, stream) });
    }
    if (marks.length > 0) {
      outbox.acknowledge(marks);
      this.#o.heard();
    }
    this.#o.changed();
  }

  /** The broker gets its PUBACK before the requester gets an answer: an answer that ends the link must not bring the command again. */
  #command(message: Incoming, over: AbortSignal): Promise<AfterAck> {
    const { results, commands, gate } = this.#o;
    return gate.pass(async () => {
      const body = parsed(message.payload);
      const acknowledged = results.expect(body, message);
      await commands.receive({ body, retained: message.retained, origin: "platform" });
      return acknowledged;
    }, over);
  }
}

/** What comes down is plain JSON, never compressed. Anything else is handed on as text, for whoever checks it to refuse. */
function parsed(payload: Uint8Array): unknown {
  const text = Buffer.from(payload).toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
