/** Schneider EVlink Pro AC over Modbus TCP: registers, letters, limit with its life bit, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { amperes, code, energy, volts, watts } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Schneider EVlink Pro AC (GEX1969300), Modbus TCP, unit 255: function 3, wide values low word first. It obeys as long as it finds 1 in 4000 at
// least each 2 s. What it measures is asked less often, so that the life bit is never late.
const one = { fc: 3, decode: "uint16" } as const;
const float = { fc: 3, decode: "float32", words: "low-first", leastEveryMs: 10_000 } as const;

export const schneiderEvlinkProAc = chargingColumn({
  type: "schneider-evlink-pro-ac",
  title: { it: "Colonnina Schneider EVlink Pro AC", en: "Schneider EVlink Pro AC charging column" },
  maxRegisters: 20,
  every: "1s",
  points: {
    "state-code": code({ ...one, address: 1 }),
    "ocpp-status": code({ ...one, address: 150, leastEveryMs: 10_000 }),
    current: amperes({ ...float, address: 2999 }),
    voltage: volts({ ...float, address: 3027 }),
    power: watts({ ...float, address: 3059, scale: 1000 }),
    energy: energy({ fc: 3, decode: "uint64", words: "low-first", address: 3203, scale: 0.001, leastEveryMs: 10_000 }),
    "stop-code": code({ ...one, address: 4011, leastEveryMs: 10_000 }),
  },
  derived: {
    // 2, 3 and 8 were seen with a car; what 4 to 7 and 9 mean was only concluded from other programs.
    state: letterOf({ letters: { A: [0, 1, 2, 6], B: [3, 4, 5, 7], C: [8, 9] }, doubtful: [4, 5, 6, 7, 9] }),
  },
  control: {
    limit: { ...one, address: 4004, writeWith: 16, writeOnly: true, most: 32, orZero: true },
    beats: { life: { ...one, address: 4000, writeWith: 16, writeOnly: true, keepAlive: { everyMs: 1000, value: 1 } } },
    hearsWithinMs: 2000,
  },
  goldens: [
    {
      name: "no car",
      tx: "FF 03 00 01 00 01 C0 14",
      rx: "FF 03 02 00 02 10 51",
      expect: { "state-code": 2, state: "A" },
      source: "a user's capture over Modbus TCP (evcc issue 9436); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "a car that does not charge",
      tx: "FF 03 00 01 00 01 C0 14",
      rx: "FF 03 02 00 03 D1 91",
      expect: { "state-code": 3, state: "B" },
      source: "a user's capture over Modbus TCP (evcc issue 9436); in an RTU frame, CRC by the same loop",
    },
    {
      name: "charging",
      tx: "FF 03 00 01 00 01 C0 14",
      rx: "FF 03 02 00 08 90 56",
      expect: { "state-code": 8, state: "C" },
      source: "a user's capture over Modbus TCP (evcc issue 9436); in an RTU frame, CRC by the same loop",
    },
    {
      name: "power, low word first",
      tx: "FF 03 0B F3 00 02 23 C2",
      rx: "FF 03 04 FE C6 41 2E 84 65",
      expect: { power: 10_937.2 },
      source: "a user's capture over Modbus TCP (evcc issue 9436): 10.9372 kW; in an RTU frame, CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "FF 03 00 01 00 01 C0 14",
      rx: "FF 03 02 00 09 90 56",
      expect: "refused",
      source: "constructed: the frame before with its last data bit turned",
    },
  ],
});
