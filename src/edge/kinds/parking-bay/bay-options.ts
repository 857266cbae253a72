/** The options of a parking bay, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { ref } from "../references.ts";

const NOT_YET = "Not acted upon by this version.";

export const bayOptions = z.strictObject({
  reservedFor: z
    .enum(["disabled", "loading", "paid", "charging", "resident"])
    .optional()
    .describe("Who the bay is reserved for; only `disabled`, with `permits`, raises an alarm: bay.illegal-occupation."),
  occupancy: ref.point({ kind: "state" }).describe("The point that is true while a vehicle stands in the bay."),
  debounce: duration().prefault("5s").describe("How long a new occupancy must stand before the bay changes."),
  permits: z
    .strictObject({
      reader: ref.reader().optional().describe(`Device that reads badges. ${NOT_YET}`),
      list: ref.list().optional().describe(`Permit list pushed by the platform. ${NOT_YET}`),
      grace: duration()
        .prefault("5min")
        .describe("Time to show a badge after occupying the bay: `permit.confirm` tells that it was shown."),
      shownBefore: duration()
        .prefault("2min")
        .describe("A badge shown up to this long before the sensor sees the vehicle counts for its stay."),
    })
    .optional(),
  hours: ref
    .hours()
    .optional()
    .describe("When the bay is reserved, such as Mo-Sa 08:00-20:00; PH off. Nobody is accused at other times; default: always."),
  maxStay: duration().optional().describe(NOT_YET),
  payments: z
    .strictObject({ station: ref.asset("pay-station"), list: ref.list(), grace: duration() })
    .optional()
    .describe(NOT_YET),
  charger: ref.asset("charger").optional().describe(NOT_YET),
  grace: duration().optional().describe(NOT_YET),
});
export type BayOptions = z.output<typeof bayOptions>;

/** Options that parse but that this version does not act upon. */
export const bayNotYet = (o: BayOptions): readonly string[] => [
  ...(["maxStay", "payments", "charger", "grace"] as const).filter((name) => o[name] !== undefined),
  ...(["reader", "list"] as const).filter((name) => o.permits?.[name] !== undefined).map((name) => `permits.${name}`),
];

/** Badges and hours are asked for in a bay of the disabled only, and there only with `permits`. */
export function bayIdle(o: BayOptions): Readonly<Record<string, readonly string[]>> {
  const lacking = [
    ...(o.reservedFor === "disabled" ? [] : ["reservedFor: disabled"]),
    ...(o.permits === undefined ? ["permits"] : []),
  ];
  if (lacking.length === 0) return {};
  return {
    ...(o.reservedFor === "disabled" && { reservedFor: lacking }),
    ...(o.permits !== undefined && { permits: lacking }),
    ...(o.hours !== undefined && { hours: lacking }),
  };
}
