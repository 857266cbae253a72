/** The quantities that columns measure, each with its unit, what it can be, and when a reading of it is worth a row. */
import type { RegisterPoint } from "../../driver.ts";

type Register = Omit<RegisterPoint, "unit" | "kind" | "report">;

const QUARTER_MS = 15 * 60_000;
const report = (change: number) => ({ change, atLeastMs: QUARTER_MS });

/** A number of the device's own, whose meaning its document gives. */
export const code = (at: Register): RegisterPoint => ({ unit: "1", kind: "gauge", report: report(0), ...at });
export const truth = (at: Register): RegisterPoint => ({ unit: "", kind: "state", report: report(0), ...at });
export const text = (at: Register): RegisterPoint => ({ unit: "", kind: "text", report: report(0), ...at });
export const volts = (at: Register): RegisterPoint => ({ unit: "V", kind: "gauge", range: [0, 600], report: report(5), ...at });
export const amperes = (at: Register): RegisterPoint => ({
  unit: "A",
  kind: "gauge",
  range: [0, 500],
  report: report(0.5),
  ...at,
});
export const watts = (at: Register): RegisterPoint => ({
  unit: "W",
  kind: "gauge",
  range: [-500_000, 500_000],
  report: report(100),
  ...at,
});
export const hertz = (at: Register): RegisterPoint => ({
  unit: "Hz",
  kind: "gauge",
  range: [40, 70],
  report: report(0.2),
  ...at,
});
export const degrees = (at: Register): RegisterPoint => ({
  unit: "Cel",
  kind: "gauge",
  range: [-60, 150],
  report: report(2),
  ...at,
});
export const seconds = (at: Register): RegisterPoint => ({ unit: "s", kind: "gauge", report: report(60), ...at });
/** Counts for ever. */
export const energy = (at: Register): RegisterPoint => ({
  unit: "kW.h",
  kind: "counter",
  range: [0, 1e8],
  report: report(0.1),
  ...at,
});
/** Begins anew with each charge, so that it is no counter that went back. */
export const sessionEnergy = (at: Register): RegisterPoint => ({ ...energy(at), kind: "gauge" });

/** A quantity of all three phases: `at` is where that of L1 is, and each further one is so many registers after it. */
const ofPhases =
  (name: string, quantity: (at: Register) => RegisterPoint) =>
  (at: Register, step: number): Readonly<Record<string, RegisterPoint>> =>
    Object.fromEntries([0, 1, 2].map((n) => [`${name}-l${n + 1}`, quantity({ ...at, address: at.address + n * step })]));
export const voltages = ofPhases("voltage", volts);
export const currents = ofPhases("current", amperes);
