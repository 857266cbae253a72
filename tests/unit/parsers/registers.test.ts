/** Registers and units as random streams: no exception, bounded memory, always the next whole one. */
import { equal, ok } from "node:assert/strict";
import { describe, expect, it } from "vitest";
import type { RegisterPoint } from "../../../src/drivers/driver.ts";
import { ReadingJudge } from "../../../src/drivers/families/modbus/reading-judge.ts";
import { decodePoint, encodePoint } from "../../../src/drivers/families/modbus/registers.ts";
import { unitOf } from "../../../src/drivers/families/modbus/ucum-units.ts";
import { type Dice, each } from "../../support/memory/dice.ts";

const MINUTES_MS = 20 * 60_000;

describe("registers", () => {
  const WIDE = [
    "uint32",
    "int32",
    "float32",
    "uint48",
    "int48",
    "uint64",
    "int64",
    "float64",
    "bcd32",
    "bcd48",
    "bcd64",
  ] as const;
  const UNITS = ["1", "V", "kW.h", "m3", "Cel", "Hz", "%", "furlong"];
  const pointOf = (dice: Dice): RegisterPoint => ({
    fc: 3,
    address: dice.below(8),
    decode: dice.pick("bool", "uint8", "int8", "uint16", "int16", "bcd16", "text", ...WIDE),
    unit: UNITS[dice.below(UNITS.length)] ?? "1",
    kind: dice.pick("gauge", "counter"),
    ...(dice.below(2) === 0 && { words: dice.pick("low-first", "high-first") }),
    ...(dice.below(2) === 0 && { bytes: dice.pick("low-first", "high-first") }),
    ...(dice.below(3) === 0 && { scale: dice.pick(0.001, 0.1, 3, 1000, -1, 1e300) }),
    ...(dice.below(4) === 0 && { offset: dice.pick(-40, 0.5, 1e9) }),
    ...(dice.below(4) === 0 && { scaleFrom: dice.below(14) }),
    ...(dice.below(4) === 0 && { count: 1 + dice.below(6) }),
    ...(dice.below(6) === 0 && { mask: 1 + dice.below(0xffff) }),
    ...(dice.below(6) === 0 && { bit: dice.below(32) }),
    ...(dice.below(6) === 0 && { map: { "0": "off", "1": "on" } }),
    ...(dice.below(4) === 0 && { absent: [dice.below(0x10000), -1] }),
    ...(dice.below(4) === 0 && { range: [-10, 1e6] as const }),
  });

  it("any bytes make a value of the contract or a code, whatever the table says", { timeout: MINUTES_MS }, () => {
    const belief = new ReadingJudge();
    each((dice) => {
      const point = pointOf(dice);
      // As long as the request asked for: shorter replies never come so far.
      const data = Buffer.alloc(40, dice.pick(0, 0xff, 0x41, dice.below(256)));
      dice.bytes(40).copy(data, dice.below(20));
      const decoded = decodePoint(data, { address: 0 }, point);
      if (!("value" in decoded)) return;
      const { value } = decoded;
      if (typeof value === "number")
        ok(Number.isFinite(value) && (Number.isSafeInteger(value) || !isBeyond(value, point)), String(value));
      else if (typeof value === "string") ok(value.length <= 40 || point.decode === "text", value);
      else equal(typeof value, "boolean");
      if (point.range && typeof value === "number" && !("doubt" in decoded)) ok(value >= -10 && value <= 1e6);
      const judged = belief.judge({ point: "p", value, quality: "good", mono: dice.below(1e9) }, point);
      ok(judged.quality === "good" || judged.code !== undefined);
    });
  });

  /** Whole numbers beyond 2^53 are strings; floats are what they are. */
  const isBeyond = (value: number, { decode }: RegisterPoint): boolean => Number.isInteger(value) && !decode.startsWith("float");

  it("what is written is what is read back, in any order of bytes", { timeout: MINUTES_MS }, () => {
    each((dice) => {
      const { words, bytes, scale, offset } = pointOf(dice);
      const decode = dice.pick("uint16", "int16", "bcd16", ...WIDE);
      const all = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;
      const point: RegisterPoint = { fc: 3, address: 0, decode, unit: "1", kind: "gauge", range: all };
      const ordered = {
        ...point,
        ...(words && { words }),
        ...(bytes && { bytes }),
        ...(scale && { scale }),
        ...(offset && { offset }),
      };
      const encoded = encodePoint((dice.below(2 ** 32) - 2 ** 31) / dice.pick(1, 10, 1e6), ordered);
      if (encoded === null) return;
      const sent = Buffer.from(encoded.registers.flatMap((one) => [one >> 8, one & 0xff]));
      expect(decodePoint(sent, { address: 0 }, ordered)).toEqual({ value: encoded.value });
    });
  });

  it("units as people write them are a code or a word, and a code is its own", { timeout: MINUTES_MS }, () => {
    const pieces = [
      "k",
      "m",
      "W",
      "h",
      "V",
      "A",
      "°",
      "C",
      "m",
      "³",
      "3",
      "/",
      ".",
      "{",
      "}",
      "[",
      "]",
      "%",
      " ",
      "bar",
      "constructor",
      "Ω",
    ];
    each((dice) => {
      const written = Array.from({ length: dice.below(6) }, () => pieces[dice.below(pieces.length)] ?? "").join("");
      const read = unitOf(written);
      if ("unit" in read) expect(unitOf(read.unit)).toEqual(read);
      else ok(read.suggestion.length > 0);
    });
  });
});
