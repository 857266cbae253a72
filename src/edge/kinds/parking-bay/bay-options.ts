/** The options of a parking bay, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { Text } from "../../../model/index.ts";
import { MOST_SOCKETS } from "../charger/charger-options.ts";
import type { Misfit } from "../kind.ts";
import { ref } from "../references.ts";

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
  leaveWithin: duration()
    .prefault("10min")
    .describe("With `outside: forbidden`: how long whoever is still there when `hours` end may take to leave."),
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
      grace: duration()
        .prefault("10min")
        .describe("How long a vehicle may stand there unpaid: since it came, since `hours` began, or since what was paid ended."),
    })
    .optional()
    .describe("Parking here is paid for: bay.unpaid."),
  neighbours: z
    .array(ref.asset("parking-bay"))
    .min(1)
    .max(4)
    .optional()
    .describe("The bays beside it, each with a sensor of its own: `stuck` and `swapped` compare it with them."),
  stuck: z
    .strictObject({
      after: duration().prefault("1d").describe("How long its sensor may say the same."),
      moves: z
        .int()
        .min(1)
        .prefault(20)
        .describe("How often the neighbours must have changed meanwhile, all together: a quiet night is no fault."),
    })
    .optional()
    .describe("When its sensor is taken to be stuck: bay.stuck. Where vehicles stand for days, choose `after` accordingly."),
  swapped: z
    .strictObject({
      times: z
        .int()
        .min(3)
        .max(20)
        .prefault(3)
        .describe(
          "So many times in a row somebody showed a valid badge at `permits.reader`, plugged in at `socket` or paid at `payments.station`, and only one and the same neighbour became occupied.",
        ),
      within: duration().prefault("3min").describe("So long before or after that."),
    })
    .optional()
    .describe("When its sensor and that of a neighbour are taken to be swapped: bay.swapped, a hint and no fault."),
  unstable: z
    .strictObject({
      changes: z.int().min(4).max(100).prefault(8).describe("So many changes."),
      within: duration().prefault("10min").describe("In this time."),
    })
    .optional()
    .describe("When its sensor is taken to be unstable, since no bay is taken and left so often: bay.unstable."),
  charger: ref
    .asset("charger")
    .optional()
    .describe(
      "The charging column of the bay, an asset of its own. A vehicle that stands there without charging, while the socket works, raises bay.blocked.",
    ),
  socket: z.int().min(1).max(MOST_SOCKETS).optional().describe("Which socket of `charger` is the bay's; default: the first."),
  grace: duration()
    .prefault("10min")
    .describe("With `charger`: how long a vehicle may stand there without charging, before it begins and when it is full."),
});
export type BayOptions = z.output<typeof bayOptions>;

/** A socket that its charging column does not have. */
export function bayMisfits({ charger = "", socket = 1 }: BayOptions, of: (asset: string) => unknown): readonly Misfit[] {
  const { sockets } = (of(charger) ?? {}) as { readonly sockets?: unknown };
  if (!Array.isArray(sockets) || socket <= sockets.length) return [];
  return [
    {
      at: ["socket"],
      what: {
        it: `una presa di ${charger}, che ne ha ${sockets.length}`,
        en: `a socket of ${charger}, which has ${sockets.length}`,
      },
    },
  ];
}

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
  const hasDuty = isWatched || [o.maxStay, o.charger, o.payments].some((one) => one !== undefined) || isForbidden;
  const isListIdle = o.permits?.list !== undefined && o.permits.reader === undefined && isWatched && !admitsByList(o);
  return {
    ...(o.reservedFor === "disabled" && o.permits === undefined && { reservedFor: ["permits"] }),
    ...(o.permits !== undefined && !isWatched && { permits: [`reservedFor: ${OF_PERMITS.join(" | ")}`] }),
    ...(isListIdle && { "permits.list": ["permits.reader"] }),
    ...(o.hours !== undefined && !hasDuty && { hours: ["permits | maxStay | outside: forbidden | payments | charger"] }),
    ...(o.payments?.stall !== undefined && o.payments.station === undefined && { "payments.stall": ["payments.station"] }),
    ...(isForbidden && o.hours === undefined && { outside: ["hours"] }),
    ...(o.socket !== undefined && o.charger === undefined && { socket: ["charger"] }),
    ...idleBeside(o),
  };
}

/** The same of what compares it with the bays beside it. */
function idleBeside(o: BayOptions): Readonly<Record<string, readonly string[]>> {
  const { neighbours, stuck, swapped, charger, payments } = o;
  if (stuck === undefined && swapped === undefined) return neighbours === undefined ? {} : { neighbours: ["stuck | swapped"] };
  const isUseHeard = (watchesPermits(o) && o.permits?.reader !== undefined) || [charger, payments?.station].some(isWritten);
  const missing = neighbours === undefined ? ["neighbours"] : [];
  const unheard = isUseHeard ? [] : ["permits.reader | charger | payments.station"];
  return {
    ...(stuck !== undefined && missing.length > 0 && { stuck: missing }),
    ...(swapped !== undefined && missing.length + unheard.length > 0 && { swapped: [...missing, ...unheard] }),
  };
}

const isWritten = (option: string | undefined): boolean => option !== undefined;

const RESERVED: Readonly<Record<string, Text>> = {
  disabled: { it: "disabili", en: "Disabled" },
  loading: { it: "carico e scarico", en: "Loading" },
  resident: { it: "residenti", en: "Residents'" },
};

/** Words of its texts: for whom it is reserved. */
export const bayWords = ({ reservedFor }: BayOptions): Readonly<Record<string, Text>> => ({
  reserved: RESERVED[reservedFor ?? ""] ?? { it: "riservato", en: "Reserved" },
});
