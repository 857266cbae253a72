/** A beacon in Apple's format: how it is known, and the packets that prove it. */
import { appleBeacon } from "../families/ble/apple-beacon.ts";

const options = { uuid: "41424344-4546-4748-4940-414243444546", major: 1, minor: 2 };
const PACKET = "02 15 41 42 43 44 45 46 47 48 49 40 41 42 43 44 45 46 00 01 00 02 F8";

export const ibeacon = appleBeacon({
  type: "ibeacon",
  title: { it: "Beacon iBeacon", en: "iBeacon beacon" },
  goldens: [
    {
      name: "two packets, a second apart",
      rx: `${PACKET} | ${PACKET}`,
      options,
      expect: { interval: 1 },
      source: "citruz/beacontools, test of an iBeacon packet (company 4C 00 before it); the second apart is the test's",
    },
    {
      name: "a packet missed, and one told twice",
      rx: `${PACKET} | 02 15 00 | ${PACKET} | ${PACKET}`,
      options,
      expect: { interval: 1 },
      source: "constructed: the first golden with a stranger's packet in the place of its second",
    },
    {
      name: "another beacon of the same city",
      rx: PACKET,
      options: { ...options, minor: 3 },
      expect: "refused",
      source: "constructed: minor 2 in the first golden",
    },
  ],
});
