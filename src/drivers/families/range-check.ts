/** Refuses a number that a point cannot have. */
import type { PointSpec, Reading } from "../../model/index.ts";

export function withinRange(reading: Reading, range: PointSpec["range"]): Reading {
  const { point, value, mono } = reading;
  if (range === undefined || typeof value !== "number" || (value >= range[0] && value <= range[1])) return reading;
  return { point, value: null, quality: "bad", code: "value.out-of-range", mono };
}
