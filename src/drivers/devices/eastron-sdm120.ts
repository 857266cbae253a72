/** The register map of the Eastron SDM120 single-phase meter, and the frames that prove it. */
import { modbusDevice } from "../families/modbus/modbus-table.ts";

// Eastron SDM120 Modbus protocol V2.4: input registers, float32, high word first, even start and even count.
// The total (0x156) depends on the meter's mode register 0xF920, so import and export are read instead.
const input = { fc: 4, decode: "float32" } as const;
const gauge = { ...input, kind: "gauge" } as const;
const counter = { ...input, kind: "counter", range: [0, 1e7] } as const;
const minutes = (n: number) => n * 60_000;

export const eastronSdm120 = modbusDevice({
  type: "eastron-sdm120",
  title: { it: "Contatore monofase Eastron SDM120", en: "Eastron SDM120 single-phase meter" },
  maxRegisters: 60,
  // Unused registers inside the map read 0; about 20 cost as much time as a request of their own.
  maxGap: 20,
  // Meter code (protocol V2.4, holding register FC02); a frequency that is none betrays another map or word order.
  identity: [
    { fc: 3, address: 0xfc02, decode: "uint16", oneOf: [0x0020] },
    { ...input, address: 0x46, range: [40, 70] },
  ],
  every: "10s",
  points: {
    voltage: { ...gauge, address: 0x00, unit: "V", range: [0, 600], report: { change: 1, atLeastMs: minutes(5) } },
    current: { ...gauge, address: 0x06, unit: "A", range: [-200, 200], report: { change: 0.1, atLeastMs: minutes(5) } },
    power: { ...gauge, address: 0x0c, unit: "W", range: [-50_000, 50_000], report: { change: 10, atLeastMs: minutes(5) } },
    "apparent-power": {
      ...gauge,
      address: 0x12,
      unit: "V.A",
      range: [-50_000, 50_000],
      report: { change: 10, atLeastMs: minutes(15) },
    },
    "reactive-power": {
      ...gauge,
      address: 0x18,
      unit: "V.A{reactive}",
      range: [-50_000, 50_000],
      report: { change: 10, atLeastMs: minutes(15) },
    },
    "power-factor": { ...gauge, address: 0x1e, unit: "1", range: [-1, 1], report: { change: 0.02, atLeastMs: minutes(15) } },
    frequency: { ...gauge, address: 0x46, unit: "Hz", range: [40, 70], report: { change: 0.1, atLeastMs: minutes(15) } },
    "energy-import": { ...counter, address: 0x48, unit: "kW.h", report: { change: 0.01, atLeastMs: minutes(15) } },
    "energy-export": { ...counter, address: 0x4a, unit: "kW.h", report: { change: 0.01, atLeastMs: minutes(15) } },
  },
  goldens: [
    {
      name: "voltage",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 04 04 43 66 33 34 1B 38",
      expect: { voltage: 230.20001 },
      source: "Eastron SDM120 Modbus protocol V2.4, example of function 04; it prints 230.2, the float32 43663334 is 230.20001",
    },
    {
      name: "voltage with one bit turned",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 04 04 43 66 33 35 1B 38",
      expect: "refused",
      source: "constructed: the frame above with its last data bit turned",
    },
    {
      name: "frequency, import and export in one reply",
      tx: "01 04 00 46 00 06 91 DD",
      rx: "01 04 0C 42 48 14 7B 44 9A 51 EC 3F 47 AE 14 27 AE",
      expect: { frequency: 50.02, "energy-import": 1234.56, "energy-export": 0.78 },
      source:
        "constructed: struct.pack('>fff', 50.02, 1234.56, 0.78) after 01 04 0C; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "no value",
      tx: "01 04 00 0C 00 02 B1 C8",
      rx: "01 04 04 7F C0 00 00 E2 6C",
      expect: { power: null },
      source: "constructed: quiet NaN 7FC00000 (IEEE 754) after 01 04 04; CRC by the same loop",
    },
    {
      name: "exception 4",
      tx: "01 04 00 00 00 02 71 CB",
      rx: "01 84 04 42 C3",
      expect: "refused",
      source: "constructed: 01 84 04 and its CRC by the same loop",
    },
  ],
});
