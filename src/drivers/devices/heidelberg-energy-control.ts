/** Heidelberg Energy Control, and Amperfied connect over TCP: registers, letters, limit, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, currents, degrees, truth, voltages } from "../families/column/column-quantities.ts";
import { letterOf } from "../families/column/derived.ts";

// Heidelberg Modbus register table, 20.10.2020: 19200 8E1, unit 1–15; Amperfied connect: TCP, unit 255. It wants some 100 ms
// between requests (`gap` of its bus). After power-up and standby all that was written is at its defaults again.
const input = { fc: 4, decode: "uint16" } as const;
const holding = { fc: 3, decode: "uint16" } as const;
const minutes = (n: number) => n * 60_000;

export const heidelbergEnergyControl = chargingColumn({
  type: "heidelberg-energy-control",
  title: { it: "Colonnina Heidelberg Energy Control o Amperfied", en: "Heidelberg Energy Control or Amperfied charging column" },
  maxRegisters: 14,
  // Its watchdog is 15 s by default: read at a quarter of that, one round may fail.
  every: "3s",
  points: {
    "state-code": code({ ...input, address: 5 }),
    ...currents({ ...input, address: 6, scale: 0.1 }, 1),
    temperature: degrees({ fc: 4, decode: "int16", address: 9, scale: 0.1 }),
    ...voltages({ ...input, address: 10 }, 1),
    unlocked: truth({ ...input, decode: "bool", address: 13 }),
    // Its document gives VA and VAh; it measures no real power.
    "apparent-power": { ...input, address: 14, unit: "V.A", kind: "gauge", report: { change: 100, atLeastMs: minutes(15) } },
    "apparent-energy": {
      fc: 4,
      decode: "uint32",
      address: 17,
      unit: "kV.A.h",
      kind: "counter",
      scale: 0.001,
      report: { change: 0.1, atLeastMs: minutes(15) },
    },
  },
  derived: {
    state: letterOf({
      letters: { A: [2, 3], B: [4, 5], C: [6, 7], F: [9, 11], U: [10] },
      // Derating: too warm, so that it gives less; it says nothing of the car.
      keeps: [8],
    }),
    derating: {
      spec: { unit: "", kind: "state", report: { atLeastMs: minutes(15) } },
      from: ["state-code"],
      of: ({ "state-code": state }) => ({ value: state === 8 }),
    },
  },
  control: {
    limit: { ...holding, address: 261, scale: 0.1, most: 16, orZero: true, readBack: true, kept: true },
    failSafe: {
      current: { ...holding, address: 262, scale: 0.1 },
      after: { ...holding, address: 257, scale: 0.001 },
      seconds: [6, 60],
    },
    hearsWithinMs: 15_000,
  },
  goldens: [
    {
      name: "no car",
      tx: "02 04 00 05 00 01 21 F8",
      rx: "02 04 02 00 02 7C F1",
      expect: { state: "A", derating: false, "state-code": 2 },
      source: "a user's capture on its RS-485 line (evcc issue 9582)",
    },
    {
      name: "voltages",
      tx: "02 04 00 0A 00 03 90 3A",
      rx: "02 04 06 00 EF 00 F1 00 F0 F0 03",
      expect: { "voltage-l1": 239, "voltage-l2": 241, "voltage-l3": 240 },
      source: "the same capture (evcc issue 9582)",
    },
    {
      name: "energy since installation",
      tx: "02 04 00 11 00 02 21 FD",
      rx: "02 04 04 00 00 C9 4A 1F 23",
      expect: { "apparent-energy": 51.53 },
      source: "the same capture (evcc issue 9582): 51530 VAh",
    },
    {
      name: "limit, paused",
      tx: "02 03 01 05 00 01 95 C4",
      rx: "02 03 02 00 00 FC 44",
      expect: { limit: 0 },
      source: "the same capture (evcc issue 9582)",
    },
    {
      name: "watchdog",
      tx: "01 03 01 01 00 01 D4 36",
      rx: "01 03 02 3A 98 AB 4E",
      expect: { "fail-safe-after": 15 },
      source: "the same capture (evcc issue 9582): 15000 ms",
    },
    {
      name: "charging on two phases",
      tx: "01 04 00 05 00 0A 60 0C",
      rx: "01 04 14 00 07 00 A0 00 9F 00 00 01 45 00 E6 00 E7 00 E5 00 01 1C C0 5F 9D",
      expect: {
        state: "C",
        derating: false,
        "state-code": 7,
        "current-l1": 16,
        "current-l2": 15.9,
        "current-l3": 0,
        temperature: 32.5,
        "voltage-l1": 230,
        "voltage-l2": 231,
        "voltage-l3": 229,
        unlocked: true,
        "apparent-power": 7360,
      },
      source: "constructed by the register table; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "derating alone does not say whether there is a car",
      tx: "01 04 00 05 00 01 21 CB",
      rx: "01 04 02 00 08 B8 F6",
      expect: { state: null, derating: true, "state-code": 8 },
      source: "constructed: 8 after 01 04 02; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "02 04 00 05 00 01 21 F8",
      rx: "02 04 02 00 03 7C F1",
      expect: "refused",
      source: "constructed: the first frame with its last data bit turned",
    },
  ],
});
