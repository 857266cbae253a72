/** A contact on a GPIO line, its polarity and what it means go in; a driver that tells its state, or counts passages, comes out. */
import * as z from "zod";
import { duration } from "../../../kit/quantities.ts";
import type { PointSpec, Reading, Value } from "../../../model.ts";
import type { Driver, Golden } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import type { Change } from "./debounce.ts";
import { bias, edges, inputDriver, repeated } from "./input.ts";
import { type GpioTable, line } from "./line.ts";
import { type Settled, settledIn } from "./settled.ts";

const options = z.strictObject({
  line: line(),
  active: z
    .enum(["high", "low"])
    .prefault("high")
    .describe("Electrical level at which the meaning is true; a contact to ground with pull-up is `low`."),
  means: z
    .enum(["presence", "door", "tamper", "passage"])
    .describe("What true says: occupied, open, tampered; or each activation counts as one passage."),
  debounce: duration().prefault("50ms").describe("A level counts once it has stood this long."),
  atMostEvery: duration()
    .prefault("0ms")
    .describe(
      "A change is told this long after the one before at the earliest; what came and went meanwhile is not. Passages all count.",
    ),
  bias: bias(),
  every: repeated(),
  edges: edges(),
  report: report(),
});
export type ContactOptions = z.output<typeof options>;

const ROW_AT_LEAST_MS = 15 * 60_000;

export function contactDriver(table: GpioTable): Driver<ContactOptions> {
  return inputDriver<ContactOptions>(table, {
    options,
    points: (o) => withReport({ [o.means]: pointOf(o) }, o.report),
    layout: ({ active, means }) => ({ active, means, role: means === "passage" ? "pulses" : "state" }),
    counts: ({ means }) => means === "passage",
    atMostEveryMs: ({ means, atMostEvery }) => (means === "passage" ? 0 : atMostEvery),
    readingsOf,
    decode: decodeGolden,
  });
}

const pointOf = ({ means }: ContactOptions): PointSpec =>
  means === "passage" ? { unit: "1", kind: "increments" } : { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };

function readingsOf(settled: Settled, options: ContactOptions): readonly Reading[] {
  const told = (changes: readonly Change[]) => changes.flatMap((change) => toldOf(change, options, settled.is === "opened"));
  if (settled.is !== "alive") return told(settled.changes);
  return settled.now && options.means !== "passage" ? told([settled.now]) : [];
}

/** `first`: the level at opening, which is no passage. */
function toldOf({ level, mono, chatter }: Change, { means, active }: ContactOptions, first: boolean): readonly Reading[] {
  const isActive = level === (active === "high" ? 1 : 0);
  const judged = chatter ? ({ quality: "uncertain", code: "contact.chatter" } as const) : ({ quality: "good" } as const);
  if (means !== "passage") return [{ point: means, value: isActive, ...judged, mono }];
  if (chatter) return [{ point: means, value: 0, ...judged, mono }];
  return isActive && !first ? [{ point: means, value: 1, ...judged, mono }] : [];
}

/** The value after the last edge has settled, or the passages counted. */
function decodeGolden(golden: Golden, options: ContactOptions): Readonly<Record<string, Value>> {
  const readings = settledIn(golden, options.debounce).flatMap((settled) => readingsOf(settled, options));
  const last = options.means === "passage" ? readings.reduce((sum, { value }) => sum + Number(value), 0) : readings.at(-1)?.value;
  return { [options.means]: last ?? null };
}
