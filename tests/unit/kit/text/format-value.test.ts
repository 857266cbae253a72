/** Values of every kind of point, as a technician reads them in either language. */
import { describe, expect, it } from "vitest";
import { formatMeasure, formatUnit, formatValue } from "../../../../src/kit/text/format-value.ts";

describe("a value as people read it", () => {
  it.each([
    [21.337654321, "gauge", "21,338", "21.338"],
    [0.0123456789, "gauge", "0,012346", "0.012346"],
    [-4.5, "gauge", "-4,5", "-4.5"],
    [102_345.67, "gauge", "102346", "102346"],
    [50, "gauge", "50", "50"],
    [0, "gauge", "0", "0"],
    [1042.55, "counter", "1042,55", "1042.55"],
    [123_456.789, "counter", "123456,789", "123456.789"],
    [0.1 + 0.2, "counter", "0,3", "0.3"],
    [3, "increments", "3", "3"],
    [true, "state", "vero", "true"],
    ["occupied", "state", "occupato", "occupied"],
    [null, "gauge", "–", "–"],
  ] as const)("%s of a %s", (value, kind, it, en) => {
    expect([formatValue(value, "it", kind), formatValue(value, "en", kind)]).toEqual([it, en]);
  });

  it.each([
    ["Cel", "°C"],
    ["kW.h", "kWh"],
    ["W.h", "Wh"],
    ["V.A", "VA"],
    ["kV.A", "kVA"],
    ["V.A{reactive}", "var"],
    ["kV.A.h{reactive}", "kvarh"],
    ["[lb_av]", "lb"],
    ["[pH]", "pH"],
    ["mm[Hg]", "mmHg"],
    ["m[H2O]", "mH₂O"],
    ["m3", "m³"],
    ["m3/h", "m³/h"],
    ["ug/m3", "µg/m³"],
    ["uS/cm", "µS/cm"],
    ["m/s2", "m/s²"],
    ["[ppm]", "ppm"],
    ["deg", "°"],
    ["/min", "/min"],
    ["N.m", "N·m"],
    ["%", "%"],
    ["1", ""],
    ["", ""],
    ["hPa", "hPa"],
    ["us", "µs"],
  ])("the unit %s is written %s", (ucum, written) => expect(formatUnit(ucum)).toBe(written));

  it("stands before its unit, and a plain number before none", () =>
    expect([formatMeasure(21.5, "Cel", "it", "gauge"), formatMeasure(7, "1", "en"), formatMeasure(null, "V", "it")]).toEqual([
      "21,5 °C",
      "7",
      "– V",
    ]));
});
