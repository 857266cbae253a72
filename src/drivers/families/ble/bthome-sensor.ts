/** Makes the driver of any sensor that speaks BTHome v2; each value is told once, none from a replayed packet. */
import * as z from "zod";
import { CodedError } from "../../../kit/errors.ts";
import type { PointSpec, Text } from "../../../model/index.ts";
import type { AdvertisedPoint, BleAdvert, Golden } from "../../driver.ts";
import { withReport } from "../options.ts";
import { withinRange } from "../range-check.ts";
import { advertisementDriver, type Interpreter, listening, type Sender } from "./advertisement.ts";
import { type Carried, carried } from "./bthome-objects.ts";

const SERVICE = "fcd2";
/** A sensor sends one packet several times, to be heard; and some of them overtake each other on their way. */
const REPEATS_MS = 4000;
/** A sensor whose battery was changed counts from the beginning. */
const RESTARTED_BELOW = 100;
const ROW_AT_LEAST_MS = 15 * 60_000;
/** Two temperatures, four probes. */
const MOST_OF_A_KIND = 4;

/** A row of the table: where the value lies, and what it is. */
export interface BthomeObject extends AdvertisedPoint {
  readonly unit: string;
  readonly kind?: PointSpec["kind"];
  readonly range?: PointSpec["range"];
  /** Smallest change worth a row, in the unit. */
  readonly change?: number;
}

export interface BthomeTable {
  readonly type: string;
  readonly title: Text;
  readonly objects: readonly BthomeObject[];
  /** Points of a device whose options name none. */
  readonly usual: readonly string[];
  readonly goldens: readonly Golden[];
}

export function bthomeDevice({ type, title, objects, usual, goldens }: BthomeTable) {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const byPoint = new Map(objects.toReversed().map((object) => [object.point, object]));
  const names = [...byPoint.keys()].toSorted().flatMap(numbered);
  const options = z.strictObject({
    ...listening,
    points: z
      .array(z.enum(names))
      .min(1)
      .prefault([...usual])
      .describe(
        "What it sends that is wanted; the second value of one kind is `temperature-2`. Anything else it sends is left out.",
      ),
    key: z
      .string()
      .regex(/^[A-Za-z0-9_][\w.-]*$/, { error: "expected the name of a credential file, never the key itself" })
      .refine((name) => !/^[0-9A-Fa-f]{32}$/.test(name), {
        error: "expected the name of a credential file, never the key itself",
      })
      .optional()
      .describe(
        "Of encrypted advertisements: the credential file with the bind key, 32 hex digits. Only what it opens, and nothing replayed, is a sign of life then.",
      ),
  });
  return advertisementDriver<z.output<typeof options>>({
    type,
    title,
    options,
    goldens,
    golden: (bytes) => ({ services: { [SERVICE]: bytes }, manufacturers: {} }),
    points: (o) => withReport(Object.fromEntries(o.points.map((name) => [name, pointOf(byPoint, name)])), o.report),
    layout: (o) => ({ wire: "ble", mac: o.mac, service: SERVICE, objects }),
    interpreter: (o, key, sender) => {
      const ranges = new Map(o.points.map((name) => [name, pointOf(byPoint, name).range]));
      return interpreter((data) => carried(data, byId, o.mac, key), ranges, sender, key !== undefined);
    },
  });
}

const numbered = (name: string): readonly string[] => [
  name,
  ...Array.from({ length: MOST_OF_A_KIND - 1 }, (_, i) => `${name}-${i + 2}`),
];

function pointOf(byPoint: ReadonlyMap<string, BthomeObject>, name: string): PointSpec {
  const { unit = "", kind = "gauge", range, change, decode } = byPoint.get(name.replace(/-\d$/, "")) ?? {};
  if (decode === "bool") return { unit: "", kind: "state", report: { atLeastMs: ROW_AT_LEAST_MS } };
  // An event is recorded each time; a state only when it changes.
  if (decode === "button" || decode === "dimmer") return { unit, kind };
  if (kind === "text") return { unit, kind, report: { atLeastMs: ROW_AT_LEAST_MS } };
  const report = { ...(change !== undefined && { change }), atLeastMs: ROW_AT_LEAST_MS };
  return { unit, kind, report, ...(range && { range }) };
}

type Ranges = ReadonlyMap<string, PointSpec["range"]>;

function interpreter(read: (data: Uint8Array) => Carried, ranges: Ranges, sender: Sender, hasKey: boolean): Interpreter {
  let last = null as { readonly bytes: string; readonly packet: number | null; readonly mono: number } | null;
  return ({ services, mono }: BleAdvert) => {
    const data = services[SERVICE];
    if (!data) return hasKey ? null : [];
    const bytes = Buffer.from(data).toString("latin1");
    const { values, packet, counter, isTriggered, unknown } = read(data);
    // A replayed packet is one that was heard before, or an older one: the counter of an encrypted sensor only rises.
    const { counter: highest } = sender;
    if (counter !== null && highest !== null && counter <= highest && !(counter < RESTARTED_BELOW && highest >= RESTARTED_BELOW))
      return null;
    if (counter !== null) sender.counter = counter;
    sender.isTriggered = isTriggered;
    sender.unread = unknown === null ? null : unreadable(unknown);
    const isLate = last === null || mono - last.mono >= REPEATS_MS;
    if (!isLate && (packet === null || last?.packet === null ? bytes === last?.bytes : !isNext(packet, last?.packet ?? 0)))
      return [];
    last = { bytes, packet, mono };
    const told = [...values].filter(([point, value]) => value !== null && ranges.has(point));
    return told.map(([point, value]) => withinRange({ point, value, quality: "good", mono }, ranges.get(point)));
  };
}

/** Packet numbers wrap from 255 to 0: one up to 63 ahead is newer, any other was sent before. */
const isNext = (packet: number, last: number): boolean => {
  const ahead = (packet - last) & 0xff;
  return ahead >= 1 && ahead <= 63;
};

/** The name of the device is added by whoever shows the error. */
const unreadable = (id: number) =>
  new CodedError("ble.unknown-object", { object: `0x${id.toString(16).padStart(2, "0").toUpperCase()}` });
