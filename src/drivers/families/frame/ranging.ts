/** What distance sensors and radars share: they send by themselves, and their values are worth a row when they change. */
import type { PointSpec, Text } from "../../../model/index.ts";
import type { Driver, FrameLayout, Golden } from "../../driver.ts";
import { type ReportOption, withReport } from "../options.ts";
import { type FrameParts, frameDriver } from "./frame.ts";

export interface RangingTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly everyMs: number;
  readonly frame: FrameLayout;
  /** mm. */
  readonly farthest: number;
  readonly goldens: readonly Golden[];
}

const ROW = { atLeastMs: 15 * 60_000 };
const SILENT_AFTER_MS = 10_000;
/** Answers of a sensor that is asked. */
const MISSED = 3;

export const truth: PointSpec = { unit: "", kind: "state", report: ROW };
export const millimetres = (range: readonly [number, number], change: number): PointSpec => ({
  unit: "mm",
  kind: "gauge",
  range,
  report: { change, ...ROW },
});

export const rangingDriver = <O extends { readonly report?: ReportOption | undefined }>(
  table: RangingTable,
  parts: Pick<FrameParts<O>, "options" | "points" | "interpreter" | "quiet" | "asked">,
): Driver<O> =>
  frameDriver<O>({
    ...table,
    ...parts,
    silentAfterMs: (o) => Math.max(SILENT_AFTER_MS, MISSED * (parts.asked?.(o)?.everyMs ?? 0)),
    frame: () => table.frame,
    points: (o) => withReport(parts.points(o), o.report),
  });
