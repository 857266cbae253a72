/** The A02YYUW (DYP-A02) waterproof ultrasonic sensor on a UART: its frame, its limits, and the frames that prove them. */
import { distanceSensor } from "../families/frame/distance.ts";

// DFRobot SEN0311: 9600 8N1, free running at 100–300 ms; FF, distance in mm high byte first, low byte of the sum. Range 30–4500 mm.
export const a02yyuw = distanceSensor({
  type: "a02yyuw",
  title: { it: "Sensore di distanza a ultrasuoni A02YYUW", en: "A02YYUW ultrasonic distance sensor" },
  baud: 9600,
  everyMs: 100,
  frame: { framing: "fixed", header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" },
  blindBelow: 30,
  farthest: 4500,
  goldens: [
    {
      name: "1953 mm, nothing below 1200 mm",
      rx: "FF 07 A1 A7",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 1953, presence: false },
      source: "DFRobot SEN0311 product page, UART output example",
    },
    {
      name: "occupied",
      rx: "FF 01 F4 F4",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 500, presence: true },
      source: "constructed: 500 = 01F4; FF + 01 + F4 = 1F4, low byte F4, by hand",
    },
    {
      name: "something on the sensor",
      rx: "FF 00 14 13",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source: "constructed: 20 mm is below the 30 mm blind zone; FF + 00 + 14 = 113, low byte 13, by hand",
    },
    {
      name: "no echo, where the site says that this is an empty bay",
      rx: "FF 00 00 FF",
      options: { occupiedBelow: "1200mm", seesNothing: "free" },
      expect: { distance: null, presence: false },
      source: "constructed: 0 mm is its word for no echo; FF + 00 + 00 = FF, by hand",
    },
    {
      name: "distance alone, after a torn frame and one that restores trust",
      rx: "A1 A7 FF 07 A1 A7 FF 01 F4 F4",
      expect: { distance: 500 },
      source: "constructed: the tail of the first golden, then both frames above",
    },
    {
      name: "wrong sum",
      rx: "FF 07 A1 A8",
      expect: "refused",
      source: "constructed: the first golden with its sum one too high",
    },
  ],
});
