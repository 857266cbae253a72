/** A driver for a presence radar: whether something is there, whether it moves, and how far away the nearest is. */
import * as z from "zod";
import { length } from "../../../kit/text/quantities.ts";
import type { PointSpec, Reading } from "../../../model/index.ts";
import { report } from "../options.ts";
import type { Fields } from "./codec.ts";
import { millimetres, type RangingTable, rangingDriver, truth } from "./ranging.ts";

/** What a frame says is there; `distance` in mm. */
export interface Target {
  readonly distance: number;
  readonly isMoving: boolean;
}

export interface RadarTable extends RangingTable {
  targets(fields: Fields): readonly Target[];
}

const options = z.strictObject({
  occupiedBelow: length()
    .optional()
    .describe("Only what is nearer than this makes `presence` true. Absent: whatever the radar sees."),
  report: report(),
});
type RadarOptions = z.output<typeof options>;

export function radarSensor(table: RadarTable) {
  return rangingDriver<RadarOptions>(table, {
    options,
    points: () => pointsOf(table),
    interpreter: (o) => (fields, mono) => readingsOf(table, table.targets(fields), o, mono),
  });
}

const pointsOf = ({ farthest }: RadarTable): Readonly<Record<string, PointSpec>> => ({
  presence: truth,
  motion: truth,
  distance: millimetres([0, farthest], 100),
});

function readingsOf(
  table: RadarTable,
  targets: readonly Target[],
  { occupiedBelow }: RadarOptions,
  mono: number,
): readonly Reading[] {
  // Its frames have no check of their bytes: a target where it cannot see any shows that they are spoiled, and the rest of them too.
  if (targets.some(({ distance }) => distance > table.farthest))
    return Object.keys(pointsOf(table)).map(
      (point): Reading => ({ point, value: null, quality: "bad", code: "value.out-of-range", mono }),
    );
  const inside = targets.filter(({ distance }) => distance < (occupiedBelow ?? Number.POSITIVE_INFINITY));
  const good = (point: string, value: boolean | number): Reading => ({ point, value, quality: "good", mono });
  const nearest = Math.min(...targets.map(({ distance }) => distance));
  return [
    good("presence", inside.length > 0),
    good(
      "motion",
      inside.some(({ isMoving }) => isMoving),
    ),
    targets.length > 0
      ? good("distance", nearest)
      : { point: "distance", value: null, quality: "bad", code: "sensor.nothing-in-range", mono },
  ];
}
