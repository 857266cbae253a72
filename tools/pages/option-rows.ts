/** Writes the options that a schema accepts as the rows of a table. */
import { cells } from "./markdown.ts";

type Json = Readonly<Record<string, unknown>>;

/** One row per option, those inside an option after it under a dotted name. */
export function optionRows(schema: Json, prefix = ""): string[] {
  const required = new Set(schema["required"] as readonly string[] | undefined);
  const head = prefix === "" ? [cells("Option", "Values", "Default", "Meaning"), cells("---", "---", "---", "---")] : [];
  const rows = Object.entries((schema["properties"] ?? {}) as Readonly<Record<string, Json>>).flatMap(([name, option]) => {
    const fallback = required.has(name)
      ? "**required**"
      : option["default"] === undefined
        ? ""
        : `\`${JSON.stringify(option["default"])}\``;
    const own = cells(`\`${prefix}${name}\``, valuesOf(option), fallback, String(option["description"] ?? ""));
    return [
      own,
      ...(option["type"] === "object" ? optionRows(option, `${prefix}${name}.`) : []),
      ...entryRows(option, `${prefix}${name}`),
    ];
  });
  return [...head, ...rows];
}

/** A mapping of the reader's own names: what may stand under each, in any of its forms. */
function entryRows({ additionalProperties: entry }: Json, prefix: string): string[] {
  if (typeof entry !== "object" || entry === null) return [];
  const forms = ((entry as Json)["anyOf"] ?? (entry as Json)["oneOf"] ?? [entry]) as readonly Json[];
  return [...new Set(forms.flatMap((form) => optionRows(form, `${prefix}.NAME.`)))];
}

function valuesOf(option: Json): string {
  const list = (option["enum"] ?? (option["const"] === undefined ? undefined : [option["const"]])) as
    | readonly unknown[]
    | undefined;
  if (list) return list.map((word) => `\`${String(word)}\``).join(", ");
  const alternatives = (option["anyOf"] ?? option["oneOf"]) as readonly Json[] | undefined;
  if (alternatives) return [...new Set(alternatives.map(valuesOf))].join(" or ");
  // The patterns of kit/text/quantities.ts.
  if (String(option["pattern"]).includes("ms|s|min")) return "duration";
  if (String(option["pattern"]).includes("mm|cm|m")) return "length";
  if ((option["items"] as Json | undefined)?.["enum"]) return "list of points, below";
  const { type } = option as { type?: string };
  const [least, most] = [boundIn(option["minimum"]), boundIn(option["maximum"])];
  if (least !== undefined && most !== undefined) return `${type} ${least}–${most}`;
  if (least !== undefined) return `${type}, at least ${least}`;
  return most === undefined ? String(type ?? "any") : `${type}, at most ${most}`;
}

/** Bounds of the number format itself are none. */
const boundIn = (bound: unknown): number | undefined =>
  typeof bound === "number" && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
