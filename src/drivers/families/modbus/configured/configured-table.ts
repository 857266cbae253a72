/** The driver of a Modbus device whose register table is written in the configuration. */
import * as z from "zod";
import type { Text, Writable } from "../../../../model/index.ts";
import type { Golden, RegisterPoint } from "../../../driver.ts";
import { every, limits, limitsOf, report, reportOf, safe, switchLimits, withReport } from "../../options.ts";
import { widthOf } from "../decodes.ts";
import { maxGap, modbusDriver, patience, unit } from "../modbus-table.ts";
import { encodePoint, type Points } from "../registers.ts";
import { unitOf } from "../ucum-units.ts";
import {
  address,
  type Complaint,
  contradictions,
  isBeyondLast,
  isBool,
  isScaleTooFar,
  isWords,
  MOST_REGISTERS,
  orderOf,
  place,
} from "./configured-register.ts";
import { keptWrongly, upkeep } from "./configured-upkeep.ts";

const writing = <L extends z.ZodType>(limits: L) => ({
  writable: z.boolean().prefault(false).describe("May be written by commands."),
  limits,
  impact: z.enum(["low", "high"]).prefault("low").describe("high: a command from the platform needs a signature."),
  alarm: z.boolean().prefault(false).describe("Read before the ordinary points of every device on the line."),
  safe: safe(),
  report: report(),
});

type Limited = Parameters<typeof isBool>[0] & {
  readonly scale: number;
  readonly offset: number;
  readonly limits?: z.output<ReturnType<typeof limits>>;
};

/** Off is 0, or the smallest value that may be written where that is more (src/edge/commands/limits.ts). */
function canSwitchOff({ limits: { min = 0, maxOn } = {}, ...point }: Limited): boolean {
  return (
    maxOn === undefined ||
    min <= 0 ||
    isBool(point) ||
    encodePoint(min, { fc: 3, decode: point.decode, scale: point.scale, offset: point.offset })?.value === min
  );
}

interface Written extends Pick<Writable, "impact" | "safe"> {
  readonly writable: boolean;
  readonly writeWith?: number | undefined;
  readonly limits?: unknown;
}
/** Options that say how a point is written are useless unless it is `writable`: then `writable` was probably forgotten. */
const isConsistent = ({ writable, limits, impact, safe, writeWith }: Written): boolean =>
  writable || (limits === undefined && impact === "low" && !safe && writeWith === undefined);
const NOT_WRITTEN = {
  error: "expected true, where `limits`, `impact`, `safe` or `writeWith` say how it is written",
  path: ["writable"],
};

/** °C, kWh and m³ are understood as what they are in UCUM. */
const ucum = () =>
  z
    .string()
    .prefault("1")
    .transform((written, { addIssue }) => {
      const read = unitOf(written);
      if ("suggestion" in read) addIssue({ code: "custom", message: `expected ${read.suggestion}` });
      return "unit" in read ? read.unit : "1";
    })
    .describe(
      "Unit of the value as UCUM code: Cel, kW.h, m3, 1; °C, kWh, m³ and their like are understood. Without a `range` it also says what the value can be: V -1500 to 1500, A 10,000 either way, Hz 0 to 100, kW.h up to 100,000,000 …",
    );

const register = z
  .strictObject({
    ...place(),
    unit: ucum(),
    kind: z
      .enum(["gauge", "counter", "state"])
      .optional()
      .describe("counter: going back is suspicious. Default: gauge; state for true or false, and for words."),
    writeWith: z
      .literal([6, 16])
      .optional()
      .describe(
        "Function that writes it: 6 one register, 16 several; default: 6 for one, 16 for more. Some devices know only 16.",
      ),
    ...writing(limits()),
    ...upkeep(z.union([z.number(), z.boolean()])),
  })
  .refine((point) => !point.writable || point.fc === 3, {
    error: "only holding registers (fc 3) and coils can be written",
    path: ["writable"],
  })
  .refine(isConsistent, NOT_WRITTEN)
  .refine(canSwitchOff, {
    error: "expected a number that the register holds exactly: it is what is written when maxOn is over",
    path: ["limits", "min"],
  })
  .superRefine((point, { addIssue }) => {
    for (const { expected, path } of [...contradictions(point), ...keptWrongly(point)])
      addIssue({ code: "custom", message: `expected ${expected}`, path: [...path] });
  })
  .refine((point) => !isBeyondLast(point), {
    error: "expected an address whose last register is at most 65535",
    path: ["address"],
  });

const coil = z
  .strictObject({
    coil: address().describe("Address of the coil, from 0."),
    ...writing(switchLimits()),
    writeWith: z.literal([5, 15]).optional().describe("Function that writes it: 5 one coil, 15 several; default: 5."),
    ...upkeep(z.boolean()),
  })
  .refine(isConsistent, NOT_WRITTEN)
  .superRefine((point, { addIssue }) => {
    for (const { expected, path } of keptWrongly({ fc: 1, decode: "bool", scale: 1, offset: 0, ...point }))
      addIssue({ code: "custom", message: `expected ${expected}`, path: [...path] });
  });

const point = z.union([coil, register], {
  error: "expected {coil: n, …} or {fc: 3, address: n, decode: …, unit: …, …}, with their own keys only",
});
type PointOption = z.output<typeof point>;

const table = z.strictObject({
  unit: unit(),
  every: every("10s"),
  ...patience(),
  report: report(),
  maxRegisters: z
    .int()
    .min(1)
    .max(MOST_REGISTERS)
    .prefault(MOST_REGISTERS)
    .describe("Most registers that the device gives in one reply."),
  maxGap: maxGap(0),
  points: z
    .record(
      z.string().regex(/^(?!constructor$)[a-z][a-z0-9-]*$/, { error: "expected a name such as flow-temp, and not constructor" }),
      point,
    )
    .refine((points) => Object.keys(points).length > 0, { error: "expected at least one point" })
    .describe("The table: name → where it lies and what it is."),
});
/** No option may ask for something more often than the device has rounds, and each round must ask for something: an empty one would look like an answer. */
function untimely({ every, points }: z.output<typeof table>): readonly Complaint[] {
  const all = Object.entries(points);
  const isLate = all.every(([, { leastEvery }]) => leastEvery !== undefined && leastEvery > every);
  return [
    ...(isLate ? [{ path: ["every"], expected: "as long as the shortest `leastEvery`: each round asks for something" }] : []),
    ...all
      .filter(([, { keepAlive }]) => keepAlive !== undefined && keepAlive.every < every)
      .map(([name]) => ({
        path: ["points", name, "keepAlive", "every"],
        expected: "not less than the device's `every`: it is written in its rounds",
      })),
  ];
}

const options = table
  .refine(
    ({ maxRegisters, points }) =>
      Object.values(points).every((p) => "coil" in p || p.fc === 2 || Math.min(widthOf(p), MOST_REGISTERS) <= maxRegisters),
    { error: "expected as many registers as its widest point has", path: ["maxRegisters"] },
  )
  .superRefine((written, { addIssue }) => {
    const { maxRegisters, points } = written;
    for (const { expected, path } of untimely(written))
      addIssue({ code: "custom", message: `expected ${expected}`, path: [...path] });
    for (const [name, point] of Object.entries(points))
      if (!("coil" in point) && isScaleTooFar(point, maxRegisters))
        addIssue({
          code: "custom",
          message: "expected a register so near that one reply holds both",
          path: ["points", name, "scaleFrom"],
        });
  });
type Options = z.output<typeof options>;

export function configuredModbus(table: { readonly type: string; readonly title: Text; readonly goldens: readonly Golden[] }) {
  return modbusDriver<Options>({
    ...table,
    options,
    points: pointsOf,
    merging: ({ maxRegisters, maxGap }) => ({ maxRegisters, maxGap }),
    identity: () => [],
  });
}

const pointsOf = (o: Options): Points =>
  withReport(Object.fromEntries(Object.entries(o.points).map(([name, point]) => [name, registerOf(point)])), o.report) as Points;

function registerOf(option: PointOption): RegisterPoint {
  const common = {
    ...(option.report && { report: reportOf(option.report) }),
    ...(option.writable && { writable: writableOf(option) }),
    ...(option.writeWith && { writeWith: option.writeWith }),
    ...(option.alarm && { alarm: true }),
    ...(option.leastEvery !== undefined && { leastEveryMs: option.leastEvery }),
    ...(option.keepAlive && { keepAlive: keepAliveOf(option.keepAlive) }),
    ...(option.atConnect !== undefined && { atConnect: option.atConnect }),
  } satisfies Partial<RegisterPoint>;
  if ("coil" in option) return { fc: 1, address: option.coil, decode: "bool", unit: "", kind: "state", ...common };
  const { fc, address, count, byte, bit, mask, map, scale, offset, scaleFrom, range, absent } = option;
  const decode = fc === 2 ? "bool" : option.decode;
  return {
    fc,
    address,
    decode,
    ...orderOf(option),
    ...specOf(option),
    ...(count !== undefined && { count }),
    ...(byte && { byte }),
    ...(bit !== undefined && { bit }),
    ...(mask !== undefined && { mask }),
    ...(map && { map }),
    ...(scale !== 1 && { scale }),
    ...(offset !== 0 && { offset }),
    ...(scaleFrom !== undefined && { scaleFrom }),
    ...(range && { range }),
    ...(absent && { absent }),
    ...common,
  };
}

const keepAliveOf = ({ every, value }: NonNullable<PointOption["keepAlive"]>): NonNullable<RegisterPoint["keepAlive"]> => ({
  everyMs: every,
  ...(value !== undefined && { value }),
});

/** Words and switches have no unit. */
function specOf(option: z.output<typeof register>): Pick<RegisterPoint, "unit" | "kind" | "isWord"> {
  if (option.decode === "text") return { unit: "", kind: "text" };
  if (isBool(option)) return { unit: "", kind: "state" };
  if (isWords(option)) return { unit: "", kind: "state", isWord: true };
  return { unit: option.unit, kind: option.kind ?? "gauge" };
}

function writableOf(option: PointOption): Writable {
  return {
    value: "coil" in option || isBool(option) ? "boolean" : "number",
    impact: option.impact,
    safe: option.safe,
    ...(option.limits && { limits: limitsOf(option.limits) }),
  };
}
