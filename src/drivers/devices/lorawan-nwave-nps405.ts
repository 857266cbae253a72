/** The payloads of the Nwave NPS405 parking sensor, by port and by firmware. */
import { variantsDevice } from "../families/lorawan/payload-device.ts";

const TTN = "TheThingsNetwork/lorawan-devices, vendor/nwave, nps405-codec.yaml";
const options = { devEui: "70B3D52C00012346", silentAfter: "2d" };
const state = { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } } as const;

/** Where firmware puts the one bit that says whether a vehicle is there. */
const forms = (bit: number) => {
  const occupied = { point: "presence", at: 0, bit } as const;
  return {
    1: [{ fields: [occupied] }],
    2: [
      {
        fields: [
          occupied,
          { point: "battery", at: 1, scale: 4, offset: 2500 },
          { point: "temperature", at: 2, decode: "int8", scale: 0.5, offset: 10 },
        ],
      },
    ],
    3: [
      {
        fields: [
          { point: "firmware", at: 0, dotted: 3 },
          {
            point: "reset-cause",
            at: 3,
            map: { 0: "rejoin", 1: "watchdog", 2: "power-on", 3: "user", 6: "brown-out", 7: "other" },
          },
          { point: "presence", at: 4, bit: 0 },
        ],
      },
    ],
    // Who parks shows a tag to the sensor: its number is a person's.
    10: [{ fields: [occupied, { point: "tag", at: 2, hex: 4 }] }],
  } as const;
};

export const lorawanNwaveNps405 = variantsDevice({
  type: "lorawan-nwave-nps405",
  title: { it: "Sensore di parcheggio Nwave NPS405", en: "Nwave NPS405 parking sensor" },
  variant: {
    option: "occupiedBit",
    describe:
      "Bit of the status that is 1 with a vehicle: 0 in present firmware, 7 in older. A bay that reads the wrong way round has the other.",
    standard: "0",
  },
  points: {
    presence: state,
    battery: { unit: "mV", kind: "gauge", range: [2500, 3600], report: { change: 20, atLeastMs: 15 * 60_000 } },
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { atLeastMs: 15 * 60_000 } },
    firmware: { unit: "", kind: "text", report: {} },
    "reset-cause": { unit: "", kind: "text" },
    tag: { unit: "", kind: "credential" },
  },
  forms: { "0": forms(0), "7": forms(7) },
  goldens: [
    { name: "occupied", rx: "1: 95", options, expect: { presence: true }, source: TTN },
    {
      name: "the same byte of older firmware, free",
      rx: "1: 15",
      options: { ...options, occupiedBit: "7" },
      expect: { presence: false },
      source: "constructed: bit 7 not set",
    },
    {
      name: "heartbeat: free, 3.344 V, -10 °C",
      rx: "2: 00 D3 D8 00 59 0B",
      options,
      expect: { presence: false, battery: 3344, temperature: -10 },
      source: TTN,
    },
    {
      name: "start-up of firmware 2.4.9",
      rx: "3: 02 04 09 02 00",
      options,
      expect: { firmware: "2.4.9", "reset-cause": "power-on", presence: false },
      source: TTN,
    },
    {
      name: "a tag is shown",
      rx: "10: D1 20 1F 34 56 78",
      options,
      expect: { presence: true, tag: "1F345678" },
      source: TTN,
    },
    {
      name: "a heartbeat cut off",
      rx: "2: 00 D3",
      options,
      expect: "refused",
      source: "constructed: the heartbeat's first bytes",
    },
  ],
});
