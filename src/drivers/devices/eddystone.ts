/** An Eddystone beacon: how it is known, its telemetry, and the packets that prove it. */
import { eddystoneBeacon } from "../families/ble/eddystone-beacon.ts";

const options = { namespace: "12345678901234678901", instance: "000000000001" };
const UID = "00 E3 12 34 56 78 90 12 34 67 89 01 00 00 00 00 00 01 00 00";

export const eddystone = eddystoneBeacon({
  type: "eddystone",
  title: { it: "Beacon Eddystone", en: "Eddystone beacon" },
  goldens: [
    {
      name: "who it is, then how it is",
      rx: `${UID} | 20 00 0B 18 13 00 00 00 14 67 00 00 2A C4`,
      options,
      expect: { interval: 1, battery: 2.84, temperature: 19, packets: 5223 },
      source: "citruz/beacontools, tests of a UID and of a TLM frame; the second between them is the test's",
    },
    {
      name: "half a degree below zero, from mains",
      rx: `${UID} | 20 00 00 00 FF 80 00 00 00 01 00 00 00 0A`,
      options,
      expect: { interval: 1, temperature: -0.5, packets: 1 },
      source: "constructed: google/eddystone, TLM: 0 volts is no battery; FF80 as 8.8 fixed point is -0.5",
    },
    {
      name: "telemetry of nobody that has said who it is",
      rx: "20 00 0B 18 13 00 00 00 14 67 00 00 2A C4",
      options,
      expect: "refused",
      source: "constructed: the second part of the first golden alone",
    },
    {
      name: "another beacon of the same city",
      rx: `${UID} | 20 00 0B 18 13 00 00 00 14 67 00 00 2A C4`,
      options: { ...options, instance: "000000000002" },
      expect: "refused",
      source: "constructed: instance 1 in the first golden",
    },
  ],
});
