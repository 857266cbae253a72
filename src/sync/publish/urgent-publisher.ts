/** Sends a copy of each urgent event ahead of everything, until the broker acknowledged it (CT-U9). */
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { EdgeEvent } from "../../model/index.ts";
import type { Outbox } from "../outbox.ts";
import type { Subject } from "./poison-detector.ts";
import type { Publisher } from "./publisher.ts";

/** A copy older than this carries `late`. */
const LATE_MS = 10_000;
/** Most copies in flight; further ones stay flagged in the store and are read when these are done. */
const MOST = 1000;

export interface UrgentPublisherOptions {
  readonly publisher: Publisher;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly topic: string;
  readonly log: Log;
  /** Events that no connection could hand to the broker yet; one that the broker takes is removed. */
  readonly unstored: Map<string, EdgeEvent>;
}

export class UrgentPublisher {
  readonly #o: UrgentPublisherOptions;
  readonly #sending = new Set<string>();
  #more = false;

  constructor(options: UrgentPublisherOptions) {
    this.#o = options;
  }

  /** Offers the copies that an earlier connection or run could not send. A store that cannot be read must not end the greeting. */
  async pending(): Promise<void> {
    this.#more = false;
    try {
      this.offer(await this.#o.outbox.urgentPending());
    } catch (error) {
      this.#o.log.warn("sync.urgent-unread", { cause: error });
    }
  }

  offer(events: readonly EdgeEvent[]): void {
    for (const event of events) {
      const epoch = epochOf(event, this.#o.outbox);
      const key = `${epoch}/${event.seq}`;
      if (this.#sending.has(key)) continue;
      if (this.#sending.size >= MOST) {
        this.#more = true;
        return;
      }
      this.#sending.add(key);
      void this.#send(epoch, event).finally(() => this.#done(key));
    }
  }

  /** The store cannot be written: the alarm is sent without a number, under the id that its record will have. */
  unstored(event: EdgeEvent): void {
    if (this.#sending.has(event.id) || this.#sending.size >= MOST) return;
    this.#sending.add(event.id);
    const { seq: _, ...rest } = event;
    const copy = () => JSON.stringify({ v: 1, epoch: this.#o.outbox.epoch.id, ...rest, seq: null, stored: false });
    void this.#publish(copy, { name: `urgent/${event.id}`, range: [1, 1] }).then((sent) => {
      if (sent) this.#o.unstored.delete(event.id);
      this.#sending.delete(event.id);
    });
  }

  async #send(epoch: string, event: EdgeEvent): Promise<void> {
    const copy = () => JSON.stringify({ v: 1, ...event, epoch, ...(this.#late(epoch, event) && { late: true }) });
    if (await this.#publish(copy, { name: `urgent/${epoch}`, range: [event.seq, event.seq] }))
      this.#o.outbox.sentUrgent({ epoch, seq: event.seq });
  }

  /** False: the link ended first. A refused copy is not tried again: the event still travels in its stream. */
  async #publish(copy: () => string, subject: Subject): Promise<boolean> {
    const { publisher, topic, log } = this.#o;
    try {
      for (;;) {
        const verdict = await publisher.send("urgent", topic, copy, { subject });
        if (verdict === "resting") await publisher.rested(subject, topic);
        else if (verdict !== "later" && verdict !== "unheard") return true;
        else await publisher.reopened(topic);
      }
    } catch (error) {
      log.debug("sync.undelivered", { topic, cause: error });
      return false;
    }
  }

  #done(key: string): void {
    this.#sending.delete(key);
    if (this.#more && this.#sending.size === 0) void this.pending();
  }

  #late(epoch: string, event: EdgeEvent): boolean {
    const { outbox, clock } = this.#o;
    return epoch !== outbox.epoch.id || clock.mono() - (outbox.epoch.opened + event.mono) > LATE_MS;
  }
}

/** An event of an earlier epoch names it. */
const epochOf = (event: EdgeEvent, outbox: Outbox): string =>
  typeof event["epoch"] === "string" ? event["epoch"] : outbox.epoch.id;
