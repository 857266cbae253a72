/** Sends from the store what is pending, in order and no faster than the configured cap (CT-U3, CT-U5). */
import type { Clock } from "../../kit/clock.ts";
import { pause } from "../../kit/loop/pause.ts";
import type { Range, Segment } from "../../model/index.ts";
import type { Notifier } from "../notifier.ts";
import type { Outbox } from "../outbox.ts";
import type { BatchPublisher } from "./batch-publisher.ts";
import type { DeliveryTracker, PendingRange } from "./delivery-tracker.ts";
import type { Publisher } from "./publisher.ts";

/** Stored bytes of one look into the store. */
const READ_BYTES = 128 * 1024;
/** Messages under way, those in the window included. */
const DELIVERIES_MOST = 4;
/** Looks this often without being notified: a topic that was refused may be open again. */
const LOOK_MS = 1000;

export interface HistoryOptions {
  readonly outbox: Outbox;
  readonly tracker: DeliveryTracker;
  readonly batches: BatchPublisher;
  readonly publisher: Publisher;
  readonly bucket: TokenBucket;
  readonly notifier: Notifier;
}

/** Runs until stopped; rejects when the store cannot be read. */
export async function sendHistory(o: HistoryOptions, stop: AbortSignal): Promise<void> {
  const deliveries = new Set<Promise<void>>();
  /** A message with which links have died is sent later, by itself: others do not wait for it. */
  const aside = new Set<Promise<void>>();
  while (!stop.aborted) {
    o.tracker.refresh(o.outbox.streams());
    const job = o.tracker.next((stream) => o.publisher.barred(o.batches.topic("history", stream)));
    if (job === null) {
      await o.notifier.wait(LOOK_MS, stop);
      continue;
    }
    const segments = await o.outbox.read(job.epoch, job.stream, job.range[0], job.range[1], READ_BYTES);
    // The link has ended: the next one may already be sending these numbers.
    if (stop.aborted) return;
    passOver(o, job, segments);
    for (const load of o.batches.pack("history", segments, job.asked)) {
      if (!stop.aborted) await o.bucket.take(load.body.length, stop);
      const way = o.batches.isSuspect(load) ? aside : deliveries;
      while (way.size >= DELIVERIES_MOST) await Promise.race(way);
      const delivery: Promise<void> = o.batches.deliver(load).then(() => void way.delete(delivery));
      way.add(delivery);
    }
  }
}

/** Numbers that are no longer stored: named by the ledger already, unless the platform asks for them. */
function passOver(
  { tracker, outbox }: HistoryOptions,
  { epoch, stream, range: [from, to], asked }: PendingRange,
  segments: readonly Segment[],
): void {
  const absent: Range[] = [];
  let next = from;
  for (const segment of segments) {
    if (segment.from > next) absent.push([next, segment.from - 1]);
    next = Math.max(next, segment.to + 1);
  }
  // The read ended at its limit of bytes: numbers behind it may well be stored.
  if (segments.length === 0) absent.push([from, to]);
  for (const range of absent) {
    tracker.take(epoch, stream, range);
    tracker.settle(epoch, stream, range);
    if (asked)
      for (const gone of tracker.expire(epoch, stream, range)) outbox.giveUp(epoch, stream, gone, "expired", "asked for again");
  }
}

/** Lets `bytesPerSecond` pass, one second of it at once; null: everything. */
export class TokenBucket {
  readonly #rate: number | null;
  readonly #clock: Clock;
  #level: number;
  #at: number;

  constructor(bytesPerSecond: number | null, clock: Clock) {
    this.#rate = bytesPerSecond;
    this.#clock = clock;
    this.#level = bytesPerSecond ?? 0;
    this.#at = clock.mono();
  }

  /** Resolves when these bytes may go. A message larger than a second's worth goes when the bucket is full, and is paid off after. */
  async take(bytes: number, stop: AbortSignal): Promise<void> {
    const rate = this.#rate;
    if (rate === null) return;
    this.#fill(rate);
    const missing = Math.min(bytes, rate) - this.#level;
    if (missing > 0) {
      await pause((missing * 1000) / rate, stop);
      this.#fill(rate);
    }
    this.#level -= bytes;
  }

  #fill(rate: number): void {
    const now = this.#clock.mono();
    this.#level = Math.min(rate, this.#level + ((now - this.#at) * rate) / 1000);
    this.#at = now;
  }
}
