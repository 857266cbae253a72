/** The A01NYUB (DYP-A01) ultrasonic sensor on a UART: its frame, its limits, and the frames that prove them. */
import { distanceSensor } from "../families/frame/distance.ts";

// DFRobot SEN0313: 9600 8N1, free running at 150–300 ms; FF, distance in mm high byte first, low byte of the sum. Range 280–7500 mm.
export const a01nyub = distanceSensor({
  type: "a01nyub",
  title: { it: "Sensore di distanza a ultrasuoni A01NYUB", en: "A01NYUB ultrasonic distance sensor" },
  baud: 9600,
  everyMs: 150,
  frame: { framing: "fixed", header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" },
  blindBelow: 280,
  farthest: 7500,
  goldens: [
    {
      name: "1953 mm, something nearer than 2500 mm",
      rx: "FF 07 A1 A7",
      options: { occupiedBelow: "2500mm" },
      expect: { distance: 1953, presence: true },
      source: "DFRobot SEN0313 product page, UART output example",
    },
    {
      name: "nearer than it can measure",
      rx: "FF 01 17 17",
      options: { occupiedBelow: "2500mm" },
      expect: { distance: null, presence: null },
      source:
        "constructed: 279 = 0117 is below the blind zone of 280 mm (esphome a01nyub); FF + 01 + 17 = 117, low byte 17, by hand",
    },
    {
      name: "beyond its range, where the site says that this is an empty bay",
      rx: "FF 1D 4D 69",
      options: { occupiedBelow: "2500mm", seesNothing: "free" },
      expect: { distance: null, presence: false },
      source: "constructed: 7501 = 1D4D; FF + 1D + 4D = 169, low byte 69, by hand",
    },
    { name: "wrong sum", rx: "FF 07 A1 A6", expect: "refused", source: "constructed: the first golden with its sum one too low" },
  ],
});
