/** The options of a parking group, as the configuration writes them. */
import * as z from "zod";
import type { Misfit } from "../kind.ts";
import { ref } from "../references.ts";

/** What all bays of a group are for, in the words of the Smart Data Models, and what such bays are reserved for. */
export const CATEGORIES = {
  onlyDisabled: "disabled",
  loadUnloadZone: "loading",
  feeCharged: "paid",
  onlyElectricalCharging: "charging",
} as const;
type Category = keyof typeof CATEGORIES;

const passages = (meaning: string) => {
  const point = ref.point({ kind: "number", unit: "1" });
  return z.union([point, z.array(point).min(1)]).describe(meaning);
};

const listOf = (points: string | readonly string[]): readonly string[] => (typeof points === "string" ? [points] : points);

/** The senses of the gates by name, `in-1` being the first one that lets in. */
export const gatesOf = ({ gates }: GroupOptions): Readonly<Record<string, string>> => {
  const named = (way: "in" | "out", points: string | readonly string[]) =>
    listOf(points).map((point, i) => [`${way}-${i + 1}`, point] as const);
  return gates === undefined ? {} : Object.fromEntries([...named("in", gates.in), ...named("out", gates.out)]);
};

export const groupOptions = z
  .strictObject({
    category: z
      .enum(Object.keys(CATEGORIES) as [Category, ...Category[]])
      .optional()
      .describe("What its bays are for; each of them must be reserved for that."),
    bays: z
      .array(ref.asset("parking-bay", { once: true }))
      .min(1)
      .optional()
      .describe("Bays with a sensor each, which are counted. A bay belongs to one group."),
    gates: z
      .strictObject({
        in: passages("What counts the vehicles that drive in: one point, or a list of them."),
        out: passages("What counts the vehicles that drive out: one point, or a list of them."),
      })
      .optional()
      .describe("Gates that count who drives in and out, where bays have no sensors: an OffStreetParking."),
    capacity: z.int().min(1).max(1_000_000).optional().describe("With `gates`: how many vehicles fit inside."),
    rezero: z
      .strictObject({
        at: z
          .string()
          .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "expected a time of day such as 03:30" })
          .describe("Local time."),
        to: z.int().min(0).prefault(0).describe("How many vehicles stand inside then."),
      })
      .optional()
      .describe(
        "With `gates`: when the count begins anew each day, since gates miscount. A gateway that is off at that time waits for the next day.",
      ),
    part: z
      .boolean()
      .prefault(false)
      .describe("With `gates`: another gateway serves the same `urn`. Only passages are shown then, and the platform sums them."),
  })
  .superRefine((o, issues) => {
    const wrong = (path: readonly string[], message: string) => issues.addIssue({ code: "custom", path: [...path], message });
    if ((o.bays === undefined) === (o.gates === undefined))
      wrong(o.bays === undefined ? [] : ["gates"], "expected bays or gates, one of the two");
    if (o.gates === undefined) return;
    const points = Object.values(gatesOf(o));
    if (new Set(points).size < points.length)
      wrong(["gates"], "expected each point once: a gate that counts both ways tells no direction");
    if (o.capacity === undefined && !o.part) wrong(["capacity"], "expected how many vehicles fit inside");
    if (o.rezero !== undefined && o.capacity !== undefined && o.rezero.to > o.capacity)
      wrong(["rezero", "to"], "expected not more than capacity");
  });
export type GroupOptions = z.output<typeof groupOptions>;

/** Options of gates do not apply to bays, nor options of bays to gates. */
export function groupIdle(o: GroupOptions): Readonly<Record<string, readonly string[]>> {
  if (o.gates !== undefined) return o.category === undefined ? {} : { category: ["bays"] };
  const ofGates = { capacity: o.capacity !== undefined, rezero: o.rezero !== undefined, part: o.part };
  return Object.fromEntries(Object.entries(ofGates).flatMap(([name, isWritten]) => (isWritten ? [[name, ["gates"]]] : [])));
}

/** Bays that are reserved for something else than the group is for. */
export function groupMisfits({ category, bays = [] }: GroupOptions, of: (asset: string) => unknown): readonly Misfit[] {
  if (category === undefined) return [];
  const wanted = CATEGORIES[category];
  return bays.flatMap((bay, i) => {
    const { reservedFor } = (of(bay) ?? {}) as { readonly reservedFor?: unknown };
    if (of(bay) === undefined || reservedFor === wanted) return [];
    const what = { it: `uno stallo con reservedFor: ${wanted}`, en: `a bay with reservedFor: ${wanted}` };
    return [{ at: ["bays", i], what }];
  });
}
