/** Knows an uplink again that came before: from another gateway, a second server, or a broker that was not sure. */
import type { Uplink } from "./network-uplink.ts";

const REMEMBERED = 32;
/**
 * A device may send one frame several times (LoRaWAN 1.0.4, 4.3.1.1), a few seconds apart. Later the same counter and bytes are another uplink: of a
 * device that began to count anew without joining.
 */
const AGAIN_MS = 120_000;

interface Seen {
  readonly id: string | null;
  readonly frame: string;
  readonly mono: number;
}

export class Repeats {
  #seen: readonly Seen[] = [];

  /** Whether it was seen before; it is from now on. */
  isRepeated({ id, address, counter, port, bytes }: Uplink, mono: number): boolean {
    const frame = `${address} ${counter} ${port} ${Buffer.from(bytes).toString("hex")}`;
    const isKnown = this.#seen.some(
      (one) => (id !== null && one.id === id) || (one.frame === frame && mono - one.mono <= AGAIN_MS),
    );
    if (!isKnown) this.#seen = [...this.#seen.slice(1 - REMEMBERED), { id, frame, mono }];
    return isKnown;
  }
}
