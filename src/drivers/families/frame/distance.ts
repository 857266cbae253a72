/** A driver for a ranging sensor: distance, and presence below a distance that the site names. */
import * as z from "zod";
import type { Code } from "../../../kit/errors.ts";
import { length } from "../../../kit/text/quantities.ts";
import type { PointSpec, Reading } from "../../../model/index.ts";
import { every, report } from "../options.ts";
import type { Fields } from "./codec.ts";
import { millimetres, type RangingTable, rangingDriver, truth } from "./ranging.ts";

/** The field `distance` of its frame, scaled, is in millimetres. */
export interface DistanceTable extends RangingTable {
  /** Nearer than this it cannot measure. 0 is its word for no echo. */
  readonly blindBelow: number;
  /** Why the frame has no distance, where it says so itself: a code, or `unseen` where no echo came back. Absent: every frame has a distance. */
  readonly spoilt?: (fields: Fields) => "unseen" | Code | undefined;
  /** What it is asked with, where it can be set to send only then. */
  readonly asked?: readonly number[];
}

const options = z.strictObject({
  occupiedBelow: length()
    .optional()
    .describe("Nearer than this the place is occupied: gives the point `presence`. Put it between road and car roof or floor."),
  seesNothing: z
    .enum(["free", "occupied", "unknown"])
    .prefault("unknown")
    .describe(
      "What it means when no echo comes back (beyond its range, or 0): `free` where it looks past an empty place into the distance. `occupied` is shown, but raises no alarm.",
    ),
  noFrames: z
    .enum(["fault", "sees-nothing"])
    .prefault("fault")
    .describe(
      "What it means when it sends nothing at all. `sees-nothing` only for a version that keeps silent without an echo: a cut cable then looks the same.",
    ),
  report: report(),
});
const askedOptions = options.extend({
  sends: z
    .enum(["when-asked", "by-itself"])
    .prefault("when-asked")
    .describe("Whether it waits to be asked, as its solder bridge or resistor says."),
  every: every("500ms"),
});
type DistanceOptions = z.output<typeof options> & Partial<z.output<typeof askedOptions>>;

export function distanceSensor(table: DistanceTable) {
  const { asked } = table;
  return rangingDriver<DistanceOptions>(table, {
    options: asked === undefined ? options : askedOptions,
    asked: ({ sends, every }) =>
      asked === undefined || sends !== "when-asked" || every === undefined ? undefined : { bytes: asked, everyMs: every },
    points: (o) => pointsOf(table, o),
    interpreter: (o) => (fields, mono) => readingsOf(table, fields, o, mono),
    quiet: (o, mono) => (o.noFrames === "sees-nothing" ? readingsOf(table, { distance: 0 }, o, mono) : null),
  });
}

function pointsOf(table: DistanceTable, { occupiedBelow }: DistanceOptions): Readonly<Record<string, PointSpec>> {
  const distance = millimetres([table.blindBelow, table.farthest], 20);
  return occupiedBelow === undefined ? { distance } : { distance, presence: truth };
}

function readingsOf(table: DistanceTable, fields: Fields, o: DistanceOptions, mono: number): readonly Reading[] {
  const { occupiedBelow, seesNothing } = o;
  const distance = Number(fields["distance"] ?? 0);
  const spoilt = table.spoilt?.(fields);
  const isPresent = (present: Reading) => (occupiedBelow === undefined ? [] : [present]);
  if (spoilt !== undefined && spoilt !== "unseen") {
    const none = (point: string): Reading => ({ point, value: null, quality: "bad", code: spoilt, mono });
    return [none("distance"), ...isPresent(none("presence"))];
  }
  if (spoilt === "unseen" || distance === 0 || distance > table.farthest) {
    const isTold = seesNothing !== "unknown";
    const code = isTold ? "sensor.nothing-in-range" : "sensor.no-echo";
    const unseen = (point: string): Reading => ({ point, value: null, quality: "bad", code, mono });
    if (!isTold) return [unseen("distance"), ...isPresent(unseen("presence"))];
    const presence: Reading =
      seesNothing === "free"
        ? { point: "presence", value: false, quality: "good", mono }
        : { point: "presence", value: true, quality: "uncertain", code, mono };
    return [unseen("distance"), ...isPresent(presence)];
  }
  const isBlind = distance < table.blindBelow;
  const reading = (point: string, value: Reading["value"]): Reading =>
    isBlind ? { point, value: null, quality: "bad", code: "sensor.blind-zone", mono } : { point, value, quality: "good", mono };
  return [reading("distance", distance), ...isPresent(reading("presence", distance < (occupiedBelow ?? 0)))];
}
