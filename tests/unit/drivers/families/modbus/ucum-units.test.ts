/** Units as people write them, and what a value in them can be. */
import { describe, expect, it } from "vitest";
import { modbusPoints } from "../../../../../src/drivers/devices/modbus-points.ts";
import type { RegisterPoint } from "../../../../../src/drivers/driver.ts";
import { decodePoint } from "../../../../../src/drivers/families/modbus/registers.ts";
import { unitOf } from "../../../../../src/drivers/families/modbus/ucum-units.ts";

describe("a unit", () => {
  it.each([
    ["°C", "Cel"],
    ["kWh", "kW.h"],
    ["KWH", "kW.h"],
    ["MWh", "MW.h"],
    ["Wh", "W.h"],
    ["kVA", "kV.A"],
    ["kvar", "kV.A{reactive}"],
    ["kvarh", "kV.A.h{reactive}"],
    ["m³", "m3"],
    ["m³/h", "m3/h"],
    ["mc", "m3"],
    ["µS/cm", "uS/cm"],
    ["W/m²", "W/m2"],
    ["Ω", "Ohm"],
    ["rpm", "/min"],
    ["°", "deg"],
    ["ppm", "[ppm]"],
    ["", "1"],
  ])("%s is understood as %s", (written, unit) => expect(unitOf(written)).toEqual({ unit }));

  it.each([
    ...[
      "V",
      "mV",
      "kV",
      "mA",
      "A",
      "W",
      "kW",
      "MW.h",
      "l",
      "L",
      "l/h",
      "m3/h",
      "bar",
      "mbar",
      "hPa",
      "kPa",
      "Pa",
      "%",
      "1",
      "Cel",
      "K",
    ],
    ...[
      "Hz",
      "kHz",
      "lx",
      "[degF]",
      "mm[Hg]",
      "kg",
      "g/m3",
      "ug/m3",
      "m/s",
      "km/h",
      "/min",
      "V.A{reactive}",
      "[ppm]",
      "{pulses}",
      "dB",
      "dB[mW]",
    ],
    ...["10*3.m3", "mm/h", "GJ", "uS/cm", "[pH]", "s", "min", "h", "d", "t", "eV", "kat", "MBy"],
  ])("%s is a UCUM code already", (unit) => expect(unitOf(unit)).toEqual({ unit }));

  it.each([
    ["C", "Cel for degrees Celsius (C is the coulomb)"],
    ["kW/h", "kW.h for energy, or kW for power"],
    ["pH", "[pH] for acidity (pH is the picohenry)"],
    ["BAR", "bar"],
    ["khz", "a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1"],
    ["constructor", "a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1"],
    ["V A", "a UCUM code such as Cel, kW.h, m3, V, A, Hz, bar, % or 1"],
  ])("%s is refused, and what is meant is named", (written, suggestion) => expect(unitOf(written)).toEqual({ suggestion }));

  it("stands in the table as UCUM has it", () => {
    const options = modbusPoints.options.parse({ unit: 1, points: { flow: { fc: 3, address: 1, unit: "m³/h" } } });
    expect(modbusPoints.points(options)["flow"]?.unit).toBe("m3/h");
  });
});

describe("a value that its unit cannot have", () => {
  const decode = (words: readonly number[], more: Partial<RegisterPoint>) => {
    const point: RegisterPoint = { fc: 3, address: 0, decode: "uint16", unit: "V", kind: "gauge", ...more };
    const bytes = Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
    return decodePoint(bytes, { address: 0 }, point);
  };
  const refused = { code: "value.implausible" };

  it.each([
    ["230.4 V with its words exchanged", [0x0900, 0x0000], { decode: "int32", scale: 0.1 }],
    ["230.2 V with its bytes exchanged", [0x6643, 0x3433], { decode: "float32" }],
    ["230.2 V backwards", [0x3433, 0x6643], { decode: "float32" }],
    ["50.0 Hz with its bytes exchanged", [0xf401], { scale: 0.1, unit: "Hz" }],
    ["a counter below zero", [0xffff, 0xffff], { decode: "int32", unit: "kW.h", kind: "counter" }],
    ["a float next to nothing", [0x0000, 0x4366], { decode: "float32", unit: "1" }],
  ] as const)("is none: %s", (_, words, more) => expect(decode(words, more)).toEqual(refused));

  it("is one where a range is written, and what the unit can be is told by its prefix", () => {
    expect(decode([20_000], {})).toEqual(refused);
    expect(decode([20_000], { range: [0, 24_000] })).toEqual({ value: 20_000 });
    expect(decode([20_000], { unit: "mV" })).toEqual({ value: 20_000 });
    expect(decode([2], { unit: "kV" })).toEqual(refused);
    expect(decode([20_000], { unit: "1" })).toEqual({ value: 20_000 });
    expect(decode([0, 0], { decode: "float32" })).toEqual({ value: 0 });
  });
});
