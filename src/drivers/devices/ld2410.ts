/** The HLK-LD2410 presence radar on a UART: its frame, in basic and in engineering mode, and the frames that prove it. */
import { radarSensor } from "../families/frame/radar.ts";

// HLK-LD2410 serial protocol, 2.3: 256000 8N1, ten frames a second, little-endian. Type 02 is the basic report; 01, engineering mode, begins
// with the same fields. State: bit 0 something moves, bit 1 something stands still. Energies are 0 to 100.
const lowFirst = { decode: "uint16", bytes: "low-first", scale: 10 } as const;

export const ld2410 = radarSensor({
  type: "ld2410",
  title: { it: "Radar di presenza HLK-LD2410", en: "HLK-LD2410 presence radar" },
  baud: 256_000,
  everyMs: 100,
  frame: {
    framing: "sized",
    header: [0xf4, 0xf3, 0xf2, 0xf1],
    size: "uint16-low-first",
    most: 64,
    fields: [
      { name: "report", decode: "uint8", oneOf: [2, 1] },
      { name: "head", decode: "uint8", oneOf: [0xaa] },
      { name: "state", decode: "uint8", oneOf: [0, 1, 2, 3] },
      { name: "moving", ...lowFirst },
      { name: "moving-energy", decode: "uint8" },
      { name: "still", ...lowFirst },
      { name: "still-energy", decode: "uint8" },
      { name: "detection", ...lowFirst },
    ],
    bodyEnd: [0x55, 0x00],
    tail: [0xf8, 0xf7, 0xf6, 0xf5],
  },
  farthest: 8000,
  // The frame keeps the last distance of a target that is gone, so only the state bits say what is there. 0 cm means: within the nearest gate.
  targets: ({ state, moving, still }) => [
    ...((Number(state) & 1) !== 0 ? [{ distance: Number(moving), isMoving: true }] : []),
    ...((Number(state) & 2) !== 0 ? [{ distance: Number(still), isMoving: false }] : []),
  ],
  goldens: [
    {
      name: "something stands still, right in front of it",
      rx: "F4 F3 F2 F1 0D 00 02 AA 02 51 00 00 00 00 3B 00 00 55 00 F8 F7 F6 F5",
      expect: { presence: true, motion: false, distance: 0 },
      source: "HLK-LD2410 serial protocol, 2.3.2, report example in basic mode",
    },
    {
      name: "moving at 79 cm and still at 76 cm",
      rx: "F4 F3 F2 F1 0D 00 02 AA 03 4F 00 64 4C 00 64 32 00 55 00 F8 F7 F6 F5",
      options: { occupiedBelow: "1m" },
      expect: { presence: true, motion: true, distance: 760 },
      source: "capture by shabaz (HLK-LD2410 tool, May 2023)",
    },
    {
      name: "nobody there; what it measured last still stands in the frame",
      rx: "F4 F3 F2 F1 0D 00 02 AA 00 45 00 3E 00 00 3A 00 00 55 00 F8 F7 F6 F5",
      expect: { presence: false, motion: false, distance: null },
      source: "capture in Tasmota's LD2410 driver, no target",
    },
    {
      name: "too far away to be in the bay",
      rx: "F4 F3 F2 F1 0D 00 02 AA 03 4F 00 64 4C 00 64 32 00 55 00 F8 F7 F6 F5",
      options: { occupiedBelow: "50cm" },
      expect: { presence: false, motion: false, distance: 760 },
      source: "capture by shabaz (HLK-LD2410 tool, May 2023)",
    },
    {
      name: "no end of the body",
      rx: "F4 F3 F2 F1 0D 00 02 AA 02 51 00 00 00 00 3B 00 00 54 00 F8 F7 F6 F5",
      expect: "refused",
      source: "constructed: the first golden with one bit turned in its 55",
    },
  ],
});
