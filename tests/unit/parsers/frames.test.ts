/** Frames of serial devices as random streams: no exception, bounded memory, always the next whole one. */
import { ok } from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../../hw-sim/site/serial/encode.ts";
import type { FixedFrame, FrameField, FrameLayout, LineField } from "../../../src/drivers/driver.ts";
import { type Fields, FrameStream } from "../../../src/drivers/families/frame/codec.ts";
import { codecOf } from "../../../src/drivers/families/frame/codecs.ts";
import { type Dice, each } from "../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;
const fixed = (frame: Omit<FixedFrame, "framing">): FrameLayout => ({ framing: "fixed", ...frame });

describe("frames of a serial device", () => {
  const layouts: readonly (readonly [string, FrameLayout])[] = [
    ["fixed: one header byte, a sum", fixed({ header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" })],
    [
      "fixed: two header bytes, five fields, a sum",
      fixed({
        header: [0x59, 0x59],
        fields: [
          { name: "distance", decode: "uint16", bytes: "low-first" },
          { name: "strength", decode: "int16" },
          { name: "mode", decode: "uint8" },
          { name: "offset", decode: "int8" },
          { name: "speed", decode: "plus15" },
        ],
        check: "sum8",
      }),
    ],
    [
      "fixed: header and tail, no check",
      fixed({ header: [0xaa, 0xff, 3, 0], fields: [{ name: "x", decode: "plus15" }], check: "none", tail: [0x55, 0xcc] }),
    ],
    [
      "sized: a body with an end of its own",
      {
        framing: "sized",
        header: [0xf4, 0xf3, 0xf2, 0xf1],
        size: "uint16-low-first",
        most: 64,
        fields: [
          { name: "report", decode: "uint8", oneOf: [2] },
          { name: "state", decode: "uint8" },
        ],
        bodyEnd: [0x55, 0],
        tail: [0xf8, 0xf7],
      },
    ],
    [
      "line: a mark and digits",
      { framing: "line", begin: "R", fields: [{ name: "mm", decode: "decimal", chars: [4, 4] }], end: "\r" },
    ],
    [
      "line: a mark and a number",
      { framing: "line", begin: "T", fields: [{ name: "t", decode: "number", chars: [1, 7] }], after: "C", end: "\r\n" },
    ],
    [
      "line: hex digits with their XOR",
      { framing: "line", begin: "\x02", fields: [{ name: "id", decode: "hex", chars: [10, 10] }], check: "xor-hex", end: "\x03" },
    ],
    [
      "line: a sentence as of NMEA 0183",
      {
        framing: "line",
        begin: "$PAY,",
        fields: [
          { name: "id", decode: "text", chars: [0, 10] },
          { name: "lasts", decode: "decimal", chars: [0, 7] },
        ],
        check: "nmea",
        end: "\r\n",
      },
    ],
    [
      "line: nothing but text and its end",
      { framing: "line", begin: "", fields: [{ name: "id", decode: "text", chars: [4, 16] }], after: ";", end: "\r\n" },
    ],
  ];

  const fieldOf = (field: FrameField | LineField, dice: Dice): number | string => {
    if (field.decode === "hex")
      return Array.from({ length: field.chars[0] }, () => dice.below(16).toString(16).toUpperCase()).join("");
    if (field.decode === "text") return `id${dice.below(10 ** 6)}`;
    if (field.decode === "decimal") return dice.below(10 ** field.chars[1]);
    if (field.decode === "number") return (dice.below(2001) - 1000) / 10;
    return "oneOf" in field ? (field.oneOf?.[0] ?? 0) : dice.below(0x1f);
  };
  const shownOf = ({ fields }: FrameLayout, dice: Dice) =>
    Object.fromEntries(fields.map((field) => [field.name, fieldOf(field, dice)]));
  const readable = (fields: Fields) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "number" ? value : Buffer.from(value).toString("latin1"),
      ]),
    );

  it.each(layouts)("%s", { timeout: MINUTES_MS }, (_, layout) => {
    each((dice) => {
      const codec = codecOf(layout);
      const frames = new FrameStream(codec, dice.below(2) === 0);
      const frameOf = () => Buffer.from(encodeFrame(layout, shownOf(layout, dice)));
      const stream = Array.from({ length: 1 + dice.below(6) }, () => dice.spoiled(frameOf()));
      let fed = 0;
      let given = 0;
      for (const piece of dice.pieces(Buffer.concat(stream))) {
        fed += piece.length;
        given += frames.push(piece).length;
      }
      ok(frames.strayBytes + given <= fed, "no byte counts twice");
      // One chance frame may reach into the first of the good ones, and the one after an error only restores trust.
      const good = Array.from({ length: 3 + Math.ceil(codec.most / 4) }, () => shownOf(layout, dice));
      const bytes = Buffer.concat(good.map((shown) => Buffer.from(encodeFrame(layout, shown))));
      const found = dice.pieces(bytes).flatMap((piece) => frames.push(piece));
      expect(readable(found.at(-1) ?? {})).toEqual(good.at(-1));
      ok(!frames.hopeless);
      // Whatever lies in it is less than a frame: of bytes that can begin none all but that many are counted.
      const before = frames.strayBytes;
      frames.push(Buffer.alloc(100 + codec.most));
      ok(frames.strayBytes - before > 100);
    });
  });
});
