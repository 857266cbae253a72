/** The options of a parking bay, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { ref } from "../references.ts";

const NOT_YET = "Not acted upon by this version.";

export const bayOptions = z.strictObject({
  reservedFor: z
    .enum(["disabled", "loading", "paid", "charging", "resident"])
    .optional()
    .describe("Who the bay is reserved for; `disabled`, with `permits`, raises an alarm: bay.illegal-occupation."),
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
    .describe(
      "When the bay is reserved, such as Mo-Sa 08:00-20:00; PH off. At other times its duties rest, but for `outside`; default: always.",
    ),
  outside: z
    .enum(["free", "forbidden"])
    .prefault("free")
    .describe("Outside `hours` anybody may stand there, or nobody: bay.out-of-hours."),
  maxStay: duration().optional().describe("Longest stay while `hours` run, as by the city's ordinance: bay.overstay."),
  payments: z
    .strictObject({ station: ref.asset("pay-station"), list: ref.list(), grace: duration() })
    .optional()
    .describe(NOT_YET),
  charger: ref.asset("charger").optional().describe(NOT_YET),
  column: ref
    .point({ kind: "word" })
    .optional()
    .describe(
      "Point of the bay's charging column that is a letter of IEC 61851, such as column-1.state: who stands there while it is neither C nor D nor a fault blocks the bay, bay.blocked.",
    ),
  grace: duration().prefault("10min").describe("Time to leave after `hours`, with `outside: forbidden`, or to begin charging."),
});
export type BayOptions = z.output<typeof bayOptions>;

/** Options that parse but that this version does not act upon. */
export const bayNotYet = (o: BayOptions): readonly string[] => [
  ...(["payments", "charger"] as const).filter((name) => o[name] !== undefined),
  ...(["reader", "list"] as const).filter((name) => o.permits?.[name] !== undefined).map((name) => `permits.${name}`),
];

/** Badges are asked for in a bay of the disabled only, and there only with `permits`. */
export const watchesPermits = ({ reservedFor, permits }: BayOptions): boolean =>
  reservedFor === "disabled" && permits !== undefined;

/** What asks for something else that is not written. */
export function bayIdle(o: BayOptions): Readonly<Record<string, readonly string[]>> {
  const isForbidden = o.outside === "forbidden";
  const hasDuty = watchesPermits(o) || o.maxStay !== undefined || isForbidden || o.column !== undefined;
  return {
    ...(o.reservedFor === "disabled" && o.permits === undefined && { reservedFor: ["permits"] }),
    ...(o.permits !== undefined && o.reservedFor !== "disabled" && { permits: ["reservedFor: disabled"] }),
    ...(o.hours !== undefined && !hasDuty && { hours: ["permits | maxStay | outside: forbidden | column"] }),
    ...(isForbidden && o.hours === undefined && { outside: ["hours"] }),
  };
}
