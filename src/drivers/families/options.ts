/** Schemas that device options share: how often, how late, and what of it is worth keeping. */
import * as z from "zod";
import { cadence, duration } from "../../kit/text/quantities.ts";
import type { Limits, PointSpec, Report } from "../../model/index.ts";

export const every = (standard: string) => cadence().prefault(standard).describe("How often it is read.");

const reportSchema = z.strictObject({
  change: z.number().nonnegative().optional().describe("Smallest difference worth a row, in the point's unit."),
  deadband: z.number().nonnegative().optional().describe("Smallest difference worth a row, in per cent of the last row."),
  atLeast: duration().optional().describe("A row at least this often, changed or not."),
});
export type ReportOption = z.output<typeof reportSchema>;

export const report = () =>
  reportSchema.optional().describe("What is worth keeping, for every point of the device; default: the type's own.");

export const reportOf = ({ change, deadband, atLeast }: ReportOption): Report => ({
  ...(change !== undefined && { change }),
  ...(deadband !== undefined && { deadband }),
  ...(atLeast !== undefined && { atLeastMs: atLeast }),
});

/** The points with the site's `report` in place of the device type's. Increments are always kept. */
export function withReport(
  points: Readonly<Record<string, PointSpec>>,
  option: ReportOption | undefined,
): Readonly<Record<string, PointSpec>> {
  if (!option) return points;
  return Object.fromEntries(
    Object.entries(points).map(([name, point]) => [
      name,
      point.kind === "increments" ? point : { ...point, report: { ...point.report, ...reportOf(option) } },
    ]),
  );
}

const times = {
  maxOn: duration({ least: "1ms" }).optional().describe("Switched off by the gateway this long after it was last told to be on."),
  minInterval: duration()
    .optional()
    .describe("Shortest time after a command; an earlier one is refused, unless it switches off."),
};

const limitsSchema = z
  .strictObject({
    min: z.number().optional().describe("Smallest value that may be written."),
    max: z.number().optional().describe("Largest value that may be written."),
    ...times,
  })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
    error: "expected not less than min",
    path: ["max"],
  })
  .refine(({ max, maxOn }) => max === undefined || maxOn === undefined || max >= 0, {
    error: "expected at least 0, which is what is written when maxOn is over",
    path: ["max"],
  });

const KEPT = "Kept by the gateway whoever commands.";
export const limits = () => limitsSchema.optional().describe(KEPT);
/** Of what is only on or off. */
export const switchLimits = () => z.strictObject(times).optional().describe(KEPT);

export const limitsOf = ({ min, max, maxOn, minInterval }: Partial<z.output<typeof limitsSchema>>): Limits => ({
  ...(min !== undefined && { min }),
  ...(max !== undefined && { max }),
  ...(maxOn !== undefined && { maxOnMs: maxOn }),
  ...(minInterval !== undefined && { minIntervalMs: minInterval }),
});

export const safe = () => z.boolean().prefault(false).describe("May be commanded while the clock is not synchronised.");
export const switchImpact = () =>
  z
    .enum(["low", "high"])
    .prefault("high")
    .describe("high: a command from the platform needs a signature; low for lamps and the like.");

/** A row at least so often, of an output and of its meter. */
const OUTPUT_ROW = { atLeastMs: 15 * 60_000 };

interface MeteredSwitch {
  readonly impact: z.output<ReturnType<typeof switchImpact>>;
  readonly safe: z.output<ReturnType<typeof safe>>;
  readonly limits?: z.output<ReturnType<typeof switchLimits>>;
  readonly metered: boolean;
}

/** The points of an output that switches, and of its meter where it has one; `energy`: in which unit it counts. */
export function switchPoints(o: MeteredSwitch, energy: "W.h" | "kW.h"): Readonly<Record<string, PointSpec>> {
  const { impact, safe, limits, metered } = o;
  const writable = { value: "boolean", impact, safe, ...(limits && { limits: limitsOf(limits) }) } as const;
  const gauge = (unit: string): PointSpec => ({ unit, kind: "gauge", report: OUTPUT_ROW });
  return {
    on: { unit: "", kind: "state", report: OUTPUT_ROW, writable },
    ...(metered && {
      power: gauge("W"),
      voltage: gauge("V"),
      current: gauge("A"),
      energy: { unit: energy, kind: "counter", report: OUTPUT_ROW },
    }),
  };
}
