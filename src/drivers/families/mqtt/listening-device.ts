/** A device whose messages a broker sends: each is taken once, and acknowledged when what it said is durable. */
import type { EdgeError } from "../../../kit/errors.ts";
import type { Device, DeviceHost, Reading, Ticks } from "../../../model/index.ts";
import type { MqttListener, MqttMessage } from "../../mqtt-feed.ts";
import { TakenMessages } from "./taken-messages.ts";

/** What a message means. */
export interface Understood {
  /** None: the device lives, and says nothing new. */
  readonly readings: readonly Reading[];
  /** It says again what was taken. */
  readonly isRepeated?: boolean;
  /** Nothing in it could be understood; the readings say why. */
  readonly isMalformed?: boolean;
  /** What is amiss with this device's messages, though this one was understood. */
  readonly unread?: EdgeError | null;
}

/** One per opening. Never throws. */
export type Interpret = (message: Pick<MqttMessage, "topic" | "payload" | "mono">) => Understood;

/** What the device must know again after a restart: of the broker's messages, and what whoever interprets them adds. */
interface Memory {
  readonly taken: unknown;
  readonly more?: unknown;
}

/** What whoever interprets the messages left at the former opening. */
export const memoryOf = (host: DeviceHost | undefined): unknown => (host?.memory as Memory | undefined)?.more;

export class ListeningDevice implements Device {
  readonly #listener: MqttListener;
  readonly #interpret: Interpret;
  readonly #host: DeviceHost | undefined;
  readonly #taken: TakenMessages;
  readonly #more: (() => unknown) | undefined;
  #unread: EdgeError | null = null;

  /** `more`: what whoever interprets must know again after a restart, see `memoryOf`. */
  constructor(listener: MqttListener, interpret: Interpret, host: DeviceHost | undefined, more?: () => unknown) {
    this.#listener = listener;
    this.#interpret = interpret;
    this.#host = host;
    this.#more = more;
    this.#taken = new TakenMessages((host?.memory as Memory | undefined)?.taken);
  }

  memory(): Memory {
    const taken = this.#taken.memory;
    return this.#more === undefined ? { taken } : { taken, more: this.#more() };
  }

  outage(): EdgeError | null {
    return this.#listener.outage();
  }

  unread(): EdgeError | null {
    return this.#unread;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for await (const message of this.#listener.messages(stop)) {
      const { readings, isRepeated, isMalformed, unread } = this.#understand(message);
      if (isRepeated) this.#listener.repeated();
      if (isMalformed) this.#listener.malformed();
      if (unread !== undefined) this.#unread = unread;
      if (!isRepeated) yield message.retained ? readings.map(asKept) : readings;
      // The host has taken what was yielded: only that it is durable is still to come, and nobody waits for it here.
      message.settle(this.#host?.durable() ?? Promise.resolve());
    }
  }

  #understand(message: MqttMessage): Understood {
    if (this.#taken.isRepeated(message)) return { readings: [], isRepeated: true };
    this.#taken.took(message);
    const understood = this.#interpret(message);
    return { unread: null, ...understood };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const asKept = (reading: Reading): Reading =>
  reading.quality === "bad" ? reading : { ...reading, quality: "uncertain", code: "mqtt.retained" };
