/** The payloads of the Libelium Smart Parking node, versions 2 and 3. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const PARSER = "ZennerIoT/element-parsers, libelium_smart-parking_v3.ex";
const options = { devEui: "70B3D52C00012345", silentAfter: "3d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;

const status = [
  { point: "presence", at: 0, bit: 7 },
  { point: "battery-low", at: 0, bit: 6 },
] as const;
const of = (...is: readonly number[]) => ({ at: 0, mask: 0x0f, is });

export const lorawanLibeliumParking = fieldsDevice({
  type: "lorawan-libelium-parking",
  title: { it: "Sensore di parcheggio Libelium, versioni 2 e 3", en: "Libelium parking sensor, versions 2 and 3" },
  points: {
    presence: state,
    "battery-low": state,
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { atLeastMs: 15 * 60_000 } },
  },
  forms: {
    any: [
      // 0 information, 1 keep-alive: byte 2 is a fault of the sensor, byte 3 the temperature.
      { when: of(0, 1), fields: [...status, { point: "temperature", at: 3, decode: "int8" }] },
      { when: of(2, 3, 4, 5, 6, 7, 8), fields: status },
    ],
  },
  goldens: [
    {
      name: "free at 9 °C",
      rx: "1: 00 6E 00 09 00 39 00 00 00 00 00",
      options,
      expect: { presence: false, "battery-low": false, temperature: 9 },
      source: PARSER,
    },
    {
      name: "occupied",
      rx: "1: 80 5B 00 09 00 14 00 DE 0A 08 01",
      options,
      expect: { presence: true, "battery-low": false, temperature: 9 },
      source: PARSER,
    },
    {
      name: "keep-alive, occupied at 20 °C",
      rx: "1: 81 C6 00 14 05 33 00 D9 0C 80 C8",
      options,
      expect: { presence: true, "battery-low": false, temperature: 20 },
      source: PARSER,
    },
    {
      name: "the daily report",
      rx: "1: 82 9F 66 57 00 00 0D 9F 00 FF 00",
      options,
      expect: { presence: true, "battery-low": false },
      source: PARSER,
    },
    {
      name: "a start",
      rx: "1: 04 00 1E 0E 7C F2 D9 F9 1E 0D DF",
      options,
      expect: { presence: false, "battery-low": false },
      source: PARSER,
    },
    { name: "information cut off", rx: "1: 00 6E 00", options, expect: "refused", source: "constructed: the first cut off" },
  ],
});
