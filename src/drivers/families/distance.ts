/** A ranging sensor's frame and limits go in; a driver for distance, and for presence below a distance that the site names, comes out. */
import * as z from "zod";
import { length } from "../../kit/quantities.ts";
import type { PointSpec, Reading, Text } from "../../model.ts";
import type { FrameLayout, Golden } from "../driver.ts";
import { type Fields, frameDriver } from "./frame.ts";
import { report, withReport } from "./options.ts";

export interface DistanceTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly everyMs: number;
  /** Its field `distance` is in millimetres. */
  readonly frame: FrameLayout;
  /** Nearer than this the sensor sees nothing: something lies on it. */
  readonly blindBelow: number;
  readonly farthest: number;
  readonly goldens: readonly Golden[];
}

const ROW_AT_LEAST_MS = 15 * 60_000;
const SILENT_AFTER_MS = 10_000;

const options = z.strictObject({
  occupiedBelow: length()
    .optional()
    .describe("Nearer than this the place is occupied: gives the point `presence`. Put it between road and car roof or floor."),
  report: report(),
});
type DistanceOptions = z.output<typeof options>;

export function distanceSensor(table: DistanceTable) {
  return frameDriver<DistanceOptions>({
    ...table,
    silentAfterMs: SILENT_AFTER_MS,
    options,
    points: (o) => withReport(pointsOf(table, o), o.report),
    readings: (fields, o, mono) => readingsOf(table, fields, o, mono),
  });
}

function pointsOf(table: DistanceTable, { occupiedBelow }: DistanceOptions): Readonly<Record<string, PointSpec>> {
  const report = { change: 20, atLeastMs: ROW_AT_LEAST_MS };
  const distance: PointSpec = { unit: "mm", kind: "gauge", range: [table.blindBelow, table.farthest], report };
  const presence: PointSpec = { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };
  return occupiedBelow === undefined ? { distance } : { distance, presence };
}

function readingsOf(table: DistanceTable, fields: Fields, { occupiedBelow }: DistanceOptions, mono: number): readonly Reading[] {
  const distance = fields["distance"] ?? 0;
  const code = distance < table.blindBelow ? "sensor.blind-zone" : distance > table.farthest ? "value.out-of-range" : undefined;
  const reading = (point: string, value: Reading["value"]): Reading =>
    code === undefined ? { point, value, quality: "good", mono } : { point, value: null, quality: "bad", code, mono };
  return occupiedBelow === undefined
    ? [reading("distance", distance)]
    : [reading("distance", distance), reading("presence", distance < occupiedBelow)];
}
