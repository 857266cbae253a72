/** The payload of the Dragino SW3L flow sensor: pulses, of which its model says how many make a litre. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const DRA = "constructed: fields as dragino/dragino-end-node-decoder reads them";
const options = { devEui: "A84041B831824567", silentAfter: "2h" };

export const lorawanDraginoSw3l = fieldsDevice({
  type: "lorawan-dragino-sw3l",
  title: { it: "Contalitri Dragino SW3L", en: "Dragino SW3L flow sensor" },
  points: {
    pulses: { unit: "1", kind: "counter", report: { atLeastMs: 15 * 60_000 } },
    alarm: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } },
  },
  forms: {
    2: [
      {
        fields: [
          { point: "alarm", at: 0, bit: 1 },
          { point: "pulses", at: 1, decode: "uint32" },
        ],
      },
    ],
  },
  goldens: [
    {
      name: "305419896 pulses, no alarm",
      rx: "2: 04 12 34 56 78 00 00 63 D2 6A 2E",
      options,
      expect: { pulses: 305_419_896, alarm: false },
      source: DRA,
    },
    { name: "an alarm", rx: "2: 06 00 00 00 01 00 00 63 D2 6A 2E", options, expect: { pulses: 1, alarm: true }, source: DRA },
    { name: "cut off", rx: "2: 04 12 34", options, expect: "refused", source: DRA },
  ],
});
