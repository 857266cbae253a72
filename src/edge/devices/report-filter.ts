/** Decides whether a reading is worth a row, by the last row of its point. */
import type { PointSpec, Reading, Report } from "../../model/index.ts";

/** What the last row of a point said. */
export interface LastRow {
  readonly value: Reading["value"];
  readonly quality: Reading["quality"];
  readonly code: string | undefined;
  readonly mono: number;
}

export const rowOf = (reading: Reading): LastRow => ({
  value: reading.value,
  quality: reading.quality,
  code: reading.code,
  mono: reading.mono,
});

/** No report: every reading is a row. A change of quality or code always is; increments of nothing only when they say why. */
export function worthKeeping(reading: Reading, last: LastRow | undefined, spec: PointSpec): boolean {
  if (spec.kind === "increments" && reading.value === 0)
    return last === undefined || (reading.code !== undefined && reading.code !== last.code);
  const report = spec.report;
  if (last === undefined || report === undefined || spec.kind === "increments") return true;
  if (reading.quality !== last.quality || reading.code !== last.code) return true;
  if (report.atLeastMs !== undefined && reading.mono - last.mono >= report.atLeastMs) return true;
  return changedEnough(reading.value, last.value, report);
}

function changedEnough(value: Reading["value"], last: Reading["value"], { change, deadband }: Report): boolean {
  if (typeof value !== "number" || typeof last !== "number") return value !== last;
  const difference = Math.abs(value - last);
  if (deadband !== undefined && difference < (Math.abs(last) * deadband) / 100) return false;
  return difference > 0 && difference >= (change ?? 0);
}
