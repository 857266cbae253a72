/** Figures of two builds: which differences are called worse, and which are only the machine's. */
import { describe, expect, it } from "vitest";
import { worseOf } from "../../../bench/beside/report.ts";

const figure = (ours: readonly number[], older: readonly number[]) => ({ what: "start", unit: "ms", ours, older });

describe("two builds beside each other", () => {
  it.each([
    ["the same", [100, 101, 99], [100, 99, 101], false],
    ["a little more", [103, 104, 103], [100, 100, 101], false],
    ["less", [50, 51, 50], [100, 100, 101], false],
    ["more, and steadily so", [120, 121, 119], [100, 100, 101], true],
    ["more, but both vary by as much", [150, 120, 90, 121, 140], [100, 130, 80, 100, 125], false],
    ["more at the median, but the rounds overlap", [16.1, 16.7, 13.9], [14.0, 14.4, 15.2], false],
    ["one slow round among many", [100, 101, 300, 99, 100], [100, 100, 101, 100, 100], false],
    ["measured once, more than a tenth", [112], [100], true],
    ["measured once, less than a tenth", [108], [100], false],
  ])("%s", (_, ours, older, worse) => {
    expect(worseOf(figure(ours, older))).toBe(worse);
  });
});
