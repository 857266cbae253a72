/** Any Bluetooth LE device with the standard service for inputs and outputs, read only. */
import { gattDevice } from "../families/ble/gatt.ts";

// Bluetooth SIG, Automation IO Service 1.0: 2A56 Digital, two bits for each line, the lowest first (0 inactive, 1 active, 2 tri-state, 3 not
// known); 2A58 Analog, 16 bits unsigned. A device may have several of each: the first by its handle is read.
const LINES = 8;
const ROW_AT_LEAST_MS = 15 * 60_000;
const mac = "C4:7C:8D:00:00:04";
const lines = Array.from({ length: LINES }, (_, line) => ({ name: `line-${line + 1}`, line }));

export const gattIo = gattDevice({
  type: "gatt-io",
  title: { it: "Ingressi letti da un apparecchio Bluetooth", en: "Inputs read from a Bluetooth device" },
  every: "5min",
  choice: { from: [...lines.map(({ name }) => name), "analog"], usual: ["line-1"] },
  points: {
    ...Object.fromEntries(
      lines.map(({ name, line }) => [
        name,
        {
          service: "1815",
          characteristic: "2a56",
          decode: "line",
          line,
          kind: "state",
          unit: "",
          report: { atLeastMs: ROW_AT_LEAST_MS },
        } as const,
      ]),
    ),
    analog: {
      service: "1815",
      characteristic: "2a58",
      decode: "uint16",
      kind: "gauge",
      unit: "1",
      report: { change: 1, atLeastMs: ROW_AT_LEAST_MS },
    },
  },
  goldens: [
    {
      name: "two of four lines active",
      rx: "[2a56] 11",
      options: { mac, points: ["line-1", "line-2", "line-3", "line-4"] },
      expect: { "line-1": true, "line-2": false, "line-3": true, "line-4": false },
      source: "constructed by Automation IO Service 1.0, 3.1: 11 hex is 00 01 00 01, the lowest line last",
    },
    {
      name: "tri-state, not known, and a line that the device does not have",
      rx: "[2a56] 0E",
      options: { mac, points: ["line-1", "line-2", "line-5"] },
      expect: { "line-1": null, "line-2": null, "line-5": null },
      source: "constructed: 0E hex is 00 00 11 10; the fifth line would stand in a second byte",
    },
    {
      name: "an analog value beside a line",
      rx: "[2a56] 01 [2a58] 34 12",
      options: { mac, points: ["line-1", "analog"] },
      expect: { "line-1": true, analog: 4660 },
      source: "constructed: 1234 hex = 4660, little-endian",
    },
    {
      name: "no byte is no line",
      rx: "[2a56]",
      options: { mac },
      expect: "refused",
      source: "constructed: the characteristic without a value",
    },
    {
      name: "three bytes are no analog value",
      rx: "[2a58] 34 12 00",
      options: { mac, points: ["analog"] },
      expect: "refused",
      source: "constructed: the third golden with a byte too many",
    },
  ],
});
