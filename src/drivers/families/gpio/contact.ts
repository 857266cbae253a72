/** Makes the driver of a contact on a GPIO line, which tells its state or counts passages. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { PointSpec, Reading, Value } from "../../../model/index.ts";
import type { Driver, Golden } from "../../driver.ts";
import { report, withReport } from "../options.ts";
import { type Added, addedIn, incrementsOf } from "./increments.ts";
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
    .enum(["presence", "door", "tamper", "chirp", "heater", "thermostat", "passage"])
    .describe(
      "What true says: occupied, open, tampered, chirping, heating, too cold or too warm; or each activation counts as one passage.",
    ),
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
    layout: (o) => ({ active: o.active, means: o.means, role: counts(o) ? "pulses" : "state" }),
    counts,
    atMostEveryMs: (o) => (counts(o) ? 0 : o.atMostEvery),
    readingsOf: (settled, o) => (counts(o) ? incrementsOf(settled, passages(o)) : statesOf(settled, o)),
    decode: (golden, o) => ({ [o.means]: counts(o) ? addedIn(golden, o.debounce, passages(o)) : lastIn(golden, o) }),
  });
}

const counts = ({ means }: ContactOptions): boolean => means === "passage";
const passages = ({ means, active }: ContactOptions): Added => ({ point: means, each: 1, active });
const pointOf = (o: ContactOptions): PointSpec =>
  counts(o) ? { unit: "1", kind: "increments" } : { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };

function statesOf(settled: Settled, { means, active }: ContactOptions): readonly Reading[] {
  const changes = settled.is !== "alive" ? settled.changes : settled.now ? [settled.now] : [];
  return changes.map(({ level, mono, chatter }): Reading => {
    const value = level === (active === "high" ? 1 : 0);
    if (chatter) return { point: means, value, quality: "uncertain", code: "contact.chatter", mono };
    return { point: means, value, quality: "good", mono };
  });
}

/** The value after the last edge has settled. */
const lastIn = (golden: Golden, o: ContactOptions): Value =>
  settledIn(golden, o.debounce)
    .flatMap((settled) => statesOf(settled, o))
    .at(-1)?.value ?? null;
