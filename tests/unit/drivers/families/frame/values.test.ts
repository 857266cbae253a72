/** A device whose frames hold its values as they are: the digits that it wrote, and nothing that it cannot have. */
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../../../../hw-sim/site/serial/encode.ts";
import type { FrameLayout } from "../../../../../src/drivers/driver.ts";
import { valuesDevice } from "../../../../../src/drivers/families/frame/values.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import fc from "../../../../support/property.ts";

const meter = (frame: FrameLayout) =>
  valuesDevice({
    type: "noise-meter",
    title: { it: "Fonometro", en: "Noise meter" },
    baud: 9600,
    everyMs: 1000,
    frame,
    points: {
      level: { unit: "dB", kind: "gauge", range: [20, 140] },
      overload: { unit: "", kind: "state" },
    },
    goldens: [],
  });
const golden = (rx: string) => ({ name: "", rx, expect: {}, source: "" });

describe("a line with a number", () => {
  const line = meter({
    framing: "line",
    begin: "LAEQ=",
    fields: [
      { name: "level", decode: "number", chars: [1, 7] },
      { name: "overload", decode: "decimal", chars: [1, 1] },
    ],
    after: "!",
    end: "\r\n",
  });
  const levelIn = (text: string) => line.decode(golden(Buffer.from(text).toString("hex")));

  it.each([
    ["54.30", 54.3],
    [" 54.3", 54.3],
    ["+120", 120],
    ["20", 20],
    ["140.0", 140],
    ["-5.1", null],
    ["140.1", null],
    ["0", null],
  ])("%s is %s", (written, level) => expect(levelIn(`LAEQ=${written}0!\r\n`)).toEqual({ level, overload: false }));

  it.each(["", "5 4", "54.", ".5", "5.4.3", "1e2", "0x20", "54,3", "54.3a", "NaN", "--5"])("%s is no number", (written) => {
    expect(() => levelIn(`LAEQ=${written}1!\r\n`)).toThrow(EdgeError);
  });
});

describe("a binary frame", () => {
  const frame: FrameLayout = {
    framing: "fixed",
    header: [0xa5],
    fields: [
      { name: "level", decode: "uint16", scale: 0.1 },
      { name: "overload", decode: "uint8" },
    ],
    check: "sum8",
  };

  it("gains no digits by its scale", () => {
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 1400 }), fc.nat(255), (tenths, overload) => {
        const rx = Buffer.from(encodeFrame(frame, { level: tenths * 0.1, overload })).toString("hex");
        expect(meter(frame).decode(golden(rx))).toEqual({ level: tenths / 10, overload: overload !== 0 });
      }),
    );
  });
});

it("refuses a point that no field is called as", () => {
  const frame: FrameLayout = { framing: "fixed", header: [0xa5], fields: [{ name: "level", decode: "uint8" }], check: "sum8" };
  expect(() => meter(frame)).toThrow("noise-meter: no field of its frame is called overload");
});
