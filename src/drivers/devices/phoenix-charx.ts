/** Phoenix Contact CHARX, one device for each controller: letters and limit, and the frames that prove them. */
import { chargingColumn } from "../families/column/column.ts";
import { code, text } from "../families/column/column-quantities.ts";
import { letter } from "../families/column/derived.ts";

// Phoenix Contact CHARX, Modbus TCP, unit 1: controller n has its registers from n × 1000. Its meter (from +232) is not read: how wide those values
// are, and in which order their words come, is not known for sure. The identity of a card (+275) is never read.
const one = { fc: 3, decode: "uint16" } as const;

export const phoenixCharx = chargingColumn({
  type: "phoenix-charx",
  title: { it: "Controllore di ricarica Phoenix Contact CHARX", en: "Phoenix Contact CHARX charging controller" },
  maxRegisters: 3,
  every: "10s",
  controllers: { step: 1000, most: 48 },
  points: {
    "state-code": text({ fc: 3, decode: "text", address: 299, count: 1 }),
    // Acted upon in its mode "release by Modbus" only, so that it is only read.
    "release-code": code({ ...one, address: 300 }),
  },
  derived: {
    // Its first character is the letter; a second one says whether it offers current.
    state: letter(["state-code"], ({ "state-code": state }) => {
      const first = String(state ?? "").charAt(0);
      if (first === "A" || first === "B" || first === "C") return first;
      if (first === "D") return "C";
      return first === "E" || first === "F" ? "F" : undefined;
    }),
  },
  control: {
    // 0 withdraws the release.
    limit: { ...one, address: 301, most: 80, orZero: true, readBack: true },
  },
  goldens: [
    {
      name: "charging with 16 A, controller 1",
      tx: "01 03 05 13 00 03 F4 C2",
      rx: "01 03 06 43 32 00 01 00 10 46 4E",
      expect: { "state-code": "C2", "release-code": 1, limit: 16, state: "C" },
      source: "constructed: +299 C2, +300 1, +301 16; CRC by a bitwise Python loop (init FFFF, polynomial A001)",
    },
    {
      name: "one bit turned",
      tx: "01 03 05 13 00 03 F4 C2",
      rx: "01 03 06 43 32 00 01 00 11 46 4E",
      expect: "refused",
      source: "constructed: the first frame with its last data bit turned",
    },
  ],
});
