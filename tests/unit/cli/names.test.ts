/** Names that a technician types: those that exist pass, and for the others the answer says what there is. */
import { describe, expect, it } from "vitest";
import { checkDevice, checkPoint, checkSource, type Names } from "../../../src/cli/site-names.ts";
import { asEdgeError } from "../../../src/kit/errors.ts";

const names: Names = {
  devices: new Map([
    ["meter-hall", ["voltage", "power"]],
    ["loop", ["presence"]],
  ]),
  assets: new Map([["bay-1", ["status", "permit"]]]),
};
const refusal = (check: () => unknown) => {
  try {
    return check();
  } catch (error) {
    const { code, context } = asEdgeError(error);
    return { code, ...context };
  }
};

describe("a name that somebody typed", () => {
  it("passes when it exists", () => {
    checkDevice(names, "meter-hall");
    for (const name of ["meter-hall", "bay-1", "meter-hall.power", "bay-1.status"]) checkSource(names, name);
    expect(checkPoint(names, "bay-1.permit")).toEqual(["bay-1", "permit"]);
  });

  it.each([
    ["metr-hall", { code: "cli.unknown-name", name: "metr-hall", near: "meter-hall" }],
    ["meter-hall.power", { code: "cli.unknown-name", name: "meter-hall.power", near: "meter-hall" }],
    ["bay-1", { code: "cli.not-a-device", name: "bay-1" }],
    ["constructor", { code: "cli.unknown-name", name: "constructor" }],
  ])("%s cannot be read", (name, expected) => expect(refusal(() => checkDevice(names, name))).toEqual(expected));

  it.each([
    ["baj-1", { code: "cli.unknown-name", name: "baj-1", near: "bay-1" }],
    ["baj-1.status", { code: "cli.unknown-name", name: "baj-1.status", near: "bay-1.status" }],
    // Another number is another bay, and no slip.
    ["bay-9", { code: "cli.unknown-name", name: "bay-9" }],
    ["nobody", { code: "cli.unknown-name", name: "nobody" }],
    [
      "meter-hall.powr",
      {
        code: "cli.unknown-point",
        name: "meter-hall",
        point: "powr",
        known: "meter-hall.voltage, meter-hall.power",
        near: "meter-hall.power",
      },
    ],
  ])("%s cannot be watched, nor has it a history", (name, expected) => {
    expect(refusal(() => checkSource(names, name))).toEqual(expected);
    expect(refusal(() => checkPoint(names, name))).toEqual(expected);
  });

  it("is not enough for a history when it names no point", () =>
    expect(refusal(() => checkPoint(names, "bay-1"))).toEqual({
      code: "cli.which-point",
      name: "bay-1",
      known: "bay-1.status, bay-1.permit",
    }));
});
