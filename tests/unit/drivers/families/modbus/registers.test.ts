/** Blocks of a table, values from their bytes, and registers that give the value back. */

import { describe, expect, it } from "vitest";
import { eastronSdm120 } from "../../../../../src/drivers/devices/eastron-sdm120.ts";
import { eastronSdm630 } from "../../../../../src/drivers/devices/eastron-sdm630.ts";
import type { Driver, Layout, RegisterPoint } from "../../../../../src/drivers/driver.ts";
import { widthOf } from "../../../../../src/drivers/families/modbus/decodes.ts";
import { type Block, blocksOf, decodePoint, encodePoint } from "../../../../../src/drivers/families/modbus/registers.ts";
import fc from "../../../../support/property.ts";

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
  return decodePoint(bytesOf(words), { address: spec.address }, spec);
};

describe("blocks", () => {
  it("of the meters are two: what lies between their values is read over, within the device's maximum", () => {
    const asked = ({ layout, options }: Driver<never>) => {
      const { points, maxRegisters } = layout(options.parse({ unit: 1 })) as Extract<Layout, { wire: "modbus" }>;
      const ranges = (maxGap: number) =>
        blocksOf(points, { maxRegisters, maxGap }).map(({ address, quantity }) => [address, quantity]);
      return { alone: ranges(0), merged: ranges(20) };
    };
    expect(asked(eastronSdm120 as Driver<never>)).toEqual({
      alone: [...[0x00, 0x06, 0x0c, 0x12, 0x18, 0x1e].map((address) => [address, 2]), [0x46, 6]],
      merged: [
        [0x00, 0x20],
        [0x46, 6],
      ],
    });
    expect(asked(eastronSdm630 as Driver<never>)).toEqual({
      alone: [
        [0x00, 18],
        [0x34, 2],
        [0x3e, 2],
        [0x46, 6],
      ],
      merged: [
        [0x00, 18],
        [0x34, 24],
      ],
    });
  });

  it("read over 16 bits for each register of the gap, and say so", () => {
    const points = { a: point({ fc: 1, decode: "bool" }), b: point({ fc: 1, address: 17, decode: "bool" }) };
    expect(blocksOf(points, { maxRegisters: 10, maxGap: 1 })).toEqual([
      { fc: 1, address: 0, quantity: 18, points: ["a", "b"], overGaps: true },
    ]);
    expect(blocksOf(points, { maxRegisters: 10, maxGap: 0 }).map(({ overGaps }) => overGaps)).toEqual([false, false]);
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
      fc.property(table, fc.integer({ min: 4, max: 30 }), fc.integer({ min: 0, max: 12 }), (shapes, most, maxGap) => {
        const points = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, point(shape)]));
        const blocks = blocksOf(points, { maxRegisters: most, maxGap });
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

describe("a power of ten in a register of its own", () => {
  const power = { decode: "int16", address: 83, scaleFrom: 84 } as const;

  it("is read in the same request as its value, whatever else is read", () => {
    const voltages = [79, 80, 81].map((address) => [`v${address}`, point({ address, scaleFrom: 82 })] as const);
    const points = { ...Object.fromEntries(voltages), power: point(power), before: point({ address: 10, scaleFrom: 7 }) };
    expect(blocksOf(points, { maxRegisters: 125, maxGap: 0 }).map(({ address, quantity }) => [address, quantity])).toEqual([
      [7, 4],
      [79, 6],
    ]);
    for (const block of blocksOf(points, { maxRegisters: 4, maxGap: 0 }))
      for (const name of block.points) {
        const { address, scaleFrom = address } = points[name as keyof typeof points] ?? point({});
        expect([
          block.address <= Math.min(address, scaleFrom),
          Math.max(address, scaleFrom) < block.address + block.quantity,
        ]).toEqual([true, true]);
      }
  });

  it.each([
    [0xffff, { value: 2237.6 }],
    [1, { value: 223_760 }],
    [0x8000, { code: "value.no-factor" }],
    [11, { code: "value.no-factor" }],
    [0xfff5, { code: "value.no-factor" }],
  ])("of %j", (tens, decoded) => {
    expect(decodePoint(bytesOf([22_376, tens]), { address: 83 }, point(power))).toEqual(decoded);
  });

  it("that is not in the reply makes no value", () => {
    expect(decodePoint(bytesOf([22_376]), { address: 83 }, point(power))).toEqual({ code: "value.no-factor" });
  });
});

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
    [[0x8000], { bit: 15 }, true],
    [[0x8000], { bit: 14 }, false],
    [[0x8000, 0], { decode: "uint32" as const, bit: 31 }, true],
    [[0x8001, 0], { decode: "uint32" as const, mask: 0x8000_0000 }, 1],
    [[0x1a34], { mask: 0x00f0 }, 3],
    [[0xe600], { bytes: "low-first" as const }, 230],
    [[0x20ff], { decode: "int8" as const }, -1],
    [[0x20ff], { decode: "uint8" as const, byte: "high" as const }, 32],
    [[0x0020, 0, 0, 1], { decode: "int64" as const }, "9007199254740993"],
    [[0xffdf, 0xffff, 0xffff, 0xffff], { decode: "int64" as const }, "-9007199254740993"],
    [[0x0020, 0, 0, 1], { decode: "uint64" as const, scale: 1000 }, "9007199254740993000"],
    [[0x0004, 0, 0, 1], { decode: "uint64" as const, scale: 1000 }, "1125899906842625000"],
    [[0x9999, 0x9999, 0x9999, 0x9999], { decode: "bcd64" as const }, "9999999999999999"],
    [[0x4b00, 0x4100, 0x3100], { decode: "text" as const, count: 3 }, "KA1"],
    [[0x004b, 0x0041, 0x0031], { decode: "text" as const, count: 3 }, "KA1"],
    [[0x2041, 0x4220, 0x0058], { decode: "text" as const, count: 3 }, "AB"],
    [[0, 0], { decode: "text" as const, count: 2 }, ""],
    [[0xffff], { decode: "int16" as const, map: { "-1": "reversed", "0": "right" } }, "reversed"],
  ])("%j %j", (words, more, value) => expect(decode(words, more)).toEqual({ value }));

  it.each([
    [[0x7fc0, 0], { decode: "float32" as const }, "value.not-a-number"],
    [[0x7ff8, 0, 0, 0], { decode: "float64" as const }, "value.not-a-number"],
    [[0x7ff0, 0, 0, 0], { decode: "float64" as const }, "value.out-of-range"],
    [[0xffff], { bit: 3, absent: [0xffff] }, "value.not-a-number"],
    [[0x002a], { decode: "bcd16" as const }, "value.unreadable"],
    [[0xffff, 0xffff], { decode: "bcd32" as const }, "value.not-a-number"],
    [[0x8000, 0, 0, 0], { decode: "int64" as const }, "value.not-a-number"],
    [[0x7fff, 0xffff, 0xffff], { decode: "int48" as const }, "value.not-a-number"],
    [[0x0020, 0, 0, 1], { decode: "uint64" as const, scale: 1.5 }, "value.out-of-range"],
    [[0x41c8], { decode: "text" as const, count: 1 }, "value.unreadable"],
    [[0xffff, 0xffff], { decode: "text" as const, count: 2 }, "value.not-a-number"],
    [[0x7fff, 0xffff], { decode: "int32" as const, absent: [0x7fffffff] }, "value.not-a-number"],
    [[0xc479, 0xf99a], { decode: "float32" as const, absent: [0, -999.9] }, "value.not-a-number"],
    [[0x7f7f, 0xffff], { decode: "float32" as const, absent: [3.4028235e38] }, "value.not-a-number"],
    [[0x7f80, 0], { decode: "float32" as const }, "value.out-of-range"],
    [[0xffff, 0xffff, 0xffff, 0xffff], { decode: "uint64" as const }, "value.not-a-number"],
    [[601], { range: [0, 600] as const }, "value.out-of-range"],
    [[0x7f7f, 0xffff], { decode: "float32" as const, scale: 10 }, "value.out-of-range"],
  ])("%j %j is %s", (words, more, code) => expect(decode(words, more)).toEqual({ code }));

  it("a float32 gives a decimal that is that very float32", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (float) => {
        const view = new DataView(new ArrayBuffer(4));
        view.setFloat32(0, float);
        const all = [-Number.MAX_VALUE, Number.MAX_VALUE] as const;
        const got = decode([view.getUint16(0), view.getUint16(2)], { decode: "float32", range: all });
        expect("value" in got && Math.fround(Number(got.value))).toEqual(float === 0 ? expect.closeTo(0) : float);
      }),
    );
  });
});

describe("a number without a word", () => {
  it("is told as it is, and doubtful", () =>
    expect(decode([7], { map: { "2": "A1" } })).toEqual({ value: "7", doubt: "value.unlisted" }));
});

describe("encoding", () => {
  it.each([
    [-13, { scale: 0.1, offset: -40 }, [270]],
    [49_200_025, { decode: "bcd32" as const }, [0x4920, 0x0025]],
    [-2, { decode: "int48" as const }, [0xffff, 0xffff, 0xfffe]],
    [230.2, { decode: "float32" as const, words: "low-first" as const, bytes: "low-first" as const }, [0x3333, 0x6643]],
    [6_223_090, { decode: "float64" as const }, [0x4157, 0xbd3c, 0x8000, 0]],
  ])("of %j as %j", (value, more, registers) => expect(encodePoint(value, point(more))).toEqual({ registers, value }));

  it("refuses what a float32 can only hold as infinite", () => {
    expect([1e39, -1e39, 3e38].map((value) => encodePoint(value, point({ decode: "float32" }))?.registers)).toEqual([
      undefined,
      undefined,
      [0x7f61, 0xb1e6],
    ]);
  });

  it.each([
    [15, { scale: 10 }, 20],
    [20.5, {}, 21],
    [-0.4, { decode: "int16" as const }, 0],
    [230.2, { decode: "float32" as const }, 230.2],
    [16_777_217, { decode: "float32" as const }, 16_777_216],
    [true, { decode: "bool" as const }, true],
  ])("says what the registers hold of %j in %j: %j", (value, more, held) =>
    expect(encodePoint(value, point(more))?.value).toBe(held),
  );

  it("gives registers that decode to the value, or nothing when they cannot hold it", () => {
    const kinds = fc.constantFrom("uint16" as const, "int16" as const, "uint32" as const, "int32" as const, "int64" as const);
    fc.assert(
      fc.property(
        kinds,
        fc.integer({ min: -70_000, max: 70_000 }),
        fc.constantFrom("high-first" as const, "low-first" as const),
        (kind, value, words) => {
          const spec = point({ decode: kind, words, scale: 0.1 });
          const encoded = encodePoint(value / 10, spec);
          const most = { uint16: [0, 65_535], int16: [-32_768, 32_767] }[kind as "uint16" | "int16"] ?? [
            kind === "uint32" ? 0 : -1e9,
            1e9,
          ];
          if (encoded === null) expect(value < (most[0] ?? 0) || value > (most[1] ?? 0)).toBe(true);
          else {
            expect(encoded.value).toBe(value / 10);
            expect(decode(encoded.registers, { decode: kind, words, scale: 0.1 })).toEqual({ value: value / 10 });
          }
        },
      ),
    );
  });
});
