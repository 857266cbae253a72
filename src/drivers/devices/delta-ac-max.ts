/** Delta AC MAX Basic and Smart over Modbus: registers, letters, a limit in watts, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, watts } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Delta AC MAX, by evcc's driver (charger/delta.go), its issues 14890 and 15592, and the map in Ada_Modbus: Basic over RTU with 115200 8N1, Smart
// over TCP. Only what both have is read: a Smart refuses charge state (1001), voltage, current, time and energy (1003 to 1020), and sources differ
// on whether the last two are whole numbers or floats. The identity of a card (1100) is never read. Its own suspend (1602) is not used: a limit of 0
// pauses, and whether a Smart has that register is not known.
const input = { fc: 4, decode: "uint16" } as const;
const holding = { fc: 3, decode: "uint16", writeWith: 16 } as const;

export const deltaAcMax = chargingColumn({
  type: "delta-ac-max",
  title: { it: "Colonnina Delta AC MAX Basic o Smart", en: "Delta AC MAX Basic or Smart charging column" },
  maxRegisters: 4,
  every: "10s",
  inWattsAtVolts: 230,
  points: {
    "charger-code": code({ ...input, address: 100 }),
    "state-code": code({ ...input, address: 1000 }),
    power: watts({ fc: 4, decode: "uint32", address: 1005 }),
  },
  derived: {
    // 2 is called occupied, and evcc takes it for no car: it decides nothing.
    state: letterOf({ letters: { A: [1], B: [3, 5, 6, 7], C: [4], F: [9], U: [0, 8] } }),
  },
  control: {
    // With its time-out on, evcc writes the limit again at half of it.
    limit: {
      ...holding,
      decode: "uint32",
      address: 1600,
      most: 32,
      orZero: true,
      readBack: true,
      keepAlive: { everyMs: 10_000 },
    },
    failSafe: {
      isOn: { ...holding, address: 201 },
      after: { ...holding, address: 202 },
      current: { ...holding, decode: "uint32", address: 203 },
      seconds: [20, 600],
    },
  },
  goldens: [
    {
      name: "a car is there",
      tx: "01 04 03 E8 00 01 B1 BA",
      rx: "01 04 02 00 03 F9 31",
      options: { phases: 3 },
      expect: { "state-code": 3, state: "B" },
      source: "a user's capture of a Smart over Modbus TCP (evcc issue 15592); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "no power",
      tx: "01 04 03 ED 00 02 E1 BA",
      rx: "01 04 04 00 00 00 00 FB 84",
      options: { phases: 3 },
      expect: { power: 0 },
      source: "a user's capture of a Basic on its RS-485 line (evcc issue 14890)",
    },
    {
      name: "paused",
      tx: "01 03 06 40 00 02 C5 57",
      rx: "01 03 04 00 00 00 00 FA 33",
      options: { phases: 3 },
      expect: { limit: 0 },
      source: "a user's capture of a Smart over Modbus TCP (evcc issue 15592); in an RTU frame, CRC by the same loop",
    },
    {
      name: "charging with 7.5 kW",
      tx: "01 04 03 E8 00 15 B1 B5",
      rx: "01 04 2A 00 04 00 07 00 00 43 64 00 00 00 00 1D 4C 42 48 00 00 45 EA 60 00 03 52 00 00 00 00 00 00 00 00 00 00 00 00 0E 10 00 00 15 7C 9C 75",
      options: { phases: 3 },
      expect: { "state-code": 4, power: 7500, state: "C" },
      source: "the test of Ada_Modbus (test_delta_charger), 1000 to 1020 in one reply; CRC by the same loop",
    },
    {
      name: "falls back to 3680 W after 120 s: 16 A on one phase",
      tx: "01 03 00 C9 00 04 94 37",
      rx: "01 03 08 00 01 00 78 00 00 0E 60 21 55",
      options: { phases: 1 },
      expect: { "fail-safe-after": 120, "fail-safe-current": 16 },
      source: "the test of Ada_Modbus (test_delta_charger), 201 to 204; CRC by the same loop",
    },
    {
      name: "a fault",
      tx: "01 04 03 E8 00 01 B1 BA",
      rx: "01 04 02 00 09 79 36",
      options: { phases: 3 },
      expect: { "state-code": 9, state: "F" },
      source: "constructed: 9 of the register map; CRC by the same loop",
    },
    {
      name: "a number on which sources differ",
      tx: "01 04 03 E8 00 01 B1 BA",
      rx: "01 04 02 00 02 38 F1",
      options: { phases: 3 },
      expect: { "state-code": 2, state: null },
      source: "constructed: 2 of the register map; CRC by the same loop",
    },
    {
      name: "a register that a Smart does not have",
      tx: "0A 04 03 E9 00 01 E1 01",
      rx: "0A 84 02 B3 03",
      options: { unit: 10, phases: 3 },
      expect: "refused",
      source: "a user's capture of a Smart over Modbus TCP (evcc issue 14890); in an RTU frame, CRC by the same loop",
    },
  ],
});
