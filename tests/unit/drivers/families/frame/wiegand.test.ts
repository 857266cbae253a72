/** A Wiegand number is the same however a converter writes it, and one wrong bit never passes for another card. */
import { expect, it } from "vitest";
import { type WiegandWriting, wiegandDigits } from "../../../../../src/drivers/families/frame/wiegand.ts";
import fc from "../../../../support/property.ts";

/** By text, not by bits: the first half with its bit is even, the second odd. */
function bitsOf(data: number, size: 24 | 32): string {
  const written = data.toString(2).padStart(size, "0");
  const ones = (half: string) => half.replaceAll("0", "").length;
  const [left, right] = [written.slice(0, size / 2), written.slice(size / 2)];
  return `${ones(left) % 2}${written}${(ones(right) + 1) % 2}`;
}
const read = (text: string, writing: WiegandWriting, bits: 26 | 34): string | null => {
  const digits = wiegandDigits(Buffer.from(text), writing, bits);
  return digits && Buffer.from(digits).toString();
};
const number = fc
  .constantFrom<26 | 34>(26, 34)
  .chain((bits) => fc.record({ bits: fc.constant(bits), data: fc.nat({ max: 2 ** (bits - 2) - 1 }) }));

it("is the same in hex, in decimal and bit by bit, with zeros in front or without", () => {
  fc.assert(
    fc.property(number, fc.nat({ max: 3 }), ({ bits, data }, zeros) => {
      const size = bits === 26 ? 24 : 32;
      const digits = data
        .toString(16)
        .toUpperCase()
        .padStart(size / 4, "0");
      const front = "0".repeat(zeros);
      expect(read(front + data.toString(16), "wiegand-hex", bits)).toBe(digits);
      expect(read(front + data, "wiegand-decimal", bits)).toBe(digits);
      expect(read(bitsOf(data, size), "wiegand-bits", bits)).toBe(digits);
    }),
    { numRuns: 200 },
  );
});

it("with one bit turned, or one bit more or less, is none", () => {
  fc.assert(
    fc.property(number, fc.nat(), ({ bits, data }, any) => {
      const written = bitsOf(data, bits === 26 ? 24 : 32);
      const at = any % bits;
      const turned = `${written.slice(0, at)}${written[at] === "0" ? "1" : "0"}${written.slice(at + 1)}`;
      expect(read(turned, "wiegand-bits", bits)).toBe(null);
      expect(read(written.slice(1), "wiegand-bits", bits)).toBe(null);
      expect(read(`0${written}`, "wiegand-bits", bits)).toBe(null);
    }),
    { numRuns: 200 },
  );
});

it("larger than its format is none", () => {
  expect(read("16777216", "wiegand-decimal", 26)).toBe(null);
  expect(read("16777216", "wiegand-decimal", 34)).toBe("01000000");
  expect(read("4294967296", "wiegand-decimal", 34)).toBe(null);
  expect(read("1000000", "wiegand-hex", 26)).toBe(null);
});
