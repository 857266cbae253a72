/** The payloads of the Bosch TPS110 parking sensor, by port. */
import { fieldsDevice } from "../families/lorawan/payload-device.ts";

const TTN = "TheThingsNetwork/lorawan-devices, vendor/bosch, tps110-0292-codec.yaml";
const options = { devEui: "70B3D52C00012345", silentAfter: "3d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;
const occupied = { point: "presence", at: 0, bit: 0 } as const;

export const lorawanBoschTps110 = fieldsDevice({
  type: "lorawan-bosch-tps110",
  title: { it: "Sensore di parcheggio Bosch TPS110", en: "Bosch TPS110 parking sensor" },
  points: {
    presence: state,
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { atLeastMs: 15 * 60_000 } },
    firmware: { unit: "", kind: "text", report: {} },
    // Without `report`: each restart of the sensor is recorded, even with the same cause as before.
    "reset-cause": { unit: "", kind: "text" },
  },
  forms: {
    1: [{ fields: [occupied] }],
    2: [{ fields: [occupied, { point: "temperature", at: 1, decode: "int8", optional: true }] }],
    3: [
      {
        fields: [
          { point: "firmware", at: 12, dotted: 3 },
          { point: "reset-cause", at: 15, map: { 1: "watchdog", 2: "power-on", 3: "system-request", 4: "other" } },
          { point: "presence", at: 16, bit: 0 },
        ],
      },
    ],
  },
  goldens: [
    { name: "occupied", rx: "1: 01", options, expect: { presence: true }, source: TTN },
    { name: "free", rx: "1: 00", options, expect: { presence: false }, source: "constructed: bit 0 of the status not set" },
    { name: "heartbeat at -1 °C", rx: "2: 01 FF", options, expect: { presence: true, temperature: -1 }, source: TTN },
    {
      name: "start-up with debug codes 804 and 885",
      rx: "3: 24 03 00 00 75 03 00 00 00 00 00 00 00 1D 02 03 01",
      options,
      expect: { firmware: "0.29.2", "reset-cause": "system-request", presence: true },
      source: TTN,
    },
    {
      name: "device information, which says nothing of the bay",
      rx: "4: 01 02",
      options,
      expect: {},
      source: "constructed: port 4",
    },
    { name: "nothing at all", rx: "1:", options, expect: "refused", source: "constructed: a status without its byte" },
    {
      name: "a start-up cut off",
      rx: "3: 24 03 00 00",
      options,
      expect: "refused",
      source: "constructed: the start-up's first bytes",
    },
  ],
});
