/** Makes the driver of a charging column from its table: what is read, what its codes mean, and how it is commanded. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { Limits, PointSpec, Text, Value } from "../../../model/index.ts";
import type { Driver, Golden, IdentityCheck, RegisterPoint } from "../../driver.ts";
import { modbusDriver, patience, unit } from "../modbus/modbus-table.ts";
import type { Points } from "../modbus/registers.ts";
import { every, report, withReport } from "../options.ts";
import { ColumnDevice } from "./column-device.ts";
import type { Derived } from "./derived.ts";

type Register = Omit<RegisterPoint, "unit" | "kind" | "writable" | "report" | "hidden">;

/** How it is commanded. Without `control` in the configuration nothing is ever written. */
export interface ColumnControl {
  /** Most current of each phase. */
  readonly limit: Register & {
    /** What the columns of this type can be told at most, A. */
    readonly most: number;
    /** 0 is understood too, and pauses. */
    readonly orZero?: true;
    readonly minIntervalMs?: number;
  };
  /** A switch of its own that pauses. */
  readonly paused?: Register;
  /** Registers that must be written again and again, or it stops obeying. */
  readonly beats?: Readonly<Record<string, Register>>;
  /** What it falls back to when it hears nothing for a time. */
  readonly failSafe?: {
    readonly current: Register;
    readonly after: Register;
    /** A register that must hold 1, or it never falls back. */
    readonly isOn?: Register;
    /** Shortest and longest time that it takes, s. */
    readonly seconds: readonly [least: number, most: number];
    /** Its own time is not known, so that a site must set one. */
    readonly isNeeded?: true;
  };
  /** How long it may hear nothing before it falls back, unless a site sets another time. */
  readonly hearsWithinMs?: number;
}

export interface ColumnTable {
  readonly type: string;
  readonly title: Text;
  readonly maxRegisters: number;
  readonly maxGap?: number;
  readonly identity?: readonly IdentityCheck[];
  /** Standard `every`, as written in a configuration. */
  readonly every: string;
  readonly points: Points;
  /** What follows from several registers: `state` of all columns, the letter of IEC 61851. */
  readonly derived: Readonly<Record<string, Derived>> & { readonly state: Derived };
  readonly control: ColumnControl;
  /** Several controllers behind one unit, the registers of the next so many addresses further. */
  readonly controllers?: { readonly step: number; readonly most: number };
  /** What it is told is a power of all its phases together, which at so many volts is a current of each. */
  readonly inWattsAtVolts?: number;
  readonly goldens: readonly Golden[];
}

/** The least that a column can offer (IEC 61851-1: 10 % duty cycle is 6 A). */
const LEAST_A = 6;
const ROW = 15 * 60_000;
const AMPERES = { unit: "A", kind: "gauge", report: { atLeastMs: ROW } } as const;
const SECONDS = { unit: "s", kind: "gauge", report: { atLeastMs: ROW } } as const;
/** Fail-safe values hardly change. */
const SELDOM_MS = 60_000;

const current = (most: number) =>
  z.union([z.literal(0), z.number().min(LEAST_A).max(most)], { error: `expected 0, or ${LEAST_A} to ${most}` });

function failSafe({ seconds: [least, most], isNeeded }: NonNullable<ColumnControl["failSafe"]>, amperes: number) {
  const written = z.strictObject({
    current: current(amperes).describe("What each phase may take then, in A; 0: charging stops."),
    after: duration({ least: `${least}s`, most: `${most}s` }).describe("How long it may hear nothing."),
  });
  const what =
    "What the column falls back to when it hears nothing from the gateway: written after connecting, when it holds something else.";
  return isNeeded ? written.describe(what) : written.optional().describe(`${what} Default: what the column itself has.`);
}

const control = ({ limit, failSafe: safe }: ColumnControl) =>
  z
    .strictObject({
      most: z
        .number()
        .min(LEAST_A)
        .max(limit.most)
        .describe("Highest current of each phase that wiring and protection bear, in A: no command goes beyond it."),
      impact: z.enum(["low", "high"]).prefault("high").describe("high: a command from the platform needs a signature."),
      ...(safe && { failSafe: failSafe(safe, limit.most) }),
    })
    .optional()
    .describe("Lets the gateway command it. Without this it is only read, and nothing is ever written.");

interface Control {
  readonly most: number;
  readonly impact: "low" | "high";
  readonly failSafe?: { readonly current: number; readonly after: number } | undefined;
}

export interface ColumnOptions {
  readonly unit: number;
  readonly every: number;
  readonly controller?: number | undefined;
  readonly phases?: 1 | 3;
  readonly control?: Control | undefined;
  readonly report?: z.output<ReturnType<typeof report>>;
}

export function chargingColumn(table: ColumnTable): Driver<ColumnOptions> {
  const { controllers, inWattsAtVolts } = table;
  const options = z
    .strictObject({
      unit: unit(),
      ...(controllers && {
        controller: z
          .int()
          .min(1)
          .max(controllers.most)
          .prefault(1)
          .describe("Which of the controllers behind this unit, from 1."),
      }),
      ...(inWattsAtVolts !== undefined && {
        phases: z
          .literal([1, 3])
          .describe(
            `How many phases it is connected with. It is told a power: a current of each phase is taken as so much at ${inWattsAtVolts} V.`,
          ),
      }),
      every: every(table.every),
      ...patience(),
      control: control(table.control),
      report: report(),
    })
    .superRefine((written, { addIssue }) => {
      const o = written as ColumnOptions;
      const { failSafe } = o.control ?? {};
      const hears = failSafe?.after ?? table.control.hearsWithinMs;
      if (o.control && hears !== undefined && o.every > hears / 2)
        addIssue({
          code: "custom",
          message: "expected at most half the time after which the column falls back",
          path: ["every"],
        });
    }) as unknown as z.ZodType<ColumnOptions>;
  const registers = (o: ColumnOptions): Points => shifted(registersOf(table, o), (o.controller ?? 0) * (controllers?.step ?? 0));
  const driver = modbusDriver<ColumnOptions>({
    ...table,
    options,
    points: registers,
    merging: () => ({ maxRegisters: table.maxRegisters, maxGap: table.maxGap ?? 0 }),
    identity: () => table.identity ?? [],
  });
  return {
    ...driver,
    points: (o) => shownPoints(table, withReport(registers(o), o.report) as Points),
    claims: (o) => [controllers ? `unit ${o.unit}, controller ${o.controller}` : `unit ${o.unit}`],
    open: async (at) => new ColumnDevice(await driver.open(at), table.derived, registers(at.options)),
    decode: (golden) => withDerived(driver.decode(golden), table),
  };
}

/** Everything that is asked or written, the driver's own registers among it. */
function registersOf(table: ColumnTable, { control, phases = 1 }: ColumnOptions): Points {
  const { points, inWattsAtVolts } = table;
  const { limit, paused, beats, failSafe } = table.control;
  const perAmpere = inWattsAtVolts !== undefined && { scale: 1 / (inWattsAtVolts * phases) };
  const { most: _most, orZero, minIntervalMs, ...limitAt } = limit;
  const limits = { min: LEAST_A, max: control?.most ?? limit.most, ...(orZero && { orZero }) };
  const often = minIntervalMs === undefined ? {} : { minIntervalMs };
  const writable = (value: "number" | "boolean", limits?: Limits) =>
    control && { writable: { value, impact: control.impact, ...(limits && { limits }) } };
  const readOnly = ({ keepAlive: _, kept: __, ...register }: Register) => (control ? {} : register);
  const all: Record<string, RegisterPoint> = {
    ...points,
    limit: { ...AMPERES, ...limitAt, ...perAmpere, ...writable("number", { ...limits, ...often }) },
    ...(paused && { paused: { unit: "", kind: "state", report: { atLeastMs: ROW }, ...paused, ...writable("boolean") } }),
    ...(failSafe && {
      "fail-safe-current": {
        ...AMPERES,
        leastEveryMs: SELDOM_MS,
        ...failSafe.current,
        ...perAmpere,
        ...held(control?.failSafe?.current),
      },
      "fail-safe-after": { ...SECONDS, leastEveryMs: SELDOM_MS, ...failSafe.after, ...held(seconds(control?.failSafe?.after)) },
    }),
  };
  if (failSafe?.isOn && control?.failSafe)
    all["fail-safe-on"] = { unit: "1", kind: "gauge", hidden: true, leastEveryMs: SELDOM_MS, ...failSafe.isOn, ...held(1) };
  if (control)
    for (const [name, beat] of Object.entries(beats ?? {})) all[name] = { unit: "1", kind: "gauge", hidden: true, ...beat };
  else for (const name of ["limit", "paused"]) if (all[name]) all[name] = { ...all[name], ...readOnly(all[name]) };
  return all;
}

const held = (value: number | undefined): Partial<RegisterPoint> => (value === undefined ? {} : { atConnect: value });
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

const shifted = (points: Points, by: number): Points =>
  by === 0
    ? points
    : Object.fromEntries(
        Object.entries(points).map(([name, { writeTo, ...point }]) => [
          name,
          { ...point, address: point.address + by, ...(writeTo && { writeTo: { ...writeTo, address: writeTo.address + by } }) },
        ]),
      );

/** The points that a site sees; registers that only the driver uses are left out. */
function shownPoints({ derived }: ColumnTable, registers: Points): Readonly<Record<string, PointSpec>> {
  const shown = Object.entries(registers).filter(([, { hidden, writeOnly, writable }]) => !hidden && (!writeOnly || writable));
  return {
    ...Object.fromEntries(Object.entries(derived).map(([name, { spec }]) => [name, spec])),
    ...Object.fromEntries(shown),
  };
}

function withDerived(values: Readonly<Record<string, Value>>, { derived }: ColumnTable): Readonly<Record<string, Value>> {
  const all = new Map(Object.entries(values));
  for (const [name, one] of Object.entries(derived)) {
    if (![...one.from, ...(one.given ?? [])].every((input) => all.has(input))) continue;
    all.set(name, one.of(values, undefined)?.value ?? null);
  }
  return Object.fromEntries(all);
}
