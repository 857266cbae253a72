/** Keeps retained topics at their newest value, with one publish of each in flight (contract, Up). */
import type { Log } from "../../kit/log.ts";
import type { Publisher } from "./publisher.ts";
import type { Rank } from "./send-quota.ts";

type Build = () => Uint8Array | string;

interface Slot {
  build: Build;
  dirty: boolean;
  running: Promise<void> | null;
}

export class RetainedPublisher {
  readonly #publisher: Publisher;
  readonly #log: Log;
  readonly #slots = new Map<string, Slot>();

  constructor(publisher: Publisher, log: Log) {
    this.#publisher = publisher;
    this.#log = log;
  }

  /** `build` is called when there is a place. Resolves when the broker has this value or a newer one; rejects when the link ends first. */
  put(rank: Rank, topic: string, build: Build): Promise<void> {
    const slot = this.#slots.get(topic) ?? { build, dirty: false, running: null };
    this.#slots.set(topic, slot);
    slot.build = build;
    slot.dirty = true;
    slot.running ??= this.#run(rank, topic, slot).finally(() => {
      slot.running = null;
    });
    // A caller that does not await this promise learns of the link's end elsewhere.
    slot.running.catch(() => undefined);
    return slot.running;
  }

  async #run(rank: Rank, topic: string, slot: Slot): Promise<void> {
    while (slot.dirty) {
      const newest = (): Uint8Array | string => {
        slot.dirty = false;
        return slot.build();
      };
      const verdict = await this.#publisher.send(rank, topic, newest, { retain: true });
      if (verdict === "later") {
        slot.dirty = true;
        await this.#publisher.reopened(topic);
      } else if (verdict === "resting") {
        // The greeting does not wait for it.
        this.#log.warn("sync.retained-resting", { code: "sync.document-refused", topic, reason: "the link ends" });
        void this.#publisher.rested({ name: topic, range: [1, 1] }, topic).then(
          () => this.put(rank, topic, slot.build),
          () => undefined,
        );
        return;
      } else if (verdict === "refused" || verdict === "too-large")
        this.#log.warn("sync.retained-refused", { code: "sync.document-refused", topic, reason: verdict });
    }
  }
}
