/** Makes the driver of a relay on a GPIO line, whose state is what is read back. */

import * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { asEdgeError, toldOf } from "../../../kit/errors.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import { cadence } from "../../../kit/text/quantities.ts";
import type { Device, Outcome, PointSpec, Reading, Ticks, Value } from "../../../model/index.ts";
import type { Driver, Golden, GpioOutput, Opening } from "../../driver.ts";
import { limitsOf, report, safe, switchImpact, switchLimits, withReport } from "../options.ts";
import { type GpioTable, gpioDriver, line } from "./line.ts";
import { settledIn } from "./settled.ts";

const options = z.strictObject({
  line: line(),
  active: z
    .enum(["high", "low"])
    .prefault("high")
    .describe("Electrical level at which the relay is on; many relay boards switch on at `low`."),
  onStart: z
    .enum(["off", "on", "keep"])
    .prefault("off")
    .describe("What it is when the gateway takes the line, also again after losing it. keep: the level it is found at."),
  onStop: z
    .enum(["off", "on", "keep"])
    .prefault("off")
    .describe(
      "What it is left at when the gateway is stopped. gpiod lets go of the line then: what holds is the pull of the board.",
    ),
  every: cadence().prefault("1s").describe("How often the line is read back."),
  limits: switchLimits(),
  impact: switchImpact(),
  safe: safe(),
  report: report(),
});
export type RelayOptions = z.output<typeof options>;

const POINT = "on";
const ROW_AT_LEAST_MS = 15 * 60_000;
const SILENT_MS = 30_000;
const MISSED = 3;

export function relayDriver(table: GpioTable): Driver<RelayOptions> {
  return gpioDriver<RelayOptions>(table, {
    options,
    points: (o) => withReport({ [POINT]: pointOf(o) }, o.report),
    silentAfterMs: (o) => Math.max(SILENT_MS, MISSED * o.every),
    everyMs: (o) => o.every,
    layout: ({ active }) => ({ active, means: POINT, role: "output" }),
    open: async (at) => {
      const { wires, bus, options } = at;
      const output = await wires.gpio(bus).drive(options.line, levelAt(options.onStart, options));
      return new RelayDevice(at, output);
    },
    decode: decodeGolden,
  });
}

const pointOf = ({ impact, safe, limits }: RelayOptions): PointSpec => ({
  unit: "",
  kind: "state",
  report: { atLeastMs: ROW_AT_LEAST_MS },
  writable: { value: "boolean", impact, safe, ...(limits && { limits: limitsOf(limits) }) },
});

type Level = 0 | 1;
const levelOf = (on: boolean, { active }: RelayOptions): Level => (on === (active === "high") ? 1 : 0);

function levelAt(word: "off" | "on" | "keep", options: RelayOptions): Level | "keep" {
  return word === "keep" ? "keep" : levelOf(word === "on", options);
}

class RelayDevice implements Device {
  readonly #at: Opening<RelayOptions>;
  readonly #output: GpioOutput;
  /**
   * Until when the output may stay on if it was on at the start without any command. The gateway enforces `maxOn` only after commands, so the driver
   * does it for this case.
   */
  #uncommandedUntil: number | null;

  constructor(at: Opening<RelayOptions>, output: GpioOutput) {
    this.#at = at;
    this.#output = output;
    const { maxOn } = at.options.limits ?? {};
    this.#uncommandedUntil = maxOn === undefined ? null : monotonic() + maxOn;
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { lost } = this.#output;
    using over = new AnyOf(stop, lost);
    for (;;) {
      yield [await this.#look()];
      await ticks.next(over.signal);
      if (stop.aborted) return;
      if (lost.aborted) throw lost.reason;
    }
  }

  async #look(): Promise<Reading> {
    const { options } = this.#at;
    if (this.#uncommandedUntil !== null && monotonic() >= this.#uncommandedUntil) {
      // If it still reads as on, it is switched off again at the next look.
      const level = await this.#output.set(levelOf(false, options));
      if (level !== levelOf(true, options)) this.#uncommandedUntil = null;
    }
    const level = await this.#output.level();
    const mono = monotonic();
    if (level === null) return { point: POINT, value: null, quality: "bad", code: "gpio.level-unknown", mono };
    return { point: POINT, value: level === levelOf(true, options), quality: "good", mono };
  }

  /** Set once; what is read back decides. A line that was lost is taken again at `onStart`, never at what a command had made of it. */
  async perform(point: string, value: number | boolean, _stop: AbortSignal): Promise<Outcome> {
    if (point !== POINT || typeof value !== "boolean") return { state: "failed", code: "command.out-of-range" };
    const wanted = levelOf(value, this.#at.options);
    try {
      const level = await this.#output.set(wanted);
      if (level !== wanted) return { state: "unknown", code: level === null ? "command.no-answer" : "gpio.not-as-set" };
      this.#uncommandedUntil = null;
      return { state: "succeeded", value };
    } catch (raw) {
      const error = asEdgeError(raw);
      return { state: "failed", code: error.code, told: toldOf(error) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { stop, options } = this.#at;
    const last = levelAt(options.onStop, options);
    try {
      if (stop.aborted && last !== "keep" && !this.#output.lost.aborted) await this.#output.set(last);
    } finally {
      await this.#output[Symbol.asyncDispose]();
    }
  }
}

/** "1@0" = the level that was read back. */
function decodeGolden(golden: Golden, options: RelayOptions): Readonly<Record<string, Value>> {
  const level = settledIn(golden, 0)
    .flatMap((settled) => (settled.is === "alive" ? [] : settled.changes))
    .at(-1)?.level;
  return { [POINT]: level === undefined ? null : level === levelOf(true, options) };
}
