/** Knows an uplink again that came before: from another gateway, a second server, or a broker that was not sure. */
import { createHash } from "node:crypto";
import type { Uplink } from "./network-uplink.ts";

const REMEMBERED = 32;
/**
 * A device may send one frame several times (LoRaWAN 1.0.4, 4.3.1.1), a few seconds apart. Later the same counter and bytes are another uplink: of a
 * device that began to count anew without joining.
 */
const AGAIN_MS = 120_000;
const PRINT_LENGTH = 12;

/** Print of the network's id, and of the frame. */
type Kept = readonly [id: string | null, frame: string];

interface Seen {
  readonly kept: Kept;
  readonly mono: number;
}

export class Repeats {
  #seen: readonly Seen[];

  /** `memory`: as the former opening left it. Nobody knows how long ago that was: its frames count as if they had come at `mono`. */
  constructor(memory: unknown, mono: number) {
    this.#seen = Array.isArray(memory) ? memory.filter(isKept).map((kept) => ({ kept, mono })) : [];
  }

  /** Whether it was seen before; it is from now on. */
  isRepeated({ id, address, counter, port, bytes }: Uplink, mono: number): boolean {
    const name = id === null ? null : printOf(id);
    const frame = printOf(`${address} ${counter} ${port} ${Buffer.from(bytes).toString("hex")}`);
    const isKnown = this.#seen.some(
      ({ kept: [one, of], mono: then }) => (name !== null && one === name) || (of === frame && mono - then <= AGAIN_MS),
    );
    if (!isKnown) this.#seen = [...this.#seen.slice(1 - REMEMBERED), { kept: [name, frame], mono }];
    return isKnown;
  }

  get memory(): readonly Kept[] {
    return this.#seen.map(({ kept }) => kept);
  }
}

const isKept = (one: unknown): one is Kept =>
  Array.isArray(one) && (one[0] === null || typeof one[0] === "string") && typeof one[1] === "string";

const printOf = (text: string): string => createHash("sha1").update(text).digest("base64url").slice(0, PRINT_LENGTH);
