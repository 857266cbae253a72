/** The messages of one device between the broker's session, which pushes, and the driver, which pulls. */
import type { EdgeError } from "../../../kit/errors.ts";
import type { ReceivedStatus } from "../../../model/index.ts";
import type { Incoming } from "../../../mqtt/link.ts";
import type { MqttListener, MqttMessage } from "../../mqtt-feed.ts";
import { topicMatcher } from "./topic-filter.ts";

export interface Arrival {
  readonly message: Incoming;
  readonly mono: number;
  readonly session: number;
  /** Its connection has ended. */
  readonly over: AbortSignal;
}

export class TopicQueue implements MqttListener {
  readonly filters: readonly string[];
  readonly #matchers: readonly ((topic: string) => boolean)[];
  readonly outage: () => EdgeError | null;
  #waiting: MqttMessage[] = [];
  readonly #counts = { messages: 0, retained: 0, repeated: 0, malformed: 0 };
  #wake: () => void = () => undefined;

  constructor(filters: readonly string[], outage: () => EdgeError | null) {
    this.filters = filters;
    this.#matchers = filters.map(topicMatcher);
    this.outage = outage;
  }

  get received(): ReceivedStatus {
    return { ...this.#counts };
  }

  wants(topic: string): boolean {
    return this.#matchers.some((matches) => matches(topic));
  }

  malformed(): void {
    this.#counts.malformed += 1;
  }

  repeated(): void {
    this.#counts.repeated += 1;
  }

  /** Resolves when what it said is durable; rejects when that will not be. */
  take({ message: { topic, payload, retained, again, id }, mono, session, over }: Arrival): Promise<void> {
    return new Promise((resolve, reject) => {
      const message: MqttMessage = {
        topic,
        payload,
        mono,
        retained,
        again,
        id,
        session,
        settle: (durable) => {
          over.removeEventListener("abort", drop);
          durable.then(resolve, reject);
        },
      };
      // An unacknowledged message that no driver has taken yet is dropped when the connection ends: the broker sends it again, and it would come
      // twice.
      const drop = () => {
        if (this.#waiting.includes(message)) reject(over.reason);
        this.#waiting = this.#waiting.filter((one) => one !== message);
      };
      if (id !== undefined) over.addEventListener("abort", drop);
      this.#waiting.push(message);
      this.#wake();
    });
  }

  async *messages(stop: AbortSignal): AsyncGenerator<MqttMessage> {
    while (!stop.aborted) {
      const message = this.#waiting.shift();
      if (message === undefined) {
        await this.#more(stop);
        continue;
      }
      this.#counts.messages += 1;
      if (message.retained) this.#counts.retained += 1;
      yield message;
    }
  }

  #more(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        stop.removeEventListener("abort", end);
        this.#wake = () => undefined;
        resolve();
      };
      this.#wake = end;
      stop.addEventListener("abort", end, { once: true });
      if (stop.aborted) end();
    });
  }
}
