/** Remembers which addresses sent what somebody listens for: of a packet sent again only its signal strength is told. */
import { type AdvertMatch, type BleMessage, fits, SENDERS_MAX } from "../../ble-child/ble-protocol.ts";
import type { BleAdvert } from "../../driver.ts";
import { heardAt } from "../child/heard-at.ts";

export const nameOf = (match: AdvertMatch): string =>
  "service" in match ? `service ${match.service} ${match.begins}` : `manufacturer ${match.manufacturer} ${match.begins}`;

type Seen = Extract<BleMessage, { is: "seen" }>;

export const advertOf = ({ mac, mono, rssi, services, manufacturers }: Seen, startedMono: number): BleAdvert => ({
  mac,
  mono: heardAt(mono, startedMono),
  ...(rssi !== undefined && { rssi }),
  services: bytesOf(services),
  manufacturers: bytesOf(manufacturers),
});

const bytesOf = (fields: Readonly<Record<string, string>>): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Object.entries(fields).map(([key, hex]) => [key, Buffer.from(hex, "hex")]));

export class MatchedSenders {
  /** Address → names of what it sent, the latest sender last. */
  readonly #senders = new Map<string, readonly string[]>();

  /** How many addresses it holds, so that its bound can be seen. */
  get remembered(): number {
    return this.#senders.size;
  }

  namesFor(seen: Seen, matches: readonly (readonly [name: string, AdvertMatch])[]): readonly string[] {
    if (matches.length === 0) return [];
    const known = this.#senders.get(seen.mac) ?? [];
    if (Object.keys(seen.services).length + Object.keys(seen.manufacturers).length === 0) return known;
    const names = matches.flatMap(([name, match]) => (fits(match, seen) ? [name] : []));
    if (names.length === 0) return [];
    this.#senders.delete(seen.mac);
    // A beacon may send several formats in turn: the address then stands for all of them.
    this.#senders.set(seen.mac, [...new Set([...known, ...names])]);
    const [oldest] = this.#senders.keys();
    if (this.#senders.size > SENDERS_MAX && oldest !== undefined) this.#senders.delete(oldest);
    return names;
  }
}
