/** A topic and a payload go in; they leave by priority inside the broker's window, and the broker's answer comes out as one of five words (CT-U4, CT-U6, CT-U8). */
import type { Clock } from "../../kit/clock.ts";
import { pause } from "../../kit/loop.ts";
import { type Link, type Publish, packetSize, REASON } from "../mqtt.ts";
import { openWindow, type Rank } from "./window.ts";

/**
 * `taken`: success. `unheard`: success, but nobody subscribes. `later`: the link's trouble, nothing is dropped. `refused`, `too-large`:
 * this very message. `withdrawn`: the payload said that it need no longer be sent.
 */
export type Verdict = "taken" | "unheard" | "later" | "refused" | "too-large" | "withdrawn";

/** Contract: no up message is larger, whatever the broker would take. */
export const MAX_UP_BYTES = 128 * 1024;

export interface PostOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** A topic that was refused or unheard is tried again after this time. */
  readonly retryMs: number;
  /** Ends all waiting; what is in flight is settled by the link. */
  readonly stop: AbortSignal;
  /** The broker refused this topic, not this message. */
  barred(topic: string, reasonCode: number): void;
}

export class Post {
  readonly #o: PostOptions;
  readonly #window;
  /** topic → monotonic ms until which nothing is sent there. */
  readonly #closed = new Map<string, number>();

  constructor(options: PostOptions) {
    this.#o = options;
    this.#window = openWindow(options.link.receiveMaximum);
  }

  /** Bytes of payload that fit into one message on this topic. */
  room(topic: string): number {
    return Math.min(MAX_UP_BYTES, this.#o.link.maximumPacketSize - packetSize(topic, 0));
  }

  /** Whether the broker said "not now" of this topic within the last minute. */
  barred(topic: string): boolean {
    return (this.#closed.get(topic) ?? 0) > this.#o.clock.mono();
  }

  /** Resolves when the topic may be tried again. */
  async reopened(topic: string): Promise<void> {
    const wait = (this.#closed.get(topic) ?? 0) - this.#o.clock.mono();
    if (wait > 0) await pause(wait, this.#o.stop);
    this.#o.stop.throwIfAborted();
  }

  /** `payload` is asked for when there is a place: it is then the newest there is; null withdraws it. Rejects when the link ends first. */
  async send(rank: Rank, topic: string, payload: () => Uint8Array | string | null, publish?: Publish): Promise<Verdict> {
    const leave = await this.#window.place(rank, this.#o.stop);
    try {
      const body = payload();
      if (body === null) return "withdrawn";
      if (body.length > MAX_UP_BYTES) return "too-large";
      return this.#judge(topic, await this.#o.link.publish(topic, body, publish));
    } finally {
      leave();
    }
  }

  #judge(topic: string, code: number): Verdict {
    if (code === REASON.badPayload) return "refused";
    if (code === REASON.tooLarge) return "too-large";
    if (code < 0x80 && code !== REASON.noSubscriber) return "taken";
    this.#closed.set(topic, this.#o.clock.mono() + this.#o.retryMs);
    if (code === REASON.noSubscriber) return "unheard";
    this.#o.barred(topic, code);
    return "later";
  }
}
