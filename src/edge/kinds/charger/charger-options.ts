/** The options of a charging column, as the configuration writes them. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import { ref } from "../references.ts";

/** As the Smart Data Model of charging stations names them. */
const PLUGS = ["Type2", "Type1", "CCS/SAE", "CHAdeMO", "Schuko", "Mennekes"] as const;
export const MOST_SOCKETS = 4;

const socket = z.strictObject({
  type: z.enum(PLUGS).describe("Which plug fits."),
  device: ref.column().optional().describe("The device of this socket; default, for the first socket: the column's."),
});

export const chargerOptions = z
  .strictObject({
    device: ref
      .column()
      .describe("The device of the column: of its type, or any other with a point `state` whose words are A, B, C, F and U."),
    sockets: z.array(socket).min(1).max(MOST_SOCKETS).describe("Its sockets, each a place to charge."),
    faultAfter: duration().prefault("1min").describe("How long a fault must last before it is an alarm."),
    unavailableAfter: duration().prefault("15min").describe("How long a socket may be unavailable."),
    offlineAfter: duration()
      .prefault("5min")
      .describe("How much longer the column may stay silent once its device counts as silent."),
    limit: ref
      .output({ kind: "number", unit: "A" })
      .optional()
      .describe("The point that limits the current of each phase, such as column-1.limit: `charger.limit` sets it."),
    most: z
      .number()
      .min(6)
      .optional()
      .describe(
        "Highest current that `charger.limit` may set, A. With `zeroPauses`, `charger.resume` sets it where no limit was.",
      ),
    zeroPauses: z.boolean().prefault(false).describe("Whether `limit` takes 0, which pauses (see the page of the device)."),
    pause: ref.output().optional().describe("The point that pauses the column, where it has one, such as column-1.paused."),
  })
  .superRefine((o, { addIssue }) => {
    for (const [at, { device }] of o.sockets.entries())
      if (at > 0 && device === undefined)
        addIssue({
          code: "custom",
          message: "expected the name of a device: only the first socket has the column's",
          path: ["sockets", at, "device"],
        });
    if (o.limit !== undefined && o.most === undefined)
      addIssue({ code: "custom", message: "expected a number, beside `limit`", path: ["most"] });
  });
export type ChargerOptions = z.output<typeof chargerOptions>;

/** Options that do nothing without `limit`. */
export function chargerIdle(o: ChargerOptions): Readonly<Record<string, readonly string[]>> {
  if (o.limit !== undefined) return {};
  return { ...(o.most !== undefined && { most: ["limit"] }), ...(o.zeroPauses && { zeroPauses: ["limit"] }) };
}

export const deviceOf = (o: ChargerOptions, socket: number): string | undefined =>
  o.sockets[socket]?.device ?? (socket === 0 ? o.device : undefined);

export const canPause = (o: ChargerOptions): boolean => o.pause !== undefined || (o.limit !== undefined && o.zeroPauses);
