/** go-e Charger over Modbus TCP: registers, letters, limit and switch, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { amperes, code, currents, energy, voltages, watts } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// go-e Charger Modbus TCP: functions 3 and 4 read, function 16 alone writes. Firmware 60.3 exchanges the bytes of all registers: its values are
// impossible and refused. Register 299 is meant to be volatile, and is not on every firmware (go-e API issues 270, 310): it is written only when it
// holds something else, rarely, and read afterwards. 300 is worn by every write and left alone.
const wide = { fc: 4, decode: "uint32" } as const;
const one = { fc: 4, decode: "uint16" } as const;

export const goECharger = chargingColumn({
  type: "go-e-charger",
  title: { it: "Colonnina go-e Charger", en: "go-e Charger charging column" },
  maxRegisters: 24,
  every: "10s",
  points: {
    "state-code": code({ ...one, address: 100 }),
    "cable-current": amperes({ ...one, address: 101 }),
    "error-code": code({ ...one, address: 107 }),
    ...voltages({ ...wide, address: 108 }, 2),
    ...currents({ ...wide, address: 114, scale: 0.1 }, 2),
    power: watts({ ...wide, address: 120, scale: 0.01 }),
    energy: energy({ ...wide, address: 128, scale: 0.1 }),
  },
  derived: {
    state: letter(["state-code", "error-code"], ({ "state-code": state, "error-code": error }) => {
      if (state === 1) return "A";
      if (state === 3 || state === 4) return "B";
      if (state === 2) return "C";
      // Firmware 56.8 says 0 without any fault (go-e API issue 229).
      return state === 0 && typeof error === "number" && error !== 0 ? "F" : undefined;
    }),
  },
  control: {
    limit: {
      fc: 3,
      decode: "uint16",
      address: 299,
      writeWith: 16,
      most: 32,
      wears: true,
      readBack: true,
      minIntervalMs: 30_000,
    },
    // 0 neutral, 1 off, 2 on: 1 alone pauses.
    paused: { fc: 3, decode: "uint16", address: 337, bit: 0, writeWith: 16, wears: true, readBack: true },
  },
  goldens: [
    {
      name: "off by force",
      tx: "01 03 01 51 00 01 D4 27",
      rx: "01 03 02 00 01 79 84",
      expect: { paused: true },
      source: "constructed: 337 = 1; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "on by force",
      tx: "01 03 01 51 00 01 D4 27",
      rx: "01 03 02 00 02 39 85",
      expect: { paused: false },
      source: "constructed: 337 = 2; CRC by the same loop",
    },
    {
      name: "charging",
      tx: "01 04 00 64 00 01 70 15",
      rx: "01 04 02 00 02 38 F1",
      expect: { "state-code": 2 },
      source: "constructed by the register list; CRC by the same loop",
    },
    {
      name: "voltages",
      tx: "01 04 00 6C 00 06 B0 15",
      rx: "01 04 0C 00 00 00 E6 00 00 00 E7 00 00 00 E5 82 4E",
      expect: { "voltage-l1": 230, "voltage-l2": 231, "voltage-l3": 229 },
      source: "constructed by the register list; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "01 04 00 64 00 01 70 15",
      rx: "01 04 02 00 03 38 F1",
      expect: "refused",
      source: "constructed: the frame above with its last data bit turned",
    },
  ],
});
