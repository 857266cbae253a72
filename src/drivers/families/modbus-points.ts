/** A register table written in the configuration goes in; the same driver as for a table in a file comes out. */
import * as z from "zod";
import type { Text, Writable } from "../../model.ts";
import type { Golden, RegisterPoint } from "../driver.ts";
import { hole, modbusDriver, patience, unit } from "./modbus-table.ts";
import { every, limits, limitsOf, report, reportOf, switchLimits, withReport } from "./options.ts";
import { encodePoint, type Points, unsayable, widthOf } from "./registers.ts";

const address = z.int().min(0).max(65_535);
const writing = <L extends z.ZodType>(limits: L) => ({
  writable: z.boolean().prefault(false).describe("May be written by commands."),
  limits,
  impact: z.enum(["low", "high"]).prefault("low").describe("high: a command from the platform needs a signature."),
  alarm: z.boolean().prefault(false).describe("Read before the ordinary points of every device on the line."),
  safe: z.boolean().prefault(false).describe("May be commanded while the clock is not synchronised."),
  report: report(),
});

/** A discrete input is one, whatever else is written. */
const isBool = ({ fc, decode }: Pick<RegisterPoint, "fc" | "decode">): boolean => fc === 2 || decode === "bool";

type Limited = Parameters<typeof encodePoint>[1] & { readonly limits?: z.output<ReturnType<typeof limits>> };

/** Off is 0, or the smallest value that may be written where that is more (src/edge/commands/limits.ts). */
function canSwitchOff({ limits: { min = 0, maxOn } = {}, ...point }: Limited): boolean {
  return maxOn === undefined || min <= 0 || isBool(point) || encodePoint(min, point)?.value === min;
}

interface Written extends Pick<Writable, "impact" | "safe"> {
  readonly writable: boolean;
  readonly limits?: unknown;
}
/** Who says how a point is written means it to be written. */
const isMeant = ({ writable, limits, impact, safe }: Written): boolean =>
  writable || (limits === undefined && impact === "low" && !safe);
const NOT_WRITTEN = { error: "expected true, where `limits`, `impact` or `safe` say how it is written", path: ["writable"] };

type Register = z.output<typeof register>;
interface Wrong {
  readonly path: readonly PropertyKey[];
  readonly expected: string;
}

/** Options that say something of numbers alone. One that stands at its default says nothing, and is not told from one left out. */
function notOfBool({ fc, decode, scale, unit, kind, range, absent, limits }: Register): readonly Wrong[] {
  const wrong = (given: boolean, expected: string, ...path: readonly string[]) => (given ? [{ path, expected }] : []);
  const none = "none: a bool is true or false";
  return [
    ...wrong(decode !== "bool" && decode !== "uint16" && fc === 2, "bool: a discrete input is true or false", "decode"),
    ...wrong(kind !== undefined && kind !== "state", "state: a bool is true or false", "kind"),
    ...wrong(scale !== 1, none, "scale"),
    ...wrong(unit !== "1" && unit !== "", none, "unit"),
    ...wrong(range !== undefined, none, "range"),
    ...wrong(absent !== undefined, "none: a bool always has a value", "absent"),
    ...wrong(limits?.min !== undefined, none, "limits", "min"),
    ...wrong(limits?.max !== undefined, none, "limits", "max"),
  ];
}

function absentNever(absent: readonly number[], decode: Parameters<typeof unsayable>[1]): readonly Wrong[] {
  return absent.flatMap((number, i) => {
    const expected = unsayable(number, decode);
    return expected === undefined ? [] : [{ path: ["absent", i], expected }];
  });
}

const register = z
  .strictObject({
    fc: z.literal([2, 3, 4]).describe("Function that reads it: 2 discrete input, 3 holding register, 4 input register."),
    address: address.describe("Address as on the bus, from 0 (documents that begin with 30001 or 40001 count from 1)."),
    decode: z
      .enum(["bool", "uint16", "int16", "uint32", "int32", "float32", "uint64", "int64"])
      .prefault("uint16")
      .describe("How the registers make a number."),
    words: z.enum(["high-first", "low-first"]).prefault("high-first").describe("Order of the registers of a wider number."),
    scale: z
      .number()
      .prefault(1)
      .refine((scale) => scale !== 0, { error: "expected a number other than 0" })
      .describe("Value = number × scale."),
    unit: z.string().prefault("1").describe("Unit of the value as UCUM code: Cel, kW.h, m3, 1."),
    kind: z
      .enum(["gauge", "counter", "state"])
      .optional()
      .describe("counter: going back is suspicious. Default: gauge, for bool state."),
    range: z
      .tuple([z.number(), z.number()])
      .refine(([smallest, largest]) => smallest <= largest, { error: "expected the smaller number first" })
      .optional()
      .describe("Smallest and largest possible value; what is outside is bad."),
    absent: z.array(z.number()).optional().describe("Numbers, before `scale`, by which the device says that there is no value."),
    ...writing(limits()),
  })
  .refine((point) => !point.writable || point.fc === 3, {
    error: "only holding registers (fc 3) and coils can be written",
    path: ["writable"],
  })
  .refine(isMeant, NOT_WRITTEN)
  .refine(canSwitchOff, {
    error: "expected a number that the register holds exactly: it is what is written when maxOn is over",
    path: ["limits", "min"],
  })
  .superRefine((point, { addIssue }) => {
    const wrong = isBool(point) ? notOfBool(point) : point.decode === "bool" ? [] : absentNever(point.absent ?? [], point.decode);
    for (const { expected, path } of wrong) addIssue({ code: "custom", message: `expected ${expected}`, path: [...path] });
  })
  .refine((point) => point.address + (point.fc === 2 ? 1 : widthOf(point)) <= 65_536, {
    error: "expected an address whose last register is at most 65535",
    path: ["address"],
  });

const coil = z
  .strictObject({ coil: address.describe("Address of the coil, from 0."), ...writing(switchLimits()) })
  .refine(isMeant, NOT_WRITTEN);

const point = z.union([coil, register], {
  error: "expected {coil: n, …} or {fc: 3, address: n, decode: …, unit: …, …}, with their own keys only",
});
type PointOption = z.output<typeof point>;

const table = z.strictObject({
  unit: unit(),
  every: every("10s"),
  ...patience(),
  report: report(),
  maxRegisters: z.int().min(1).max(125).prefault(125).describe("Most registers that the device gives in one reply."),
  hole: hole(0),
  points: z
    .record(
      z.string().regex(/^(?!constructor$)[a-z][a-z0-9-]*$/, { error: "expected a name such as flow-temp, and not constructor" }),
      point,
    )
    .refine((points) => Object.keys(points).length > 0, { error: "expected at least one point" })
    .describe("The table: name → where it lies and what it is."),
});
const options = table.refine(
  ({ maxRegisters, points }) => Object.values(points).every((p) => "coil" in p || p.fc === 2 || widthOf(p) <= maxRegisters),
  { error: "expected as many registers as its widest point has", path: ["maxRegisters"] },
);
type Options = z.output<typeof options>;

export function configuredModbus(table: { readonly type: string; readonly title: Text; readonly goldens: readonly Golden[] }) {
  return modbusDriver<Options>({
    ...table,
    options,
    points: pointsOf,
    merging: ({ maxRegisters, hole }) => ({ maxRegisters, hole }),
    identity: () => [],
  });
}

const pointsOf = (o: Options): Points =>
  withReport(Object.fromEntries(Object.entries(o.points).map(([name, point]) => [name, registerOf(point)])), o.report) as Points;

function registerOf(option: PointOption): RegisterPoint {
  const common = {
    ...(option.report && { report: reportOf(option.report) }),
    ...(option.writable && { writable: writableOf(option) }),
    ...(option.alarm && { alarm: true }),
  } satisfies Partial<RegisterPoint>;
  if ("coil" in option) return { fc: 1, address: option.coil, decode: "bool", unit: "", kind: "state", ...common };
  const { fc, address, words, scale, range, absent } = option;
  const decode = isBool(option) ? "bool" : option.decode;
  return {
    fc,
    address,
    decode,
    words,
    unit: isBool(option) ? "" : option.unit,
    kind: option.kind ?? (isBool(option) ? "state" : "gauge"),
    ...(scale !== 1 && { scale }),
    ...(range && { range }),
    ...(absent && { absent }),
    ...common,
  };
}

function writableOf(option: PointOption): Writable {
  return {
    value: "coil" in option || isBool(option) ? "boolean" : "number",
    impact: option.impact,
    safe: option.safe,
    ...(option.limits && { limits: limitsOf(option.limits) }),
  };
}
