/** Sends what was just committed, and leaves to history what cannot leave in time (CT-U3, CT-U5). */
import type { Clock } from "../../kit/clock.ts";
import type { Segment } from "../../model/index.ts";
import type { BatchPublisher } from "./batch-publisher.ts";
import type { DeliveryTracker } from "./delivery-tracker.ts";

/** What is older than this goes as history (CT-U3). */
const LIVE_MS = 10_000;
/** Bytes that may wait in memory for the cadence or a slow link; beyond it the oldest are left to history, which reads the store. */
const MOST_BYTES = 256 * 1024;
/** From so many bytes on it sends at once: full messages gain nothing by waiting for the cadence. */
const FULL_BYTES = 64 * 1024;
const MOST_EVENTS = 256;

export interface LivePublisherOptions {
  readonly batches: BatchPublisher;
  readonly tracker: DeliveryTracker;
  readonly clock: Clock;
  readonly everyMs: number;
  barred(stream: Segment["stream"]): boolean;
}

export class LivePublisher {
  readonly #o: LivePublisherOptions;
  #open = false;
  #closed = false;
  /** Committed on this connection and not yet sent. */
  #readings: Segment[] = [];
  #early: Segment[] = [];
  #bytes = 0;
  #events = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sending = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LivePublisherOptions) {
    this.#o = options;
  }

  offer(segments: readonly Segment[]): void {
    if (this.#closed) return;
    for (const segment of segments) {
      if (this.#o.barred(segment.stream)) continue;
      this.#o.tracker.take(segment.epoch, segment.stream, [segment.from, segment.to]);
      if (segment.stream === "readings") this.#queue(segment);
      else if (this.#open) this.#event(segment);
      else this.#wait(segment);
    }
    if (this.#open) this.#schedule();
  }

  /** The broker has `state` and `alarms`: live messages may go. */
  open(): void {
    this.#open = true;
    for (const segment of this.#early.splice(0)) this.#event(segment);
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const segment of [...this.#readings.splice(0), ...this.#early.splice(0)]) this.#release(segment);
  }

  #queue(segment: Segment): void {
    this.#readings.push(segment);
    this.#bytes += segment.body.length;
    while (this.#bytes > MOST_BYTES && this.#readings.length > 1) {
      const oldest = this.#readings.shift();
      if (oldest === undefined) return;
      this.#bytes -= oldest.body.length;
      this.#release(oldest);
    }
  }

  /** Bounds what waits while a slow broker takes the greeting: what is dropped from memory is still in the store. */
  #wait(segment: Segment): void {
    this.#early.push(segment);
    const oldest = this.#early.length > MOST_EVENTS ? this.#early.shift() : undefined;
    if (oldest !== undefined) this.#release(oldest);
  }

  #event(segment: Segment): void {
    if (this.#events >= MOST_EVENTS) {
      this.#release(segment);
      return;
    }
    this.#events += 1;
    const sending = [...this.#o.batches.pack("live", [segment])].map((load) =>
      this.#o.batches.deliver(load, () => this.#young(segment, LIVE_MS)),
    );
    void Promise.all(sending).then(() => {
      this.#events -= 1;
    });
  }

  #schedule(): void {
    if (this.#sending || this.#readings.length === 0 || this.#closed) return;
    if (this.#bytes >= FULL_BYTES) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return void this.#send();
    }
    if (this.#timer !== undefined) return;
    const wait = this.#sentAt + this.#o.everyMs - this.#o.clock.mono();
    if (wait <= 0) return void this.#send();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, wait);
  }

  /** All that waited leaves together, one message behind the other. */
  async #send(): Promise<void> {
    this.#sending = true;
    this.#sentAt = this.#o.clock.mono();
    const limit = Math.max(LIVE_MS, 2 * this.#o.everyMs);
    const waiting = this.#readings.splice(0);
    this.#bytes = 0;
    const young: Segment[] = [];
    for (const segment of waiting)
      if (this.#young(segment, limit)) young.push(segment);
      else this.#release(segment);
    const loads = [...this.#o.batches.pack("live", young)];
    await Promise.all(loads.map((load) => this.#o.batches.deliver(load, () => young.some((s) => this.#young(s, limit)))));
    this.#sending = false;
    this.#schedule();
  }

  #young(segment: Segment, limit: number): boolean {
    return segment.mono !== null && this.#o.clock.mono() - segment.mono <= limit;
  }

  #release({ epoch, stream, from, to }: Segment): void {
    this.#o.tracker.release(epoch, stream, [from, to]);
  }
}
