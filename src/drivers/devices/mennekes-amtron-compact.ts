/** Mennekes AMTRON Compact and Start 2.0s: registers, letters, limit with its heartbeat, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, currents, degrees, energy, sessionEnergy, voltages, watts } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Mennekes AMTRON Compact 2.0s Modbus RTU v1.2: 57600 8N2, unit 50. The document says low word first; columns in the field send the high word
// first (evcc issue 11068), so that is what is read, and a value that is impossible in that order is refused. It obeys as long as it finds 55AAh in
// 0D00h at least each 10 s. What it falls back to (030Eh) is not written: the width of that register is not known.
const float = { fc: 3, decode: "float32" } as const;
const one = { fc: 3, decode: "uint16" } as const;

export const mennekesAmtronCompact = chargingColumn({
  type: "mennekes-amtron-compact",
  title: { it: "Colonnina Mennekes AMTRON Compact o Start 2.0s", en: "Mennekes AMTRON Compact or Start 2.0s charging column" },
  maxRegisters: 20,
  every: "5s",
  points: {
    "state-code": code({ ...one, address: 0x0100 }),
    "pilot-code": code({ ...one, address: 0x0108 }),
    ...currents({ ...float, address: 0x0500 }, 2),
    ...voltages({ ...float, address: 0x0506 }, 2),
    power: watts({ ...float, address: 0x0512 }),
    temperature: degrees({ ...float, address: 0x0900 }),
    "session-energy": sessionEnergy({ ...float, address: 0x0b02 }),
    "error-code": code({ ...one, address: 0x0e00 }),
    energy: energy({ ...float, address: 0x1000 }),
  },
  derived: {
    state: letterOf({ letters: { A: [0, 1], B: [2, 3, 4], C: [5], F: [6], U: [7] } }),
  },
  control: {
    limit: { ...float, address: 0x0302, writeWith: 16, readBack: true, most: 32 },
    beats: {
      heartbeat: { ...one, address: 0x0d00, writeWith: 16, writeOnly: true, keepAlive: { everyMs: 5000, value: 0x55aa } },
    },
    hearsWithinMs: 10_000,
  },
  goldens: [
    {
      name: "charging",
      tx: "32 03 01 00 00 01 80 35",
      rx: "32 03 02 00 05 7C 43",
      expect: { "state-code": 5, state: "C" },
      source: "constructed: state 5 = C2 of Modbus RTU v1.2; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "an error",
      tx: "32 03 01 00 00 01 80 35",
      rx: "32 03 02 00 06 3C 42",
      expect: { "state-code": 6, state: "F" },
      source: "constructed: state 6; CRC by the same loop",
    },
    {
      name: "15.9 A on two phases, high word first",
      tx: "32 03 05 00 00 06 C0 C7",
      rx: "32 03 0C 41 7E 66 66 41 7E 66 66 00 00 00 00 B8 86",
      expect: { "current-l1": 15.9, "current-l2": 15.9, "current-l3": 0 },
      source: "constructed: 417E6666 (IEEE 754), high word first as in evcc commit 256a60456; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "32 03 01 00 00 01 80 35",
      rx: "32 03 02 00 04 7C 43",
      expect: "refused",
      source: "constructed: the first frame with its last data bit turned",
    },
  ],
});
