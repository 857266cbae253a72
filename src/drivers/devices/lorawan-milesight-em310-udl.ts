/** The records of the Milesight EM310-UDL distance sensor. */
import { recordsDevice } from "../families/lorawan/payload-device.ts";

const options = { devEui: "24E124713B123456", silentAfter: "1h" };

export const lorawanMilesightEm310Udl = recordsDevice({
  type: "lorawan-milesight-em310-udl",
  title: { it: "Sensore di distanza Milesight EM310-UDL", en: "Milesight EM310-UDL distance sensor" },
  points: {
    battery: { unit: "%", kind: "gauge", range: [0, 100], report: { atLeastMs: 15 * 60_000 } },
    distance: { unit: "mm", kind: "gauge", report: { change: 20, atLeastMs: 15 * 60_000 } },
    tilted: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } },
  },
  records: {
    "0175": { point: "battery" },
    "0382": { point: "distance", decode: "uint16", order: "little" },
    "0400": { point: "tilted", trueAt: 1 },
  },
  goldens: [
    {
      name: "92 %, 2116 mm, tilted",
      rx: "85: 01 75 5C 03 82 44 08 04 00 01",
      options,
      expect: { battery: 92, distance: 2116, tilted: true },
      source: "Milesight-IoT/SensorDecoders, README of EM310-UDL",
    },
    {
      name: "a record that nobody knows hides what follows",
      rx: "85: 01 75 5C FF 99 00 03 82 44 08",
      options,
      expect: { battery: 92 },
      source: "constructed: an unknown type before the distance",
    },
    {
      name: "cut off",
      rx: "85: 03 82 44",
      options,
      expect: "refused",
      source: "constructed: the distance without its last byte",
    },
  ],
});
