/** Makes the driver of a pulse output on a GPIO line; the gateway keeps the total. */
import * as z from "zod";
import { duration } from "../../../kit/text/quantities.ts";
import type { Driver } from "../../driver.ts";
import { type Added, addedIn, incrementsOf } from "./increments.ts";
import { bias, edges, inputDriver, repeated } from "./input.ts";
import { type GpioTable, line } from "./line.ts";

const options = z
  .strictObject({
    line: line(),
    active: z
      .enum(["high", "low"])
      .prefault("low")
      .describe("Electrical level during a pulse; a reed contact or open collector to ground with pull-up is `low`."),
    litresPerPulse: z
      .number()
      .positive()
      .optional()
      .describe("Water or gas: point `volume` in m3. On the meter's plate: 1, 10 or 100."),
    pulsesPerKWh: z
      .number()
      .positive()
      .optional()
      .describe("Energy (S0, EN 62053-31): point `energy` in kW.h. On the meter's plate."),
    debounce: duration()
      .prefault("20ms")
      .describe(
        "A pulse, and the pause between two, count once they have stood this long. An S0 output gives at least 30 ms of each.",
      ),
    bias: bias(),
    every: repeated(),
    edges: edges(),
  })
  .refine((o) => o.litresPerPulse === undefined || o.pulsesPerKWh === undefined, {
    error: "expected litresPerPulse or pulsesPerKWh, not both (neither: the pulses themselves)",
    path: ["pulsesPerKWh"],
  });
export type PulseOptions = z.output<typeof options>;

const LITRES_PER_M3 = 1000;

interface Measured {
  readonly point: string;
  readonly unit: string;
  readonly perPulse: number;
}

function measured({ litresPerPulse, pulsesPerKWh }: PulseOptions): Measured {
  if (litresPerPulse !== undefined) return { point: "volume", unit: "m3", perPulse: litresPerPulse / LITRES_PER_M3 };
  if (pulsesPerKWh !== undefined) return { point: "energy", unit: "kW.h", perPulse: 1 / pulsesPerKWh };
  return { point: "pulses", unit: "1", perPulse: 1 };
}

const addedBy = (o: PulseOptions): Added => ({ point: measured(o).point, each: measured(o).perPulse, active: o.active });

export function pulseDriver(table: GpioTable): Driver<PulseOptions> {
  return inputDriver<PulseOptions>(table, {
    options,
    points: (o) => ({ [measured(o).point]: { unit: measured(o).unit, kind: "increments" } }),
    layout: (o) => ({ active: o.active, means: measured(o).point, role: "pulses", perPulse: measured(o).perPulse }),
    counts: () => true,
    atMostEveryMs: () => 0,
    readingsOf: (settled, o) => incrementsOf(settled, addedBy(o)),
    decode: (golden, o) => ({ [measured(o).point]: addedIn(golden, o.debounce, addedBy(o)) }),
  });
}
