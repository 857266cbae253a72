/** Alfen Eve NG9xx over Modbus TCP, one device for each socket: registers, limit, and frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { amperes, code, currents, energy, hertz, seconds, text, voltages, watts } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// Alfen Eve Modbus registers: socket 1 or 2 is the unit; floats, high word first; a phase that is not there is NaN. It needs the licence for
// active load balancing and the mode EMS. A limit expires (1208 says when), so it is repeated.
const float = { fc: 3, decode: "float32" } as const;

export const alfenEve = chargingColumn({
  type: "alfen-eve",
  title: { it: "Colonnina Alfen Eve (una presa)", en: "Alfen Eve charging column (one socket)" },
  maxRegisters: 48,
  maxGap: 16,
  every: "10s",
  points: {
    ...voltages({ ...float, address: 306 }, 2),
    ...currents({ ...float, address: 320 }, 2),
    frequency: hertz({ ...float, address: 336 }),
    power: watts({ ...float, address: 344 }),
    energy: energy({ fc: 3, decode: "float64", address: 374, scale: 0.001 }),
    availability: code({ fc: 3, decode: "uint16", address: 1200 }),
    "state-code": text({ fc: 3, decode: "text", address: 1201, count: 5 }),
    "current-available": amperes({ ...float, address: 1206 }),
    "limit-holds-for": seconds({ fc: 3, decode: "uint32", address: 1208 }),
  },
  derived: {
    state: letter(["state-code"], ({ "state-code": state }, before) => {
      const first = String(state ?? "").charAt(0);
      if (first === "A" || first === "B" || first === "F") return first;
      if (first === "C" || first === "D") return "C";
      // It also says E with no car plugged in: then the letter stays as it was. With a car, E is a fault.
      if (first !== "E" || typeof before !== "string") return undefined;
      return before === "A" ? "A" : "F";
    }),
  },
  control: {
    limit: { ...float, address: 1210, writeWith: 16, readBack: true, most: 32, keepAlive: { everyMs: 25_000 } },
  },
  goldens: [
    {
      name: "power",
      tx: "01 03 01 58 00 02 44 24",
      rx: "01 03 04 45 5A F4 CD 48 79",
      expect: { power: 3503.3 },
      source: "a user's capture over Modbus TCP (evcc issue 4575): 3503.3 W; in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "energy",
      tx: "01 03 01 76 00 04 A4 2F",
      rx: "01 03 08 41 57 BD 3C 80 00 00 00 14 06",
      expect: { energy: 6223.09 },
      source: "a user's capture over Modbus TCP (evcc issue 4575): 6223090 Wh; in an RTU frame, CRC by the same loop",
    },
    {
      name: "three currents",
      tx: "01 03 01 40 00 06 C5 E0",
      rx: "01 03 0C 41 0D 26 EA 41 0A B4 3A 41 08 6A 7F 54 C2",
      expect: { "current-l1": 8.8220005, "current-l2": 8.669001, "current-l3": 8.526 },
      source: "a user's capture over Modbus TCP (evcc issue 18877); in an RTU frame, CRC by the same loop",
    },
    {
      name: "phases that are not there",
      tx: "01 03 01 40 00 06 C5 E0",
      rx: "01 03 0C 41 0D 26 EA FF FF FF FF FF FF FF FF 43 B5",
      expect: { "current-l1": 8.8220005, "current-l2": null, "current-l3": null },
      source: "constructed: FFFFFFFF for an absent phase as a user saw it (evcc issue 18877); CRC by the same loop",
    },
    {
      name: "a car that waits",
      tx: "01 03 04 B1 00 05 D4 DE",
      rx: "01 03 0A 42 31 00 00 00 00 00 00 00 00 DE 39",
      expect: { "state-code": "B1", state: "B" },
      source: "a user's capture over Modbus TCP (evcc issue 22934), which begins 42 31 00: the rest as 00; CRC by the same loop",
    },
    {
      name: "a car that cannot charge yet",
      tx: "01 03 04 B1 00 05 D4 DE",
      rx: "01 03 0A 43 31 00 00 00 00 00 00 00 00 8F FC",
      expect: { "state-code": "C1", state: "C" },
      source: "a user's capture over Modbus TCP (evcc issue 22934), which begins 43 31 00: the rest as 00; CRC by the same loop",
    },
    {
      name: "an exception",
      tx: "01 03 04 B1 00 05 D4 DE",
      rx: "01 83 03 01 31",
      expect: "refused",
      source: "constructed: 01 83 03 and its CRC by the same loop",
    },
  ],
});
