/** Thousands of strangers pass a radio: the table of senders stays small, and a beacon with a new address is known. */
import { expect, it } from "vitest";
import { SENDERS_MAX } from "../../../../../src/drivers/ble-child/ble-protocol.ts";
import { MatchedSenders } from "../../../../../src/drivers/transports/ble/matched-senders.ts";

const IBEACON = { manufacturer: "004c", begins: "0215414243444546474849404142434445460001" } as const;
const MATCHES = [
  ["ours", { ...IBEACON, begins: `${IBEACON.begins}0002` }],
  ["any eddystone", { service: "feaa", begins: "" }],
] as const;
const OURS = { "004c": `${IBEACON.begins}0002c5` };

const macOf = (n: number): string =>
  n
    .toString(16)
    .toUpperCase()
    .padStart(12, "0")
    .replaceAll(/..(?!$)/g, "$&:");
const seen = (
  mac: string,
  manufacturers: Readonly<Record<string, string>> = {},
  services: Readonly<Record<string, string>> = {},
) => ({ v: 1, is: "seen", mac, mono: 0, manufacturers, services }) as const;

it("remembers none that sends nothing that is listened for, and of the others so many at most", () => {
  const senders = new MatchedSenders();
  let largest = 0;
  // Five hours of 5,000 new addresses: telephones, beacons of others in both formats, and ours under a new address every few minutes.
  for (let n = 0; n < 25_000; n++) {
    const stranger = macOf(n);
    const ours = macOf(0xc0_0000_0000_00 + Math.floor(n / 400));
    expect(senders.namesFor(seen(stranger, { "004c": "1005031c4f2a3b" }), MATCHES)).toEqual([]);
    if (n % 3 === 0) expect(senders.namesFor(seen(stranger, { "004c": `${IBEACON.begins}0003c5` }), MATCHES)).toEqual([]);
    expect(senders.remembered).toBeLessThanOrEqual(largest);
    if (n % 7 === 0) expect(senders.namesFor(seen(stranger, {}, { feaa: "00ee" }), MATCHES)).toEqual(["any eddystone"]);
    if (n % 50 === 0) {
      expect(senders.namesFor(seen(ours, OURS), MATCHES)).toEqual(["ours"]);
      // BlueZ gives of a repeated packet the signal strength alone.
      expect(senders.namesFor(seen(ours), MATCHES)).toEqual(["ours"]);
    }
    largest = Math.max(largest, senders.remembered);
  }
  expect(largest).toBe(SENDERS_MAX);
});
