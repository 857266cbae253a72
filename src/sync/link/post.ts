/** A topic and a payload go in; they leave by priority inside the broker's window, and the broker's answer comes out as one of five words (CT-U4, CT-U6, CT-U8). */
import type { Clock } from "../../kit/clock.ts";
import { Bell } from "../bell.ts";
import { type Link, type Publish, packetSize, REASON } from "../mqtt.ts";
import { openWindow, type Rank } from "./window.ts";

/**
 * `taken`: success. `unheard`: success, but nobody subscribes. `later`: the link's trouble, nothing is dropped. `refused`, `too-large`:
 * this very message. `withdrawn`: the payload said that it need no longer be sent.
 */
export type Verdict = "taken" | "unheard" | "later" | "refused" | "too-large" | "withdrawn";

/** Contract: no up message is larger, whatever the broker would take. */
export const MAX_UP_BYTES = 128 * 1024;

/** The platform may only be slower than we are to come back. */
const UNHEARD_MS = 500;

export interface PostOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** A refused topic is tried again after this time; one that nobody subscribes sooner at first, and at the latest then. */
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
  /** topic → how long it was closed last time because nobody subscribes. */
  readonly #unheard = new Map<string, number>();
  readonly #bell = new Bell();
  /** Signs of life of the platform so far. */
  #signs = 0;

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

  /** Resolves when the topic may be tried again; rejects when the link ends first. */
  async reopened(topic: string): Promise<void> {
    const { clock, stop } = this.#o;
    while (this.barred(topic) && !stop.aborted) await this.#bell.wait((this.#closed.get(topic) ?? 0) - clock.mono(), stop);
    stop.throwIfAborted();
  }

  /** The platform gave a sign of life: what nobody heard is worth saying again. */
  heard(): void {
    this.#signs += 1;
    for (const topic of this.#unheard.keys()) this.#closed.delete(topic);
    this.#unheard.clear();
    this.#bell.ring();
  }

  /** `payload` is asked for when there is a place: it is then the newest there is; null withdraws it. Rejects when the link ends first. */
  async send(rank: Rank, topic: string, payload: () => Uint8Array | string | null, publish?: Publish): Promise<Verdict> {
    const leave = await this.#window.place(rank, this.#o.stop);
    try {
      const body = payload();
      if (body === null) return "withdrawn";
      if (body.length > MAX_UP_BYTES) return "too-large";
      const signs = this.#signs;
      const code = await this.#o.link.publish(topic, body, publish);
      return publish?.passing === true ? passed(code) : this.#judge(topic, code, signs);
    } finally {
      leave();
    }
  }

  #judge(topic: string, code: number, signs: number): Verdict {
    if (code === REASON.badPayload) return "refused";
    if (code === REASON.tooLarge) return "too-large";
    if (code === REASON.noSubscriber) {
      // Since it was sent the platform came: it may be said again at once.
      if (signs !== this.#signs) return "unheard";
      const wait = Math.min(this.#o.retryMs, 2 * (this.#unheard.get(topic) ?? UNHEARD_MS));
      this.#unheard.set(topic, wait);
      this.#closed.set(topic, this.#o.clock.mono() + wait);
      return "unheard";
    }
    if (code < 0x80) {
      this.#unheard.delete(topic);
      return "taken";
    }
    this.#closed.set(topic, this.#o.clock.mono() + this.#o.retryMs);
    this.#o.barred(topic, code);
    return "later";
  }
}

const passed = (code: number): Verdict =>
  code === REASON.noSubscriber ? "unheard" : code < 0x80 ? "taken" : code === REASON.tooLarge ? "too-large" : "refused";
