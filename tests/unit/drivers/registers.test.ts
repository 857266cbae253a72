/** Tables go in; blocks without holes, values as their bytes say, and registers that give the value back come out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eastronSdm120 } from "../../../src/drivers/devices/eastron-sdm120.ts";
import { eastronSdm630 } from "../../../src/drivers/devices/eastron-sdm630.ts";
import type { RegisterPoint } from "../../../src/drivers/driver.ts";
import { type Block, blocksOf, decodePoint, encodePoint, widthOf } from "../../../src/drivers/families/registers.ts";

const point = (more: Partial<RegisterPoint>): RegisterPoint => ({
  fc: 3,
  address: 0,
  decode: "uint16",
  unit: "1",
  kind: "gauge",
  ...more,
});
const bytesOf = (words: readonly number[]): Uint8Array => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
const decode = (words: readonly number[], more: Partial<RegisterPoint>) => {
  const spec = point(more);
  return decodePoint(bytesOf(words), { fc: spec.fc, address: spec.address, quantity: words.length, points: ["p"] }, spec);
};

describe("blocks", () => {
  it("of the meters ask only for registers that the tables name, each once, within the device's maximum", () => {
    for (const driver of [eastronSdm120, eastronSdm630]) {
      const layout = driver.layout(driver.options.parse({ unit: 1 }));
      if (layout.wire !== "modbus") throw new Error("a meter is on modbus");
      const blocks = blocksOf(layout.points, layout.maxRegisters);
      const asked = blocks.reduce((sum, { quantity }) => sum + quantity, 0);
      const named = Object.values(layout.points).reduce((sum, p) => sum + widthOf(p), 0);
      expect(asked).toBe(named);
      for (const { quantity } of blocks) expect(quantity).toBeLessThanOrEqual(60);
    }
    const { points, maxRegisters } = eastronSdm630.layout(eastronSdm630.options.parse({ unit: 1 })) as {
      points: Record<string, RegisterPoint>;
      maxRegisters: number;
    };
    expect(blocksOf(points, maxRegisters).map(({ address, quantity }) => [address, quantity])).toEqual([
      [0x00, 18],
      [0x34, 2],
      [0x3e, 2],
      [0x46, 6],
    ]);
  });

  it("hold every point of any table whole, and never more than the maximum", () => {
    const table = fc.dictionary(
      fc.string({ minLength: 1, maxLength: 4 }),
      fc.record({
        address: fc.integer({ min: 0, max: 60 }),
        decode: fc.constantFrom("uint16" as const, "float32" as const, "int64" as const),
        fc: fc.constantFrom(3 as const, 4 as const),
      }),
    );
    fc.assert(
      fc.property(table, fc.integer({ min: 4, max: 30 }), (shapes, most) => {
        const points = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, point(shape)]));
        const blocks = blocksOf(points, most);
        expect(blocks.flatMap((block) => block.points).sort()).toEqual(Object.keys(points).sort());
        for (const block of blocks) {
          expect(block.quantity).toBeLessThanOrEqual(most);
          for (const name of block.points) expect(inside(points[name], block)).toBe(true);
        }
      }),
    );
  });
});

const inside = (p: RegisterPoint | undefined, block: Block): boolean =>
  p !== undefined && p.fc === block.fc && p.address >= block.address && p.address + widthOf(p) <= block.address + block.quantity;

describe("decoding", () => {
  it.each([
    [[0xffff], { decode: "int16" as const, scale: 0.1 }, -0.1],
    [[231], { scale: 0.1 }, 23.1],
    [[0x0001, 0x0000], { decode: "uint32" as const }, 65_536],
    [[0x0000, 0x0001], { decode: "uint32" as const, words: "low-first" as const }, 65_536],
    [[0xffff, 0xffff], { decode: "int32" as const }, -1],
    [[0, 0, 0x0001, 0x0002], { decode: "uint64" as const }, 65_538],
    [[0x4366, 0x3333], { decode: "float32" as const }, 230.2],
    [[0x8000], { decode: "bool" as const }, true],
  ])("%j %j", (words, more, value) => expect(decode(words, more)).toEqual({ value }));

  it.each([
    [[0x7fc0, 0], { decode: "float32" as const }, "value.not-a-number"],
    [[0x7fff, 0xffff], { decode: "int32" as const, absent: [0x7fffffff] }, "value.not-a-number"],
    [[0x7f80, 0], { decode: "float32" as const }, "value.out-of-range"],
    [[0xffff, 0xffff, 0xffff, 0xffff], { decode: "uint64" as const }, "value.out-of-range"],
    [[601], { range: [0, 600] as const }, "value.out-of-range"],
  ])("%j %j is %s", (words, more, code) => expect(decode(words, more)).toEqual({ code }));

  it("a float32 gives a decimal that is that very float32", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (float) => {
        const view = new DataView(new ArrayBuffer(4));
        view.setFloat32(0, float);
        const got = decode([view.getUint16(0), view.getUint16(2)], { decode: "float32" });
        expect("value" in got && Math.fround(Number(got.value))).toEqual(float === 0 ? expect.closeTo(0) : float);
      }),
    );
  });
});

describe("encoding", () => {
  it("gives registers that decode to the value, or nothing when they cannot hold it", () => {
    const kinds = fc.constantFrom("uint16" as const, "int16" as const, "uint32" as const, "int32" as const, "int64" as const);
    fc.assert(
      fc.property(
        kinds,
        fc.integer({ min: -70_000, max: 70_000 }),
        fc.constantFrom("high-first" as const, "low-first" as const),
        (kind, value, words) => {
          const spec = point({ decode: kind, words, scale: 0.1 });
          const registers = encodePoint(value / 10, spec);
          const most = { uint16: [0, 65_535], int16: [-32_768, 32_767] }[kind as "uint16" | "int16"] ?? [
            kind === "uint32" ? 0 : -1e9,
            1e9,
          ];
          if (registers === null) expect(value < (most[0] ?? 0) || value > (most[1] ?? 0)).toBe(true);
          else expect(decode(registers, { decode: kind, words, scale: 0.1 })).toEqual({ value: value / 10 });
        },
      ),
    );
  });
});
