/** The payload of the Dragino LDDS75 distance sensor. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const DRA = "constructed: fields as dragino/dragino-end-node-decoder reads them";
const options = { devEui: "A84041B831824567", silentAfter: "2h" };

export const lorawanDraginoLdds75 = fieldsDevice({
  type: "lorawan-dragino-ldds75",
  title: { it: "Sensore di distanza Dragino LDDS75", en: "Dragino LDDS75 distance sensor" },
  points: {
    battery: { unit: "mV", kind: "gauge", range: [0, 6000], report: { change: 20, atLeastMs: 15 * 60_000 } },
    distance: { unit: "mm", kind: "gauge", report: { change: 20, atLeastMs: 15 * 60_000 } },
    "sensor-present": { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } },
  },
  forms: {
    any: [
      {
        fields: [
          { point: "battery", at: 0, decode: "uint16", mask: 0x3fff },
          { point: "distance", at: 2, decode: "uint16" },
          { point: "sensor-present", at: 7, bit: 0, optional: true },
        ],
      },
    ],
  },
  goldens: [
    {
      name: "3.406 V, 2854 mm, sensor present",
      rx: "2: 0D 4E 0B 26 00 00 00 01",
      options,
      expect: { battery: 3406, distance: 2854, "sensor-present": true },
      source: DRA,
    },
    { name: "the distance cut off", rx: "2: 0D 4E 0B", options, expect: "refused", source: DRA },
  ],
});
