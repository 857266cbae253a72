/** KEBA KeContact P30 and P40 over Modbus TCP: registers, letters, limit, fail-safe, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { amperes, code, currents, energy, sessionEnergy, voltages, watts } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// KEBA KeContact P40 Modbus TCP guide V1.02: unit 255, function 3, one value of two registers in each request, function 6 to write.
// It wants 0.5 s between reads (`gap` of its bus). The identity of a card (1500) is never read.
const holding = { fc: 3, decode: "uint32", absent: [0xffff_ffff] } as const;
const seldom = 3_600_000;

/** P40 has seven digits and begins with 4; before firmware 1.2.1 it counts Wh where all others count 0.1 Wh. */
const countsWh = (product: number, firmware: number): boolean => product >= 4_000_000 && product < 5_000_000 && firmware < 10_201;

export const kebaP30P40 = chargingColumn({
  type: "keba-p30-p40",
  title: { it: "Colonnina KEBA KeContact P30 o P40", en: "KEBA KeContact P30 or P40 charging column" },
  maxRegisters: 2,
  every: "10s",
  points: {
    "state-code": code({ ...holding, address: 1000 }),
    "cable-code": code({ ...holding, address: 1004 }),
    "error-code": code({ ...holding, address: 1006 }),
    ...currents({ ...holding, address: 1008, scale: 0.001 }, 2),
    product: code({ ...holding, address: 1016, leastEveryMs: seldom }),
    firmware: code({ ...holding, address: 1018, leastEveryMs: seldom }),
    power: watts({ ...holding, address: 1020, scale: 0.001 }),
    "energy-count": { ...energy({ ...holding, address: 1036 }), unit: "1", hidden: true },
    ...voltages({ ...holding, address: 1040 }, 2),
    "current-available": amperes({ ...holding, address: 1100, scale: 0.001 }),
    "session-count": { ...sessionEnergy({ ...holding, address: 1502 }), unit: "1", hidden: true },
  },
  derived: {
    state: letter(["state-code", "cable-code"], ({ "state-code": state, "cable-code": cable }) => {
      if (typeof state !== "number" || typeof cable !== "number" || state > 5) return undefined;
      if (state === 4) return "F";
      if (state === 3) return "C";
      return (cable & 4) === 4 ? "B" : "A";
    }),
    energy: inKilowattHours("energy-count", "counter"),
    "session-energy": inKilowattHours("session-count", "gauge"),
  },
  control: {
    // What it was told can be read nowhere: `current-available` is what it gives for whatever reason.
    limit: {
      fc: 3,
      decode: "uint16",
      address: 5004,
      scale: 0.001,
      writeWith: 6,
      writeOnly: true,
      most: 32,
      orZero: true,
      minIntervalMs: 5000,
    },
    failSafe: {
      current: { ...holding, address: 1600, scale: 0.001, writeTo: { address: 5016, decode: "uint16" }, writeWith: 6 },
      after: { ...holding, address: 1602, writeTo: { address: 5018, decode: "uint16" }, writeWith: 6 },
      seconds: [20, 600],
    },
  },
  goldens: [
    {
      name: "716.9427 kWh, or ten times as much: model and firmware say which",
      tx: "FF 03 04 0C 00 02 10 E6",
      rx: "FF 03 04 00 6D 65 93 1F 1C",
      expect: { "energy-count": 7_169_427 },
      source: "a user's capture of a P30 over Modbus TCP (evcc issue 16105); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "firmware 1.0.0",
      tx: "FF 03 03 FA 00 02 F1 A0",
      rx: "FF 03 04 00 00 27 10 FF C0",
      expect: { firmware: 10_000 },
      source: "KEBA P40 Modbus TCP guide V1.02: 1018 = 10000 is 1.0.0; in an RTU frame, CRC by the same loop",
    },
    {
      name: "98.661 W",
      tx: "FF 03 03 FC 00 02 11 A1",
      rx: "FF 03 04 00 01 81 65 14 47",
      expect: { power: 98.661 },
      source: "KEBA P40 Modbus TCP guide V1.02: 1020 = 98661 is 98.661 W; in an RTU frame, CRC by the same loop",
    },
    {
      name: "a register that it does not have",
      tx: "FF 03 04 16 00 02 31 21",
      rx: "FF 83 02 A1 01",
      expect: "refused",
      source: "constructed: exception 2 and its CRC by the same loop",
    },
  ],
});

function inKilowattHours(count: string, kind: "counter" | "gauge") {
  return {
    spec: { unit: "kW.h", kind, report: { change: 0.1, atLeastMs: 15 * 60_000 } },
    from: [count],
    given: ["product", "firmware"],
    of({ [count]: raw, product, firmware }: Readonly<Record<string, unknown>>) {
      if (typeof raw !== "number" || typeof product !== "number" || typeof firmware !== "number") return undefined;
      return { value: Number((raw * (countsWh(product, firmware) ? 0.001 : 0.0001)).toFixed(4)) };
    },
  } as const;
}
