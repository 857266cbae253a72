/** Sends batches of one stream and records what became of each number: sent, refused or pending (CT-U8). */
import type { Log } from "../../kit/log.ts";
import type { Range, Segment, Stream } from "../../model/index.ts";
import type { Outbox } from "../outbox.ts";
import type { Topics } from "../topics.ts";
import { cut, fitting, join, type Piece } from "./batch-body.ts";
import type { DeliveryTracker } from "./delivery-tracker.ts";
import type { Subject } from "./poison-detector.ts";
import type { Publisher, Verdict } from "./publisher.ts";

/** One message: `pieces` in order, of one stream of one epoch. */
export interface BatchMessage {
  readonly epoch: string;
  readonly stream: Stream;
  readonly way: "live" | "history";
  readonly pieces: readonly Piece[];
  readonly body: Uint8Array;
  /** The platform asked for it again. */
  readonly asked: boolean;
}

export interface BatchPublisherOptions {
  readonly publisher: Publisher;
  readonly tracker: DeliveryTracker;
  readonly outbox: Outbox;
  readonly topics: Topics;
  /** Broker mode: a PUBACK with 0x00 is the proof. */
  readonly brokerProves: boolean;
  readonly log: Log;
}

/** Text that one joined message may hold: deflating more at once would stand in an alarm's way. */
const JOINED_BYTES = 128 * 1024;

export class BatchPublisher {
  readonly #o: BatchPublisherOptions;

  constructor(options: BatchPublisherOptions) {
    this.#o = options;
  }

  topic(way: BatchMessage["way"], stream: Stream): string {
    return this.#o.topics.up(way === "live" ? stream : `history/${stream}`);
  }

  /** Marks the segments as taken and makes messages of them, each when it is asked for. */
  *pack(way: BatchMessage["way"], segments: readonly Segment[], asked = false): Generator<BatchMessage> {
    const [first] = segments;
    if (first === undefined) return;
    const { epoch, stream } = first;
    const pieces = segments.map(({ from, to, body }): Piece => ({ range: [from, to], body }));
    for (const { range } of pieces) this.#o.tracker.take(epoch, stream, range);
    const limit = Math.min(JOINED_BYTES, this.#o.publisher.likelyMaxPayload(this.topic(way, stream)));
    for (let at = 0; at < pieces.length; ) {
      const suspect = pieces.findIndex((piece, i) => i > at && this.#isSuspect(epoch, stream, piece));
      const end = this.#isSuspect(epoch, stream, pieces[at]) ? at + 1 : suspect < 0 ? pieces.length : suspect;
      const { count, texts } = fitting(pieces.slice(at, end), limit);
      const part = pieces.slice(at, at + count);
      yield { epoch, stream, way, pieces: part, body: count > 1 ? join(texts) : bodyOf(part), asked };
      at += count;
    }
  }

  /** Links have died with it: it is sent by itself, and others need not wait for it. */
  isSuspect({ epoch, stream, pieces }: BatchMessage): boolean {
    return this.#isSuspect(epoch, stream, pieces[0]);
  }

  #isSuspect(epoch: string, stream: Stream, piece: Piece | undefined): boolean {
    return piece !== undefined && this.#o.publisher.isSuspect({ name: `${epoch}/${stream}`, range: piece.range });
  }

  /** Never rejects: when the link ends, the numbers are pending again. `still` is asked just before sending; false leaves them to history. */
  async deliver(load: BatchMessage, still: () => boolean = () => true): Promise<void> {
    const { epoch, stream, asked } = load;
    try {
      await this.#send(load, still);
    } catch (error) {
      for (const { range } of load.pieces) this.#o.tracker.release(epoch, stream, range, asked);
      this.#o.log.debug("sync.undelivered", { epoch, stream, cause: error });
    }
  }

  /** Sends the load; what is refused is halved until the part that is at fault stands alone. */
  async #send(load: BatchMessage, still: () => boolean): Promise<void> {
    const { publisher } = this.#o;
    const subject = subjectOf(load);
    const rank = load.way === "history" ? "history" : load.stream;
    let halves = publisher.diedAlone(subject) ? halved(load, "too-large") : null;
    if (halves === null) {
      const verdict = await publisher.send(rank, this.topic(load.way, load.stream), () => (still() ? load.body : null), {
        subject,
      });
      halves = verdict === "refused" || verdict === "too-large" ? halved(load, verdict) : null;
      if (halves === null) return verdict === "resting" ? this.#rest(load, subject) : this.#settle(load, verdict);
    }
    for (const half of halves) await this.#send(half, still);
  }

  /** Its numbers stay taken, so that history does not read them; its bodies are not kept in memory. */
  #rest({ epoch, stream, way, pieces, asked }: BatchMessage, subject: Subject): void {
    const ranges = pieces.map(({ range }) => range);
    const release = (): void => {
      for (const range of ranges) this.#o.tracker.release(epoch, stream, range, asked);
    };
    void this.#o.publisher.rested(subject, this.topic(way, stream)).then(release, release);
  }

  #settle({ epoch, stream, pieces, asked }: BatchMessage, verdict: Verdict): void {
    const { tracker, outbox, brokerProves } = this.#o;
    for (const { range } of pieces) {
      if (verdict === "taken") tracker.settle(epoch, stream, range);
      else if (verdict === "refused" || verdict === "too-large") this.#giveUp(epoch, stream, range, verdict);
      else tracker.release(epoch, stream, range, asked);
    }
    if (verdict !== "taken" || !brokerProves) return;
    for (const { range } of pieces.slice(0, -1)) tracker.prove(epoch, stream, range);
    const last = pieces.at(-1);
    if (last !== undefined) outbox.acknowledge([tracker.prove(epoch, stream, last.range)]);
  }

  #giveUp(epoch: string, stream: Stream, range: Range, verdict: string): void {
    this.#o.tracker.settle(epoch, stream, range);
    this.#o.outbox.giveUp(epoch, stream, range, "refused", verdict);
    this.#o.log.warn("sync.record-refused", {
      code: "sync.record-refused",
      epoch,
      stream,
      from: range[0],
      to: range[1],
      reason: verdict,
    });
  }
}

function subjectOf({ epoch, stream, pieces }: BatchMessage): Subject {
  const [first, last] = [pieces[0], pieces.at(-1)];
  return { name: `${epoch}/${stream}`, range: [first?.range[0] ?? 1, last?.range[1] ?? 1] };
}

const bodyOf = ([first]: readonly Piece[]): Uint8Array => first?.body ?? new Uint8Array();

/** A stored batch is refused as a whole (0x99); only for size is it cut at a record. */
function halved(load: BatchMessage, verdict: Verdict): readonly BatchMessage[] | null {
  const [first] = load.pieces;
  if (first === undefined) return null;
  if (load.pieces.length === 1) {
    const cuts = verdict === "too-large" ? cut(first) : null;
    return cuts?.map((piece) => ({ ...load, pieces: [piece], body: piece.body })) ?? null;
  }
  const half = load.pieces.length >> 1;
  return [load.pieces.slice(0, half), load.pieces.slice(half)].map((pieces) => ({ ...load, pieces, body: joined(pieces) }));
}

const joined = (pieces: readonly Piece[]): Uint8Array =>
  pieces.length === 1 ? bodyOf(pieces) : join(fitting(pieces, Number.POSITIVE_INFINITY).texts);
