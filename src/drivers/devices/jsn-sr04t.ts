/** The JSN-SR04T waterproof ultrasonic sensor in its serial modes: its frame, its limits, and the frames that prove them. */
import { distanceSensor } from "../families/frame/distance.ts";

// JSN-SR04T output modes, V2.0 and later: 9600 8N1; with 47 kΩ at R27 it sends every 100 ms, with 120 kΩ upon a byte 55; FF, distance in mm high
// byte first, low byte of the sum. Range to 6000 mm; nearer than 250 mm its values are wrong (esphome jsn_sr04t). Its copy AJ-SR04M is asked with
// another byte, and what its sum covers is told in two ways: it is not this type.
export const jsnSr04t = distanceSensor({
  type: "jsn-sr04t",
  title: { it: "Sensore di distanza a ultrasuoni JSN-SR04T", en: "JSN-SR04T ultrasonic distance sensor" },
  baud: 9600,
  everyMs: 100,
  asked: [0x55],
  frame: { framing: "fixed", header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" },
  blindBelow: 250,
  farthest: 6000,
  goldens: [
    {
      name: "1953 mm, nothing below 1200 mm",
      tx: "55",
      rx: "FF 07 A1 A7",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: 1953, presence: false },
      source: "notes of a public JSN-SR04T driver: FF 07 A1 is 1953 mm; the sum by hand, as the output modes say",
    },
    {
      name: "the same frame, sent by itself",
      rx: "FF 07 A1 A7",
      options: { sends: "by-itself", occupiedBelow: "2200mm" },
      expect: { distance: 1953, presence: true },
      source: "notes of a public JSN-SR04T driver: FF 07 A1 is 1953 mm; the sum by hand, as the output modes say",
    },
    {
      name: "nearer than it can measure",
      tx: "55",
      rx: "FF 00 F9 F8",
      options: { occupiedBelow: "1200mm" },
      expect: { distance: null, presence: null },
      source:
        "constructed: 249 = 00F9 is below the 250 mm under which esphome takes nothing; FF + 00 + F9 = 1F8, low byte F8, by hand",
    },
    {
      name: "the sum without its first byte, as of an AJ-SR04M",
      tx: "55",
      rx: "FF 07 A1 A8",
      expect: "refused",
      source: "constructed: 07 + A1 = A8, by hand",
    },
  ],
});
