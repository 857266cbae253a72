/** Vestel EVC04 and Webasto Live: registers, letters, limit with its life bit, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, energy } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// Vestel EVC04, Webasto Live, Modbus TCP, unit 255: function 4 reads, function 6 writes. Its power (1020) is not read: how wide that value is, is not
// known for sure. It obeys as long as 6000 is written within its timeout (2002), at a quarter of it. Whether what is written can be read is not known.
const one = { fc: 4, decode: "uint16" } as const;
const write = { fc: 3, decode: "uint16", writeWith: 6, writeOnly: true } as const;

export const vestelEvc04 = chargingColumn({
  type: "vestel-evc04",
  title: { it: "Colonnina Vestel EVC04 o Webasto Live", en: "Vestel EVC04 or Webasto Live charging column" },
  maxRegisters: 8,
  every: "5s",
  points: {
    "session-code": code({ ...one, address: 1001 }),
    "cable-code": code({ ...one, address: 1004 }),
    "error-code": code({ fc: 4, decode: "uint32", address: 1006 }),
    energy: energy({ fc: 4, decode: "uint32", address: 1036, scale: 0.1 }),
  },
  derived: {
    state: letter(["session-code", "cable-code", "error-code"], (values) => {
      const { "session-code": session, "cable-code": cable, "error-code": error } = values;
      if (typeof session !== "number" || typeof cable !== "number" || typeof error !== "number") return undefined;
      if (error !== 0) return "F";
      if (session === 1) return "C";
      return cable < 2 ? "A" : "B";
    }),
  },
  control: {
    limit: { ...write, address: 5004, most: 32 },
    beats: { life: { ...write, address: 6000, keepAlive: { everyMs: 5000, value: 1 } } },
    failSafe: { current: { ...write, address: 2000 }, after: { ...write, address: 2002 }, seconds: [20, 600], isNeeded: true },
  },
  goldens: [
    {
      name: "energy",
      tx: "FF 04 04 0C 00 02 A5 26",
      rx: "FF 04 04 00 00 54 B5 1B 3C",
      expect: { energy: 2168.5 },
      source: "a user's capture over Modbus TCP (evcc issue 5612); in an RTU frame, CRC by a bitwise Python loop",
    },
    {
      name: "charging",
      tx: "FF 04 03 E9 00 07 75 A6",
      rx: "FF 04 0E 00 01 00 00 00 00 00 02 00 00 00 00 00 00 AC 36",
      expect: { "session-code": 1, "cable-code": 2, "error-code": 0, state: "C" },
      source: "constructed: 1001 = 1, 1004 = 2, 1006 = 0; CRC by the same loop",
    },
    {
      name: "a fault",
      tx: "FF 04 03 E9 00 07 75 A6",
      rx: "FF 04 0E 00 00 00 00 00 00 00 02 00 00 00 00 00 04 AF 74",
      expect: { "session-code": 0, "cable-code": 2, "error-code": 4, state: "F" },
      source: "constructed: 1006 = 4; CRC by the same loop",
    },
    {
      name: "one bit turned",
      tx: "FF 04 04 0C 00 02 A5 26",
      rx: "FF 04 04 00 00 54 B4 1B 3C",
      expect: "refused",
      source: "constructed: the first frame with its last data bit turned",
    },
  ],
});
