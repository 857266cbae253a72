/** The records of the PNI PlacePod parking sensor. */
import { recordsDevice } from "../families/lorawan/payload-device.ts";

const options = { devEui: "70B3D52C00012345", silentAfter: "1d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;
const INFO = "constructed: records of sukeypark/parking, data/payloadInfo.json";

export const lorawanPniPlacepod = recordsDevice({
  type: "lorawan-pni-placepod",
  title: { it: "Sensore di parcheggio PNI PlacePod", en: "PNI PlacePod parking sensor" },
  points: {
    presence: state,
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { atLeastMs: 15 * 60_000 } },
    battery: { unit: "V", kind: "gauge", range: [0, 6], report: { atLeastMs: 15 * 60_000 } },
  },
  records: {
    1566: { point: "presence", trueAt: 1 },
    3766: { point: "presence", trueAt: 1 },
    // A counter of vehicles that begins anew after 127: too short to be of use, so it is skipped.
    3700: {},
    2100: {},
    "0267": { point: "temperature", decode: "int16", scale: 0.1 },
    "0302": { point: "battery", decode: "int16", scale: 0.01 },
    "0101": {},
    "1C01": {},
    "3F01": {},
  },
  goldens: [
    {
      name: "free at 24 °C",
      rx: "1: 15 66 00 02 67 00 F0",
      options,
      expect: { presence: false, temperature: 24 },
      source: "sukeypark/parking, data/payloadInfo.json, which agrees with the fields of PNI's protocol sheet",
    },
    {
      name: "a keep-alive: occupied, 3.61 V",
      rx: "1: 37 66 01 03 02 01 69",
      options,
      expect: { presence: true, battery: 3.61 },
      source: INFO,
    },
    { name: "a record cut off", rx: "1: 02 67 00", options, expect: "refused", source: INFO },
  ],
});
