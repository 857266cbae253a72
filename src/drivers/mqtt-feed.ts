/** What a bus of MQTT devices offers their drivers: messages of named topics, acknowledged once what they said is durable. */
import type { EdgeError } from "../kit/errors.ts";
import type { ReceivedStatus } from "../model/index.ts";

/** One session with one broker, for all devices of the bus. */
export interface MqttFeed {
  /** Its name at the broker: what is published under it is for us alone. */
  readonly name: string;
  /** From now on the broker is asked for these topics. Whoever listens again under the same name finds what came meanwhile. Never throws. */
  listen(device: string, filters: readonly string[]): MqttListener;
  /** Counted since it listened for the first time; undefined for one that never did. */
  received(device: string): ReceivedStatus | undefined;
  /** Publishes once, never later. `unsent`: it surely has not gone out; `unknown`: the link ended before the broker could say that it has it. */
  publish(topic: string, payload: string): Promise<"sent" | "unsent" | "unknown">;
}

export interface MqttListener {
  /** In the order in which they came. Never throws: while the broker is away there are none. */
  messages(stop: AbortSignal): AsyncIterable<MqttMessage>;
  /** Why none can come at the moment; null: the broker sends them. */
  outage(): EdgeError | null;
  /** A message of which nothing could be understood. */
  malformed(): void;
  /** A message that says again what was taken. */
  repeated(): void;
}

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** Kernel monotonic ms of its arrival. */
  readonly mono: number;
  /** The broker kept it: it was true when it was published, and nobody says when that was. */
  readonly retained: boolean;
  /** The broker says that it sent it before. */
  readonly again: boolean;
  /** Packet identifier, under which it may come again; undefined: it never does. */
  readonly id?: number | undefined;
  /** Counts the sessions that the broker began with us; 0: the one that it had kept when we came. Identifiers are those of one session. */
  readonly session: number;
  /** Its acknowledgement leaves when this resolves. When it rejects, the broker sends it again with the next connection. */
  settle(durable: Promise<void>): void;
}
