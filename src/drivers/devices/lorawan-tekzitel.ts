/** The payloads of the Tekzitel TekziPark parking sensor. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const CODEC = "constructed: bits as TheThingsNetwork/lorawan-devices, vendor/tekzitel, tekzipark.js reads them";
const options = { devEui: "70B3D52C00012345", silentAfter: "1d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;

const fields = [
  { point: "presence", at: 0, bit: 7 },
  { point: "obstruction", at: 0, bit: 4 },
  { point: "battery-good", at: 0, bit: 5 },
  { point: "temperature", at: 1, decode: "int8" },
] as const;

export const lorawanTekzitel = fieldsDevice({
  type: "lorawan-tekzitel",
  title: { it: "Sensore di parcheggio Tekzitel TekziPark", en: "Tekzitel TekziPark parking sensor" },
  points: {
    presence: state,
    obstruction: state,
    "battery-good": state,
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { atLeastMs: 15 * 60_000 } },
  },
  forms: { 1: [{ fields }], 2: [{ fields }] },
  goldens: [
    {
      name: "occupied, good battery, 21 °C",
      rx: "1: A0 15 07",
      options,
      expect: { presence: true, obstruction: false, "battery-good": true, temperature: 21 },
      source: CODEC,
    },
    {
      name: "a keep-alive: free, obstructed, bad battery, -3 °C",
      rx: "1: 11 FD 07",
      options,
      expect: { presence: false, obstruction: true, "battery-good": false, temperature: -3 },
      source: CODEC,
    },
    { name: "one byte alone", rx: "1: A0", options, expect: "refused", source: "constructed: the first cut off" },
  ],
});
