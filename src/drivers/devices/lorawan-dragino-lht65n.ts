/** The payload of the Dragino LHT65N temperature and humidity sensor. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const DRA = "constructed: fields as dragino/dragino-end-node-decoder reads them";
const options = { devEui: "A84041B831824567", silentAfter: "2h" };

export const lorawanDraginoLht65n = fieldsDevice({
  type: "lorawan-dragino-lht65n",
  title: { it: "Sensore di temperatura e umidità Dragino LHT65N", en: "Dragino LHT65N temperature and humidity sensor" },
  points: {
    battery: { unit: "mV", kind: "gauge", range: [0, 6000], report: { change: 20, atLeastMs: 15 * 60_000 } },
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { change: 0.2, atLeastMs: 15 * 60_000 } },
    humidity: { unit: "%", kind: "gauge", range: [0, 100], report: { change: 1, atLeastMs: 15 * 60_000 } },
  },
  forms: {
    any: [
      {
        fields: [
          { point: "battery", at: 0, decode: "uint16", mask: 0x3fff },
          { point: "temperature", at: 2, decode: "int16", scale: 0.01 },
          { point: "humidity", at: 4, decode: "uint16", scale: 0.1 },
        ],
      },
    ],
  },
  goldens: [
    {
      name: "the two highest bits are the battery's word, not its volts",
      rx: "2: CB F6 0B 0D 03 76 01 0A DD 7F FF",
      options,
      expect: { battery: 3062, temperature: 28.29, humidity: 88.6 },
      source: DRA,
    },
    {
      name: "below zero",
      rx: "2: CB F6 FF 9C 03 76 01 0A DD 7F FF",
      options,
      expect: { battery: 3062, temperature: -1, humidity: 88.6 },
      source: DRA,
    },
    { name: "cut off", rx: "2: CB F6 0B", options, expect: "refused", source: DRA },
  ],
});
