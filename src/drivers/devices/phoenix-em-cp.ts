/** Phoenix Contact EM-CP-PP-ETH: registers, letters, limit and release, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { currents, energy, seconds, text, voltages, watts } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Phoenix Contact EM-CP-PP-ETH, Modbus TCP, unit 180: wide values low word first; without a meter all their words are FFFF.
const wide = { fc: 4, decode: "uint32", words: "low-first", absent: [0xffff_ffff] } as const;

export const phoenixEmCp = chargingColumn({
  type: "phoenix-em-cp",
  title: { it: "Colonnina con Phoenix Contact EM-CP-PP-ETH", en: "Charging column with Phoenix Contact EM-CP-PP-ETH" },
  maxRegisters: 20,
  every: "10s",
  points: {
    "state-code": text({ fc: 4, decode: "text", address: 100, count: 1 }),
    "charging-time": seconds({ ...wide, address: 102 }),
    ...voltages({ ...wide, address: 108, scale: 0.01 }, 2),
    ...currents({ ...wide, address: 114, scale: 0.001 }, 2),
    power: watts({ ...wide, address: 120, scale: 10 }),
    energy: energy({ ...wide, address: 128, scale: 0.01 }),
  },
  derived: {
    state: letterOf({ letters: { A: ["A"], B: ["B"], C: ["C", "D"], F: ["E", "F"] } }),
  },
  control: {
    limit: { fc: 3, decode: "uint16", address: 300, readBack: true, most: 80 },
    // The release of the charge: coil 400 on is released.
    paused: { fc: 1, decode: "bool", address: 400, inverted: true, readBack: true },
  },
  goldens: [
    {
      name: "charging",
      tx: "B4 04 00 64 00 01 6A 70",
      rx: "B4 04 02 00 43 75 1B",
      expect: { "state-code": "C", state: "C" },
      source: "a user's capture over Modbus TCP (evcc issue 10248); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "for 201 s",
      tx: "B4 04 00 66 00 02 8B B1",
      rx: "B4 04 04 00 C9 00 00 CF 71",
      expect: { "charging-time": 201 },
      source: "a user's capture over Modbus TCP (evcc issue 10248); in an RTU frame, CRC by the same loop",
    },
    {
      name: "power",
      tx: "B4 04 00 78 00 02 EB B7",
      rx: "B4 04 04 02 2D 00 00 8E FE",
      expect: { power: 5570 },
      source: "a user's capture over Modbus TCP (evcc issue 10248): 5.57 kW; in an RTU frame, CRC by the same loop",
    },
    {
      name: "energy",
      tx: "B4 04 00 80 00 02 6A 46",
      rx: "B4 04 04 D7 02 00 17 C7 35",
      expect: { energy: 15_623.7 },
      source: "a user's capture over Modbus TCP (evcc issue 10248): 15623.70 kWh; in an RTU frame, CRC by the same loop",
    },
    {
      name: "released",
      tx: "B4 01 01 90 00 01 E6 7E",
      rx: "B4 01 01 01 B6 44",
      expect: { paused: false },
      source: "a user's capture over Modbus TCP (evcc issue 10248); in an RTU frame, CRC by the same loop",
    },
    {
      name: "no meter",
      tx: "B4 04 00 80 00 02 6A 46",
      rx: "B4 04 04 FF FF FF FF 1E DB",
      expect: { energy: null },
      source: "constructed: words FFFF, as it sends them without a meter (evcc issue 10248); CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "B4 04 00 64 00 01 6A 70",
      rx: "B4 04 02 00 42 75 1B",
      expect: "refused",
      source: "constructed: the first frame with its last data bit turned",
    },
  ],
});
