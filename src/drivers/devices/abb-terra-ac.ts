/** ABB Terra AC over Modbus: registers, letters, limit, fail-safe, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { amperes, code, currents, sessionEnergy, truth, voltages, watts } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// ABB Terra AC Modbus communication v1.11 (firmware 1.8 and later): uint32, high word first, a poll each 30 to 90 s is recommended.
// Without any request for its communication timeout (60 s by default) it ends the session. Start and stop (4105h) are not offered:
// a stop holds until somebody starts it at its app.
const holding = { fc: 3, decode: "uint32" } as const;
const one = { fc: 3, decode: "uint16" } as const;

export const abbTerraAc = chargingColumn({
  type: "abb-terra-ac",
  title: { it: "Colonnina ABB Terra AC", en: "ABB Terra AC charging column" },
  maxRegisters: 24,
  maxGap: 1,
  every: "30s",
  points: {
    "error-code": code({ ...holding, address: 0x4008 }),
    "lock-code": code({ ...holding, address: 0x400a }),
    "state-code": code({ ...one, address: 0x400d, mask: 0x7f00 }),
    // It gives less than it was told.
    limited: truth({ ...one, address: 0x400d, bit: 15 }),
    "current-available": amperes({ ...holding, address: 0x400e, scale: 0.001 }),
    ...currents({ ...holding, address: 0x4010, scale: 0.001 }, 2),
    ...voltages({ ...holding, address: 0x4016, scale: 0.1 }, 2),
    power: watts({ ...holding, address: 0x401c }),
    "session-energy": sessionEnergy({ ...holding, address: 0x401e, scale: 0.001 }),
  },
  derived: {
    state: letter(["state-code", "lock-code"], ({ "state-code": state, "lock-code": lock }) => {
      if (state === 0) return "A";
      if (state === 1 || state === 2 || state === 3) return "B";
      if (state === 4) return "C";
      return state === 5 ? (Number(lock) >= 0x0101 ? "B" : "A") : undefined;
    }),
  },
  control: {
    limit: {
      ...holding,
      address: 0x4022,
      scale: 0.001,
      writeTo: { address: 0x4100 },
      most: 32,
      orZero: true,
      readBack: true,
    },
    failSafe: {
      current: { ...one, address: 0x4024, writeTo: { address: 0x4109 } },
      after: { ...one, address: 0x4020, writeTo: { address: 0x4106 } },
      seconds: [10, 3600],
    },
    hearsWithinMs: 60_000,
  },
  goldens: [
    {
      name: "no car",
      tx: "01 03 40 0C 00 02 11 C8",
      rx: "01 03 04 00 00 00 00 FA 33",
      expect: { "state-code": 0, limited: false },
      source: "a user's capture (evcc issue 4922)",
    },
    {
      name: "no current",
      tx: "01 03 40 10 00 06 D1 CD",
      rx: "01 03 0C 00 00 00 00 00 00 00 00 00 00 00 00 93 70",
      expect: { "current-l1": 0, "current-l2": 0, "current-l3": 0 },
      source: "a user's capture (evcc issue 4922)",
    },
    {
      name: "charging with less than it was told",
      tx: "01 03 40 0A 00 04 71 CB",
      rx: "01 03 08 00 00 00 00 00 00 84 00 F6 D7",
      expect: { "lock-code": 0, "state-code": 4, limited: true, state: "C" },
      source: "constructed: 400Ch, state in bits 8–14, 4 = C2, bit 15; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "another state with a locked cable: a car",
      tx: "01 03 40 0A 00 04 71 CB",
      rx: "01 03 08 00 00 01 01 00 00 05 00 AA 96",
      expect: { "lock-code": 0x101, "state-code": 5, limited: false, state: "B" },
      source: "constructed: lock 0101h, state 5; CRC by the same loop",
    },
    {
      name: "another state with nothing locked: no car",
      tx: "01 03 40 0A 00 04 71 CB",
      rx: "01 03 08 00 00 00 00 00 00 05 00 96 87",
      expect: { "lock-code": 0, "state-code": 5, limited: false, state: "A" },
      source: "constructed: lock 0, state 5; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "01 03 40 0C 00 02 11 C8",
      rx: "01 03 04 00 00 01 00 FA 33",
      expect: "refused",
      source: "constructed: the first frame with one bit of its state turned",
    },
  ],
});
