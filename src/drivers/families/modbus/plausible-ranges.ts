/** Wide limits of each unit, for points without a `range`, so that values read in a wrong byte order are refused. */
import type { Decode, RegisterValue } from "../../driver.ts";
import { isFloat } from "./decodes.ts";
import { PREFIXES } from "./ucum-units.ts";

type Limits = readonly [least: number, most: number];

const POWER: Limits = [-1e7, 1e7];
const ENERGY: Limits = [-1e11, 1e11];

/**
 * In the unit without its prefix. Voltage: what the EU's low voltage directive covers (2014/35/EU: 1000 V AC, 1500 V DC). Current and power:
 * a bus bar of 10 kA, ten megawatts. Energy: ten megawatts over a year and more. Frequency: mains, and the drives of pumps.
 */
const LIMITS: ReadonlyMap<string, Limits> = new Map<string, Limits>(
  Object.entries({
    V: [-1500, 1500],
    A: [-10_000, 10_000],
    W: POWER,
    "V.A": POWER,
    "V.A{reactive}": POWER,
    "W.h": ENERGY,
    "V.A.h": ENERGY,
    "V.A.h{reactive}": ENERGY,
    J: [-4e14, 4e14],
    "A.h": [-1e7, 1e7],
    Hz: [0, 100],
    Cel: [-90, 1000],
    K: [-500, 1300],
    "[degF]": [-130, 1832],
    "%": [-1000, 1000],
    deg: [-360, 360],
    m3: [-1e7, 1e7],
    l: [-1e10, 1e10],
    L: [-1e10, 1e10],
    "m3/h": [-1e4, 1e4],
    "m3/s": [-10, 10],
    "l/h": [-1e7, 1e7],
    "l/min": [-2e5, 2e5],
    "l/s": [-1e4, 1e4],
    bar: [-1, 1000],
    Pa: [-1e5, 1e8],
    "[psi]": [-15, 15_000],
    "m/s": [-100, 100],
    "km/h": [-400, 400],
    "/min": [-1e5, 1e5],
    m: [-1e5, 1e5],
    g: [-1e9, 1e9],
    t: [-1e6, 1e6],
    lx: [0, 2e5],
    "W/m2": [-2000, 2000],
    "S/cm": [0, 1],
    "[ppm]": [0, 1e6],
    "[pH]": [0, 14],
    dB: [-200, 200],
    "dB[mW]": [-200, 200],
    min: [-1e8, 1e8],
    h: [-1e6, 1e6],
    s: [-1e10, 1e10],
    d: [-1e5, 1e5],
  } satisfies Record<string, Limits>),
);
/** What a counter of a building can gain in an hour: five megawatts; a main of 2000 m³/h. In the unit without its prefix. */
const PER_HOUR: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "W.h": 5e6,
    "V.A.h": 5e6,
    "V.A.h{reactive}": 5e6,
    J: 1.8e10,
    "A.h": 1e4,
    m3: 2000,
    l: 2e6,
    L: 2e6,
  }),
);
/** A float beyond these limits, whatever its unit, is no number that was meant. */
const ANY: Limits = [-1e15, 1e15];
/** A float nearer to 0 than this, but not 0, was never measured; in the unit without its prefix. */
const LEAST_FLOAT = 1e-6;
const LEAST_ANY = 1e-15;

interface Plausible {
  readonly limits: Limits;
  readonly leastFloat: number;
}

const known = new Map<string, Plausible | undefined>();

/** Absent: the unit says nothing of what the value can be. */
export function plausibleIn(unit: string): Plausible | undefined {
  if (!known.has(unit)) known.set(unit, found(unit));
  return known.get(unit);
}

function found(unit: string): Plausible | undefined {
  const base = inBase(unit, LIMITS);
  if (!base) return undefined;
  const { entry, factor } = base;
  return { limits: [entry[0] / factor, entry[1] / factor], leastFloat: LEAST_FLOAT / factor };
}

/** What is said of the unit itself, or of the one behind its prefix. */
function inBase<T>(unit: string, table: ReadonlyMap<string, T>): { readonly entry: T; readonly factor: number } | undefined {
  const own = table.get(unit);
  if (own !== undefined) return { entry: own, factor: 1 };
  for (const [prefix, factor] of Object.entries(PREFIXES)) {
    const entry = unit.startsWith(prefix) ? table.get(unit.slice(prefix.length)) : undefined;
    if (entry !== undefined) return { entry, factor };
  }
  return undefined;
}

/** The most that a counter in this unit gains in an hour; absent: nothing is known of it. */
export function mostPerHour(unit: string): number | undefined {
  const base = inBase(unit, PER_HOUR);
  return base && base.entry / base.factor;
}

type Judged = Pick<RegisterValue, "decode" | "range"> & { readonly unit?: string; readonly kind?: string };

/** Whether a value can be what its unit says. A written range is the site's own word, and enough. */
export function isPlausible(value: number, { decode, range, unit = "1", kind }: Judged): boolean {
  if (range) return true;
  const { limits, leastFloat } = plausibleIn(unit) ?? ofAny(decode);
  const [least, most] = limits;
  if (value < (kind === "counter" ? Math.max(0, least) : least) || value > most) return false;
  return !isFloat(decode) || value === 0 || Math.abs(value) >= leastFloat;
}

const WHOLE: Plausible = { limits: [-Number.MAX_VALUE, Number.MAX_VALUE], leastFloat: 0 };
const FLOAT: Plausible = { limits: ANY, leastFloat: LEAST_ANY };
const ofAny = (decode: Decode): Plausible => (isFloat(decode) ? FLOAT : WHOLE);
