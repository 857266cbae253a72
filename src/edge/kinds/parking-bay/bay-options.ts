/** The options of a parking bay, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { Text } from "../../../model/index.ts";
import { ref } from "../references.ts";

const NOT_YET = "Not acted upon by this version.";

export const bayOptions = z.strictObject({
  reservedFor: z
    .enum(["disabled", "loading", "paid", "charging", "resident"])
    .optional()
    .describe(
      "Who the bay is reserved for; `disabled`, `loading` and `resident`, with `permits`, raise an alarm: bay.illegal-occupation.",
    ),
  occupancy: ref.point({ kind: "state", once: true }).describe("The point that is true while a vehicle stands in the bay."),
  debounce: duration().prefault("5s").describe("How long a new occupancy must stand before the bay changes."),
  permits: z
    .strictObject({
      reader: ref.reader().optional().describe("Device that reads badges."),
      list: ref
        .list()
        .optional()
        .describe(
          "Permit list pushed by the platform; default: the one named as `reservedFor`. Where it is written and there is no `reader`, an entry of a list for loading or residents that names this bay is a permit.",
        ),
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
      "When the bay is reserved, such as Mo-Sa 08:00-20:00; PH off. At other times only `outside` applies; default: always.",
    ),
  outside: z
    .enum(["free", "forbidden"])
    .prefault("free")
    .describe("Whether anybody may stand there outside `hours`, or nobody: bay.out-of-hours."),
  maxStay: duration().optional().describe("Longest stay during `hours`, as the city's ordinance sets it: bay.overstay."),
  payments: z
    .strictObject({
      station: ref
        .asset("pay-station")
        .optional()
        .describe("Pay station that tells its sessions (docs/pay-stations.md): one for this bay counts whatever the list says."),
      stall: z
        .string()
        .regex(/^[A-Za-z0-9-]{1,32}$/, { error: "expected at most 32 letters, digits and -" })
        .optional()
        .describe("What the station calls this bay; default: its name here."),
      list: ref
        .list()
        .optional()
        .describe(
          "List of who has paid, pushed by the platform: an entry for this bay is a session. Default: payments, or none where there is a `station`.",
        ),
      grace: duration().prefault("10min").describe("Time to pay after parking, and to leave when the paid time is over."),
    })
    .optional()
    .describe("Parking here is paid for: bay.unpaid."),
  charger: ref.asset("charger").optional().describe(NOT_YET),
  column: ref
    .point({ kind: "word" })
    .optional()
    .describe(
      "Point of the bay's charging column that is a letter of IEC 61851, such as column-1.state. A vehicle that stands there without charging (neither C nor D) while the column has no fault raises bay.blocked.",
    ),
  grace: duration().prefault("10min").describe("Time to leave after `hours`, with `outside: forbidden`, or to begin charging."),
});
export type BayOptions = z.output<typeof bayOptions>;

/** Options that parse but that this version does not act upon. */
export const bayNotYet = (o: BayOptions): readonly string[] => [...(o.charger === undefined ? [] : ["charger"])];

const OF_PERMITS = ["disabled", "loading", "resident"];

/** A permit is asked for where a bay is reserved for those who have one, and only with `permits`. */
export const watchesPermits = ({ reservedFor, permits }: BayOptions): boolean =>
  OF_PERMITS.includes(reservedFor ?? "") && permits !== undefined;

/** The list that says whose badge it is. */
export const permitListOf = ({ reservedFor, permits }: BayOptions): string => permits?.list ?? reservedFor ?? "";

/** undefined: the station alone knows who has paid. */
export const paymentListOf = ({ station, list }: NonNullable<BayOptions["payments"]>): string | undefined =>
  list ?? (station === undefined ? "payments" : undefined);

/** An entry for the bay itself is a permit: vehicles of loading and residents are admitted by name. Badges of the disabled must be shown. */
export const admitsByList = (o: BayOptions): boolean =>
  watchesPermits(o) && o.reservedFor !== "disabled" && o.permits?.reader === undefined && o.permits?.list !== undefined;

/** What asks for something else that is not written. */
export function bayIdle(o: BayOptions): Readonly<Record<string, readonly string[]>> {
  const isForbidden = o.outside === "forbidden";
  const isWatched = watchesPermits(o);
  const hasDuty = isWatched || [o.maxStay, o.column, o.payments].some((one) => one !== undefined) || isForbidden;
  const isListIdle = o.permits?.list !== undefined && o.permits.reader === undefined && isWatched && !admitsByList(o);
  return {
    ...(o.reservedFor === "disabled" && o.permits === undefined && { reservedFor: ["permits"] }),
    ...(o.permits !== undefined && !isWatched && { permits: [`reservedFor: ${OF_PERMITS.join(" | ")}`] }),
    ...(isListIdle && { "permits.list": ["permits.reader"] }),
    ...(o.hours !== undefined && !hasDuty && { hours: ["permits | maxStay | outside: forbidden | payments | column"] }),
    ...(o.payments?.stall !== undefined && o.payments.station === undefined && { "payments.stall": ["payments.station"] }),
    ...(isForbidden && o.hours === undefined && { outside: ["hours"] }),
  };
}

const RESERVED: Readonly<Record<string, Text>> = {
  disabled: { it: "disabili", en: "Disabled" },
  loading: { it: "carico e scarico", en: "Loading" },
  resident: { it: "residenti", en: "Residents'" },
};

/** Words of its texts: for whom it is reserved. */
export const bayWords = ({ reservedFor }: BayOptions): Readonly<Record<string, Text>> => ({
  reserved: RESERVED[reservedFor ?? ""] ?? { it: "riservato", en: "Reserved" },
});
