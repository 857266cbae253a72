/** Bender CC612 and CC613 (Mennekes, Webasto Unite): registers, letters, limit, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, currents, energy, text, voltages, watts } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Bender charge controller, Modbus TCP: function 3, high word first. 730 and 740 are never asked for: some models then close the connection.
const wide = { fc: 3, decode: "uint32", absent: [0xffff_ffff] } as const;
const one = { fc: 3, decode: "uint16" } as const;
const seldom = 3_600_000;

export const benderCc612 = chargingColumn({
  type: "bender-cc612",
  title: {
    it: "Colonnina con Bender CC612 o CC613 (Mennekes, Webasto Unite)",
    en: "Charging column with Bender CC612 or CC613 (Mennekes, Webasto Unite)",
  },
  maxRegisters: 16,
  every: "10s",
  points: {
    "ocpp-status": code({ ...one, address: 104 }),
    "error-code-1": code({ ...wide, absent: [], address: 105 }),
    "error-code-2": code({ ...wide, absent: [], address: 107 }),
    "error-code-3": code({ ...wide, absent: [], address: 109 }),
    "error-code-4": code({ ...wide, absent: [], address: 111 }),
    "state-code": code({ ...one, address: 122 }),
    model: text({ fc: 3, decode: "text", address: 142, count: 10, leastEveryMs: seldom }),
    ...currents({ ...wide, address: 212, scale: 0.001 }, 2),
    energy: energy({ ...wide, address: 218, scale: 0.001 }),
    power: watts({ ...wide, address: 220 }),
    ...voltages({ ...wide, address: 222 }, 2),
  },
  derived: {
    // 1 to 5 are A to E; E is a fault.
    state: letterOf({ letters: { A: [1], B: [2], C: [3, 4], F: [5] } }),
  },
  control: {
    limit: { ...one, address: 1001, scale: 0.1, writeWith: 16, readBack: true, most: 32 },
    failSafe: {
      current: { ...one, address: 131, writeWith: 16 },
      after: { ...one, address: 132, writeWith: 16 },
      seconds: [20, 3600],
    },
  },
  goldens: [
    {
      name: "voltages",
      tx: "01 03 00 DE 00 06 A5 F2",
      rx: "01 03 0C 00 00 00 EF 00 00 00 EF 00 00 00 F0 CE D7",
      expect: { "voltage-l1": 239, "voltage-l2": 239, "voltage-l3": 240 },
      source: "a user's capture over Modbus TCP (evcc issue 29359); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "energy",
      tx: "01 03 00 DA 00 02 E5 F0",
      rx: "01 03 04 00 21 E5 AB A1 16",
      expect: { energy: 2221.483 },
      source: "a user's capture over Modbus TCP (evcc issue 29359); in an RTU frame, CRC by the same loop",
    },
    {
      name: "limit",
      tx: "01 03 03 E9 00 01 55 BA",
      rx: "01 03 02 00 3C B8 55",
      expect: { limit: 6 },
      source: "a user's capture over Modbus TCP (evcc issue 31794): 6.0 A; in an RTU frame, CRC by the same loop",
    },
    {
      name: "model",
      tx: "01 03 00 8E 00 0A A5 E6",
      rx: "01 03 14 34 59 6F 75 20 35 31 30 20 31 31 20 54 32 53 00 00 00 00 00 36 1C",
      expect: { model: "4You 510 11 T2S" },
      source: "a user's capture over Modbus TCP (evcc issue 29359), its end, left out there, as 00; CRC by the same loop",
    },
    {
      name: "charging",
      tx: "01 03 00 7A 00 01 A5 D3",
      rx: "01 03 02 00 03 F8 45",
      expect: { "state-code": 3, state: "C" },
      source: "constructed by the register list; CRC by the same loop",
    },
    {
      name: "no power for one read",
      tx: "01 03 00 DC 00 02 05 F1",
      rx: "01 03 04 FF FF FF FF FB A7",
      expect: { power: null },
      source: "constructed: FFFFFFFF, which it may give for one read; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "01 03 03 E9 00 01 55 BA",
      rx: "01 03 02 00 3D B8 55",
      expect: "refused",
      source: "constructed: the limit with its last bit turned",
    },
  ],
});
