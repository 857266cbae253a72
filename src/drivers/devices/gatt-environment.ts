/** Any Bluetooth LE device with the standard service for environmental sensing, and the values that prove it. */
import { gattDevice } from "../families/ble/gatt.ts";

// Bluetooth SIG, Assigned Numbers: service 181A Environmental Sensing, 180F Battery, 180A Device Information. GATT Specification Supplement:
// 2A6E temperature in 0.01 °C, 8000 hex is "not known"; 2A6F humidity in 0.01 %, FFFF hex is "not known"; 2A6D pressure in 0.1 Pa. Little-endian.
const environment = { service: "181a", kind: "gauge" } as const;
const information = { service: "180a", decode: "text", kind: "text", unit: "", report: { atLeastMs: 86_400_000 } } as const;
const ROW_AT_LEAST_MS = 15 * 60_000;
const mac = "C4:7C:8D:00:00:03";
const all = { mac, points: ["temperature", "humidity", "pressure"] };

export const gattEnvironment = gattDevice({
  type: "gatt-environment",
  title: { it: "Clima letto da un apparecchio Bluetooth", en: "Climate read from a Bluetooth device" },
  every: "15min",
  choice: { from: ["temperature", "humidity", "pressure"], usual: ["temperature", "humidity"] },
  points: {
    temperature: {
      ...environment,
      characteristic: "2a6e",
      decode: "int16",
      per: 100,
      absent: -0x8000,
      unit: "Cel",
      range: [-273.15, 327.67],
      report: { change: 0.1, atLeastMs: ROW_AT_LEAST_MS },
    },
    humidity: {
      ...environment,
      characteristic: "2a6f",
      decode: "uint16",
      per: 100,
      absent: 0xffff,
      unit: "%",
      range: [0, 100],
      report: { change: 1, atLeastMs: ROW_AT_LEAST_MS },
    },
    pressure: {
      ...environment,
      characteristic: "2a6d",
      decode: "uint32",
      per: 1000,
      unit: "hPa",
      report: { change: 0.5, atLeastMs: ROW_AT_LEAST_MS },
    },
    battery: {
      service: "180f",
      characteristic: "2a19",
      decode: "uint8",
      kind: "gauge",
      unit: "%",
      range: [0, 100],
      report: { change: 1, atLeastMs: 86_400_000 },
    },
    manufacturer: { ...information, characteristic: "2a29" },
    model: { ...information, characteristic: "2a24" },
    firmware: { ...information, characteristic: "2a26" },
  },
  goldens: [
    {
      name: "all three, a battery and a name",
      rx: "[2a6e] C5 09 [2a6f] 85 13 [2a6d] CD 75 0F 00 [2a19] 57 [2a24] 54 61 67",
      options: all,
      expect: { temperature: 25.01, humidity: 49.97, pressure: 1013.197, battery: 87, model: "Tag" },
      source: "constructed by the GATT Specification Supplement: 09C5 hex = 2501, 1385 hex = 4997, 000F75CD hex = 1013197",
    },
    {
      name: "below zero",
      rx: "[2a6e] F6 FF [2a6f] 10 27",
      options: { mac },
      expect: { temperature: -0.1, humidity: 100 },
      source: "constructed: FFF6 hex is -10 in two's complement, 2710 hex = 10,000",
    },
    {
      name: "not known, and more than all",
      rx: "[2a6e] 00 80 [2a6f] 11 27",
      options: { mac },
      expect: { temperature: null, humidity: null },
      source: 'constructed: the supplement\'s "value is not known", and 100.01 %',
    },
    {
      name: "a humidity that is wanted and not there",
      rx: "[2a6e] C5 09",
      options: { mac },
      expect: { temperature: 25.01, humidity: null },
      source: "constructed: the first golden's temperature alone",
    },
    {
      name: "one byte is no temperature",
      rx: "[2a6e] C5 [2a6f] 85 13",
      options: { mac },
      expect: "refused",
      source: "constructed: the first golden with a byte less",
    },
  ],
});
