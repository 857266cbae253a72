/** The records of the Milesight EM300-TH temperature and humidity sensor. */
import { recordsDevice } from "../families/lorawan/payload-device.ts";

const options = { devEui: "24E124136B123456", silentAfter: "1h" };

export const lorawanMilesightEm300Th = recordsDevice({
  type: "lorawan-milesight-em300-th",
  title: { it: "Sensore di temperatura e umidità Milesight EM300-TH", en: "Milesight EM300-TH temperature and humidity sensor" },
  points: {
    battery: { unit: "%", kind: "gauge", range: [0, 100], report: { atLeastMs: 15 * 60_000 } },
    temperature: { unit: "Cel", kind: "gauge", range: [-60, 100], report: { change: 0.2, atLeastMs: 15 * 60_000 } },
    humidity: { unit: "%", kind: "gauge", range: [0, 100], report: { change: 1, atLeastMs: 15 * 60_000 } },
  },
  records: {
    "0175": { point: "battery" },
    "0367": { point: "temperature", decode: "int16", order: "little", scale: 0.1 },
    "0468": { point: "humidity", scale: 0.5 },
  },
  goldens: [
    {
      name: "30.8 °C, 50.5 %",
      rx: "85: 01 75 5C 03 67 34 01 04 68 65",
      options,
      expect: { battery: 92, temperature: 30.8, humidity: 50.5 },
      source: "Milesight-IoT/SensorDecoders, README of EM300-TH",
    },
    {
      name: "below zero",
      rx: "85: 03 67 F5 FF",
      options,
      expect: { temperature: -1.1 },
      source: "constructed: -11 as two's complement, low byte first",
    },
    {
      name: "cut off",
      rx: "85: 03 67 34",
      options,
      expect: "refused",
      source: "constructed: the temperature without its last byte",
    },
  ],
});
