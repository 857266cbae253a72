/** Sends one message when its turn comes, and says in one word what the broker answered (CT-U4, CT-U6, CT-U8). */
import type { Clock } from "../../kit/clock.ts";
import { pause } from "../../kit/loop/pause.ts";
import { type Link, type Publish, packetSize, REASON } from "../../mqtt/link.ts";
import { LinkError } from "../../mqtt/link-error.ts";
import { Notifier } from "../notifier.ts";
import type { PoisonDetector, Subject } from "./poison-detector.ts";
import { type Rank, sendQuota } from "./send-quota.ts";

/**
 * `taken`: success. `unheard`: success, but nobody subscribes. `later`: the link's trouble, nothing is dropped. `refused`, `too-large`:
 * this very message. `withdrawn`: the payload said that it need no longer be sent. `resting`: links died of it, it is not tried for a while.
 */
export type Verdict = "taken" | "unheard" | "later" | "refused" | "too-large" | "withdrawn" | "resting";

/** Contract: no up message is larger, whatever the broker would take. */
export const MAX_UP_BYTES = 128 * 1024;

/** How long a link must have held before it sends a message with which earlier links have died. */
const CALM_MS = 5000;
const REST_LOOK_MS = 1000;
const OPEN_LOOK_MS = 60_000;
/** The first wait for a topic without subscribers: the platform may just be slower to come back than we are. */
const UNHEARD_MS = 500;

export interface PublishOptions extends Publish {
  readonly subject?: Subject;
}

export interface PublisherOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** A refused topic is tried again after this time; one without subscribers sooner at first, and never later. */
  readonly retryMs: number;
  /** Ends all waiting; what is in flight is settled by the link. */
  readonly stop: AbortSignal;
  /** Messages with which links have died, this one and earlier ones. */
  readonly poison: PoisonDetector;
  readonly calmMs?: number;
  /** The broker refused this topic, not this message. */
  barred(topic: string, reasonCode: number): void;
}

export class Publisher {
  readonly #o: PublisherOptions;
  readonly #quota;
  /** topic → monotonic ms until which nothing is sent there. */
  readonly #closed = new Map<string, number>();
  /** topic → how long it was closed last time because nobody subscribes. */
  readonly #unheard = new Map<string, number>();
  readonly #notifier = new Notifier();
  readonly #begun: number;
  #open = false;
  /** How often the platform has given a sign of life. */
  #signs = 0;

  constructor(options: PublisherOptions) {
    this.#o = options;
    this.#quota = sendQuota(options.link.receiveMaximum);
    this.#begun = options.clock.mono();
  }

  /** The broker has `state` and `alarms`: everything may leave. Before, only messages of rank `state` do. */
  open(): void {
    this.#open = true;
    this.#notifier.notify();
  }

  /** Bytes of payload that fit into one message on this topic. */
  maxPayload(topic: string): number {
    return Math.min(MAX_UP_BYTES, this.#o.link.maximumPacketSize - packetSize(topic, 0));
  }

  /** The same, also for a broker that names no limit and ends the link instead, as far as its limit is known. */
  likelyMaxPayload(topic: string): number {
    return Math.min(this.maxPayload(topic), this.#o.poison.likelyMaxBytes);
  }

  /** Whether the topic is closed at present: the broker refused it, or nobody subscribes to it. */
  barred(topic: string): boolean {
    return (this.#closed.get(topic) ?? 0) > this.#o.clock.mono();
  }

  /** Resolves when the topic may be tried again; rejects when the link ends first. */
  async reopened(topic: string): Promise<void> {
    const { clock, stop } = this.#o;
    while (this.barred(topic) && !stop.aborted) await this.#notifier.wait((this.#closed.get(topic) ?? 0) - clock.mono(), stop);
    stop.throwIfAborted();
  }

  /** The platform gave a sign of life: topics without subscribers are tried again. */
  heard(): void {
    this.#signs += 1;
    for (const topic of this.#unheard.keys()) this.#closed.delete(topic);
    this.#unheard.clear();
    this.#notifier.notify();
  }

  /** Whether links have died with it: it must then be sent by itself. */
  isSuspect(subject: Subject): boolean {
    return this.#o.poison.isSuspect(subject);
  }

  /** Whether a link died while it alone was in flight: if it can be cut in two, it is then cut. */
  diedAlone(subject: Subject): boolean {
    return this.#o.poison.diedAlone(subject);
  }

  /** Resolves when a resting message may be tried again, or is known to be at fault; rejects when the link ends first. */
  async rested(subject: Subject, topic: string): Promise<void> {
    const { clock, stop, poison } = this.#o;
    while (poison.suspicion(subject, topic, clock.mono()) === "resting" && !stop.aborted) await pause(REST_LOOK_MS, stop);
    stop.throwIfAborted();
  }

  /**
   * `payload` is asked for when there is a place: it is then the newest there is; null withdraws it. Rejects when the link ends first.
   * `subject`: what it is about; absent: the topic itself.
   */
  async send(
    rank: Rank,
    topic: string,
    payload: () => Uint8Array | string | null,
    publish: PublishOptions = {},
  ): Promise<Verdict> {
    const { subject = { name: topic, range: [1, 1] }, ...rest } = publish;
    if (rank !== "state" && !this.#open) await this.#opened();
    if (rest.passing === true) return this.#passing(rank, topic, payload, rest);
    const { poison, clock } = this.#o;
    const suspicion = poison.suspicion(subject, topic, clock.mono());
    if (suspicion === "resting") return "resting";
    if (suspicion === "condemned") return "refused";
    if (suspicion === "alone") await this.#calm();
    const leave = await this.#quota.acquire(suspicion === "alone" ? "alone" : rank, this.#o.stop);
    try {
      const body = payload();
      if (body === null) return "withdrawn";
      if (body.length > MAX_UP_BYTES) return "too-large";
      const signs = this.#signs;
      const code = await this.#publish(subject, topic, body, rest, suspicion === "alone");
      if (code < 0x80) poison.taken(topic, body.length);
      return this.#judge(topic, code, signs);
    } finally {
      leave();
    }
  }

  async #opened(): Promise<void> {
    const { stop } = this.#o;
    while (!this.#open && !stop.aborted) await this.#notifier.wait(OPEN_LOOK_MS, stop);
    stop.throwIfAborted();
  }

  /** A topic chosen by a requester: what the broker says of it is not remembered. */
  async #passing(rank: Rank, topic: string, payload: () => Uint8Array | string | null, publish: Publish): Promise<Verdict> {
    const leave = await this.#quota.acquire(rank, this.#o.stop);
    try {
      const body = payload();
      return body === null ? "withdrawn" : passed(await this.#o.link.publish(topic, body, publish));
    } finally {
      leave();
    }
  }

  async #publish(subject: Subject, topic: string, body: Uint8Array | string, publish: Publish, alone: boolean): Promise<number> {
    const { link, poison, clock } = this.#o;
    const flying = link.open;
    try {
      const code = await link.publish(topic, body, publish);
      poison.survived(subject);
      return code;
    } catch (error) {
      const { local = false, ours = false } = error instanceof LinkError ? error : {};
      if (flying && !ours) poison.died(subject, topic, { bytes: body.length, alone, local, mono: clock.mono() });
      throw error;
    }
  }

  async #calm(): Promise<void> {
    const { clock, stop, calmMs = CALM_MS } = this.#o;
    await pause(Math.max(0, this.#begun + calmMs - clock.mono()), stop);
    stop.throwIfAborted();
  }

  #judge(topic: string, code: number, signs: number): Verdict {
    if (code === REASON.badPayload) return "refused";
    if (code === REASON.tooLarge) return "too-large";
    if (code === REASON.noSubscriber) {
      // The platform came back after this was sent: it may be sent again at once.
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
