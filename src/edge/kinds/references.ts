/** Options of kinds and devices that name something else of the site: what they name is checked by their type. */
import * as z from "zod";
import { notUnderstood } from "../answers/opening-hours.ts";
import type { Output } from "./kind.ts";

/** What an option refers to, as metadata of its schema. `once`: no two options that say so may name the same. */
export type Reference =
  | { readonly to: "point"; readonly kind?: PointKind; readonly unit?: string; readonly once?: true }
  | { readonly to: "output"; readonly kind: OutputKind; readonly unit?: string }
  | { readonly to: "device" }
  | { readonly to: "asset"; readonly kind?: string; readonly once?: true }
  | { readonly to: "reader" }
  | { readonly to: "column" }
  | { readonly to: "station" }
  | { readonly to: "list" }
  | { readonly to: "hours" }
  | { readonly to: "day" };

/** As a sense hears it. state: true or false. word: one word of a few. number: a gauge or a total. */
export type PointKind = "state" | "word" | "number";

/** What it is set to: true or false, or a number. */
export type OutputKind = "state" | "number";

/** Schemas that carry a reference; the configuration walks them once. */
export const references = z.registry<Reference>();

const HOURS = "expected opening hours such as Mo-Fr 08:00-13:00,15:00-20:00; PH off";

const NAME = "[a-z0-9][a-z0-9-]*";
const named = (pattern: string, expected: string) => z.string().regex(new RegExp(`^${pattern}$`), { error: expected });

const refer = <S extends z.ZodType>(schema: S, reference: Reference): S => {
  references.add(schema, reference);
  return schema;
};

function output(of?: { readonly kind?: "state" }): z.ZodType<Output<boolean>>;
function output(of: { readonly kind: "number"; readonly unit?: string }): z.ZodType<Output<number>>;
function output({ kind = "state", unit }: { readonly kind?: OutputKind; readonly unit?: string } = {}): z.ZodType {
  const schema = named(`${NAME}\\.${NAME}`, "expected DEVICE.POINT, such as relay-yard.lamp");
  return refer(schema, { to: "output", kind, ...(unit !== undefined && { unit }) });
}

/** DEVICE.POINT, or DEVICE alone where it is the relay itself. */
function relay(): z.ZodType<Output<boolean>> {
  const written = named(`${NAME}(\\.${NAME})?`, "expected DEVICE.POINT, such as relay-yard.lamp");
  const schema = written.transform((name) => (name.includes(".") ? name : `${name}.on`));
  return refer(schema as unknown as z.ZodType<Output<boolean>>, { to: "output", kind: "state" });
}

export const ref = {
  /** DEVICE.POINT or ASSET.ATTRIBUTE of this kind and unit. */
  point: (of: { readonly kind?: PointKind; readonly unit?: string; readonly once?: true } = {}) =>
    refer(named(`${NAME}\\.${NAME}`, "expected DEVICE.POINT, such as bay-014-sensor.presence"), { to: "point", ...of }),
  /** DEVICE.POINT that takes such a value: what a kind may `want`. No other option of the site may name the same. */
  output,
  /** An output that switches power: a relay by its name is its point `on`. */
  relay,
  device: () => refer(named(NAME, "expected the name of a device"), { to: "device" }),
  asset: (kind?: string, more: { readonly once?: true } = {}) =>
    refer(named(NAME, "expected the name of an asset"), { to: "asset", ...(kind !== undefined && { kind }), ...more }),
  /** A device that reads badges. */
  reader: () => refer(named(NAME, "expected the name of a device that reads badges"), { to: "reader" }),
  /** A charging column: a device whose point `state` is a letter. */
  column: () => refer(named(NAME, "expected the name of a device"), { to: "column" }),
  /** A pay station: a device with a point `fault`. */
  station: () => refer(named(NAME, "expected the name of a device"), { to: "station" }),
  /** A list that the platform pushes. */
  list: () => refer(named(NAME, "expected the name of a list"), { to: "list" }),
  /** Opening hours, such as "Mo-Fr 08:00-20:00; PH off". */
  hours: () =>
    refer(
      z.string().superRefine((text, issues) => {
        const part = notUnderstood(text);
        if (part !== null) issues.addIssue({ code: "custom", message: `${HOURS} (${part} is not understood)` });
      }),
      { to: "hours" },
    ),
  /** A local day, YYYY-MM-DD, such as the one on which something expires. */
  day: () => refer(z.iso.date({ error: "expected a day such as 2027-06-30" }), { to: "day" }),
};
