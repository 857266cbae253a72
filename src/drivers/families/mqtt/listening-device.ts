/** A device whose messages a broker sends: each is taken once, and acknowledged when what it said is durable. */
import type { EdgeError } from "../../../kit/errors.ts";
import type { Device, DeviceHost, Reading, Ticks } from "../../../model/index.ts";
import type { MqttListener, MqttMessage } from "../../mqtt-feed.ts";

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

export class ListeningDevice implements Device {
  readonly #listener: MqttListener;
  readonly #interpret: Interpret;
  readonly #host: DeviceHost | undefined;
  #unread: EdgeError | null = null;

  constructor(listener: MqttListener, interpret: Interpret, host: DeviceHost | undefined) {
    this.#listener = listener;
    this.#interpret = interpret;
    this.#host = host;
  }

  outage(): EdgeError | null {
    return this.#listener.outage();
  }

  unread(): EdgeError | null {
    return this.#unread;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for await (const message of this.#listener.messages(stop)) {
      const { readings, isRepeated, isMalformed, unread = null } = this.#interpret(message);
      if (isRepeated) this.#listener.repeated();
      if (isMalformed) this.#listener.malformed();
      this.#unread = unread;
      if (!isRepeated) yield message.retained ? readings.map(asKept) : readings;
      // The host has taken what was yielded: only that it is durable is still to come, and nobody waits for it here.
      message.settle(this.#host?.durable() ?? Promise.resolve());
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const asKept = (reading: Reading): Reading =>
  reading.quality === "bad" ? reading : { ...reading, quality: "uncertain", code: "mqtt.retained" };
