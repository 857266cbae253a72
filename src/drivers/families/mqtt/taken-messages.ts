/** Knows a message again that the broker sends a second time because no acknowledgement reached it, over a restart too. */
import { createHash } from "node:crypto";
import type { MqttMessage } from "../../mqtt-feed.ts";

/** As many as may be under way at once: of no more can the acknowledgement be lost. */
const REMEMBERED = 64;
const PRINT_LENGTH = 12;

/** Packet identifier and print of topic and payload. */
type Taken = readonly [id: number, print: string];

/**
 * Of one device. A broker repeats a message under the same identifier and with the DUP flag (MQTT 5 § 4.4); without the flag the identifier belongs
 * to a new message, even one with the same words.
 */
export class TakenMessages {
  #taken: readonly Taken[];
  /** The session in which they came; 0: the one that the broker had kept for us when we began. */
  #session = 0;

  /** `memory`: as the former opening left it. */
  constructor(memory: unknown) {
    this.#taken = Array.isArray(memory) ? memory.filter(isTaken) : [];
  }

  /** Whether it was taken before. */
  isRepeated(message: MqttMessage): boolean {
    const { again, id, session } = message;
    if (!again || id === undefined || session !== this.#session) return false;
    const print = printOf(message);
    return this.#taken.some(([one, of]) => one === id && of === print);
  }

  took(message: MqttMessage): void {
    const { id, session } = message;
    if (id === undefined) return;
    // A broker without memory of a session begins its identifiers anew.
    const former = session === this.#session ? this.#taken.filter(([one]) => one !== id) : [];
    this.#session = session;
    this.#taken = [...former.slice(1 - REMEMBERED), [id, printOf(message)]];
  }

  get memory(): readonly Taken[] {
    return this.#taken;
  }
}

const isTaken = (one: unknown): one is Taken => Array.isArray(one) && typeof one[0] === "number" && typeof one[1] === "string";

const printOf = ({ topic, payload }: Pick<MqttMessage, "topic" | "payload">): string =>
  createHash("sha1").update(topic).update("\0").update(payload).digest("base64url").slice(0, PRINT_LENGTH);
