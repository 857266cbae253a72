/** How points that stand in JSON documents are written in the configuration, and what they then are. */
import * as z from "zod";
import type { PointSpec } from "../../../model/index.ts";
import type { MessageValue } from "../../driver.ts";
import { unitOf } from "../modbus/ucum-units.ts";
import { report, reportOf } from "../options.ts";
import type { Range } from "./point-reader.ts";

const ROW_AT_LEAST_MS = 15 * 60_000;

const ucum = () =>
  z
    .string()
    .transform((written, { addIssue }) => {
      const read = unitOf(written);
      if ("suggestion" in read) addIssue({ code: "custom", message: `expected ${read.suggestion}` });
      return "unit" in read ? read.unit : "1";
    })
    .optional()
    .describe("Of a number: its unit as UCUM code, 1 where it has none; °C, kWh, m³ and their like are understood.");

/** What a value is, wherever it stands. */
export const meaning = {
  unit: ucum(),
  kind: z
    .enum(["gauge", "counter", "state", "text"])
    .optional()
    .describe("Default: with a unit gauge, otherwise state: true or false, or a word of `map`."),
  map: z
    .record(z.string().min(1).max(64), z.union([z.boolean(), z.string().min(1).max(64)]))
    .refine((map) => new Set(Object.values(map).map((value) => typeof value)).size === 1, {
      error: "expected either true and false, or words",
    })
    .optional()
    .describe(
      "What each word or number means: { ON: true, OFF: false }, or words. Of words any other is told as it is, and doubtful.",
    ),
  scale: z
    .number()
    .refine((scale) => scale !== 0, { error: "expected a number other than 0" })
    .optional()
    .describe("Value = number × scale + offset."),
  offset: z.number().optional().describe("What is added after the scale."),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([smallest, largest]) => smallest <= largest, { error: "expected the smaller number first" })
    .optional()
    .describe("Smallest and largest possible value; what is outside is bad."),
  report: report(),
};
type Meaning = z.output<z.ZodObject<typeof meaning>>;

/** What contradicts itself in a point, for its schema to say. */
export function contradictions({ unit, kind, map, scale, offset, range }: Meaning, { addIssue }: z.RefinementCtx): void {
  const isNumber = unit !== undefined;
  const wrong = (path: string, message: string) => addIssue({ code: "custom", path: [path], message });
  if (!isNumber && (kind === "gauge" || kind === "counter"))
    wrong("kind", "expected a unit beside a gauge or counter, 1 for none");
  if (isNumber && (kind === "state" || kind === "text")) wrong("unit", "expected no unit: only numbers have one");
  if (map !== undefined && (isNumber || kind === "text")) wrong("map", "expected none: only a state has one");
  if (!isNumber && [scale, offset, range].some((one) => one !== undefined))
    wrong("unit", "expected a unit: only numbers are scaled");
}

/** Points by name, at least one. */
export const pointsOf = <P extends z.ZodType>(point: P) =>
  z
    .record(
      z.string().regex(/^(?!constructor$)[a-z][a-z0-9-]*$/, { error: "expected a name such as flow-temp, and not constructor" }),
      point,
    )
    .refine((points) => Object.keys(points).length > 0, { error: "expected at least one point" })
    .describe("Name → where it stands and what it is.");

export function specOf(one: Meaning): PointSpec {
  const given = one.report ? reportOf(one.report) : {};
  const report = { atLeastMs: ROW_AT_LEAST_MS, ...given };
  if (one.kind === "text") return { unit: "", kind: "text", report };
  if (one.unit === undefined) return { unit: "", kind: "state", ...(isWords(one) && { isWord: true }), report };
  return { unit: one.unit, kind: one.kind === "counter" ? "counter" : "gauge", report, ...(one.range && { range: one.range }) };
}

const isWords = ({ map }: Pick<Meaning, "map">): boolean =>
  map !== undefined && Object.values(map).some((value) => typeof value === "string");

export const rangesOf = (points: Readonly<Record<string, Meaning>>): Readonly<Record<string, Range>> =>
  Object.fromEntries(Object.entries(points).map(([name, { range }]) => [name, range]));

export function messageValueOf({ unit, kind, map, scale, offset }: Meaning, at: string | null): MessageValue {
  const isText = kind === "text" || isWords({ map });
  return {
    at,
    is: unit !== undefined ? "number" : isText ? "text" : "boolean",
    ...(scale !== undefined && { scale }),
    ...(offset !== undefined && { offset }),
    ...(map !== undefined && { map }),
  };
}
