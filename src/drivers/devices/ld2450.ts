/** The HLK-LD2450 radar on a UART, which follows up to three moving targets: its frame, and the frames that prove it. */
import { radarSensor } from "../families/frame/radar.ts";

// HLK-LD2450 serial protocol V1.03, 2.3: 256000 8N1, ten frames a second; three targets of x and y in mm, speed in cm/s and the size of a
// distance gate in mm. The highest bit of the first three is set for a positive number. A place of eight zero bytes is empty.
const signed = { decode: "plus15", bytes: "low-first" } as const;
const target = (n: number) =>
  [
    { name: `x${n}`, ...signed },
    { name: `y${n}`, ...signed },
    { name: `speed${n}`, ...signed },
    { name: `gate${n}`, decode: "uint16", bytes: "low-first" },
  ] as const;

export const ld2450 = radarSensor({
  type: "ld2450",
  title: { it: "Radar HLK-LD2450 per oggetti in movimento", en: "HLK-LD2450 radar for moving targets" },
  baud: 256_000,
  everyMs: 100,
  frame: {
    framing: "fixed",
    header: [0xaa, 0xff, 0x03, 0x00],
    fields: [...target(1), ...target(2), ...target(3)],
    check: "none",
    tail: [0x55, 0xcc],
  },
  farthest: 8000,
  targets: (fields) =>
    [1, 2, 3]
      .filter((n) => fields[`gate${n}`] !== 0)
      .map((n) => ({
        distance: Math.round(Math.hypot(Number(fields[`x${n}`]), Number(fields[`y${n}`]))),
        isMoving: fields[`speed${n}`] !== 0,
      })),
  goldens: [
    {
      name: "one target, 782 mm to the left and 1713 mm ahead, at 16 cm/s",
      rx: "AA FF 03 00 0E 03 B1 86 10 00 40 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 CC",
      options: { occupiedBelow: "2m" },
      expect: { presence: true, motion: true, distance: 1883 },
      source: "HLK-LD2450 serial protocol V1.03, 2.3, report example; its distance by Pythagoras",
    },
    {
      name: "the same target, where only what is nearer counts",
      rx: "AA FF 03 00 0E 03 B1 86 10 00 40 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 CC",
      options: { occupiedBelow: "1500mm" },
      expect: { presence: false, motion: false, distance: 1883 },
      source: "HLK-LD2450 serial protocol V1.03, 2.3, report example",
    },
    {
      name: "nothing moves",
      rx: "AA FF 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 CC",
      expect: { presence: false, motion: false, distance: null },
      source: "constructed: three empty places as the report example has them",
    },
    {
      name: "another end",
      rx: "AA FF 03 00 0E 03 B1 86 10 00 40 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 CD",
      expect: "refused",
      source: "constructed: the first golden with the lowest bit of its end turned",
    },
  ],
});
