/** Makes the driver of a device whose frames hold its values as they are: each point is the field of its name. */
import * as z from "zod";
import type { PointSpec, Reading, Text } from "../../../model/index.ts";
import type { FrameLayout, Golden } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import { frameDriver } from "./frame.ts";

export interface ValuesTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  /** How often it sends by itself. */
  readonly everyMs: number;
  readonly frame: FrameLayout;
  /** By the names of fields; a state is true where its field is not 0. Fields without a point are read and left aside. */
  readonly points: Readonly<Record<string, PointSpec>>;
  readonly goldens: readonly Golden[];
}

const SILENT_LEAST_MS = 10_000;
const MISSED = 3;

const options = z.strictObject({ report: report() });

export function valuesDevice(table: ValuesTable) {
  const fields = new Set(table.frame.fields.map(({ name }) => name));
  // Without its field a state would be true for ever, and a number never good.
  const astray = Object.keys(table.points).find((point) => !fields.has(point));
  if (astray !== undefined) throw new RangeError(`${table.type}: no field of its frame is called ${astray}`);
  return frameDriver<z.output<typeof options>>({
    ...table,
    options,
    silentAfterMs: () => Math.max(SILENT_LEAST_MS, MISSED * table.everyMs),
    frame: () => table.frame,
    points: (o) => withReport(table.points, o.report),
    interpreter: () => (fields, mono) =>
      Object.entries(table.points).map(([point, { kind }]): Reading => {
        const raw = Number(fields[point]);
        return { point, value: kind === "state" ? raw !== 0 : raw, quality: "good", mono };
      }),
  });
}
