/** Makes the driver of any input line: watches it, repeats its state, and counts raw edges where asked to. */
import * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { cadence } from "../../../kit/text/quantities.ts";
import type { Device, PointSpec, Reading, Text, Ticks } from "../../../model/index.ts";
import type { Driver, Opening } from "../../driver.ts";
import { type GpioFamily, type GpioTable, gpioDriver, type OnLine } from "./line.ts";
import { Nudge, type Settled, settledOf } from "./settled.ts";

/** Options of whatever stands on an input line. */
export const bias = () =>
  z
    .enum(["none", "up", "down"])
    .prefault("none")
    .describe("Internal pull resistor (gpiod only; with onoff set it in config.txt).");
export const repeated = () => cadence().prefault("10s").describe("The state is repeated this often as a sign of life.");
export const edges = () =>
  z
    .boolean()
    .prefault(false)
    .describe("Adds the point `edges`: every change of level, before debouncing; many of them are a bad contact.");

interface Watched extends OnLine {
  readonly bias: "none" | "up" | "down";
  readonly debounce: number;
  readonly every: number;
  readonly edges: boolean;
}

export interface GpioInput<O extends Watched> extends Pick<GpioFamily<O>, "options" | "points" | "layout" | "decode"> {
  /** Every edge counts, see GpioWatch. */
  counts(options: O): boolean;
  /** 0: every change is told. */
  atMostEveryMs(options: O): number;
  readingsOf(settled: Settled, options: O): readonly Reading[];
}

const MISSED = 3;
const LEAST_SILENCE_MS = 30_000;
const EDGES: PointSpec = { unit: "1", kind: "increments" };

export function inputDriver<O extends Watched>(table: GpioTable, input: GpioInput<O>): Driver<O> {
  const { options, layout, decode } = input;
  return gpioDriver(table, {
    options,
    layout,
    decode,
    points: (o) => ({ ...input.points(o), ...(o.edges && { edges: EDGES }) }),
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    misfits: (o, bus) => ("gpio" in bus && bus.gpio === "onoff" && o.bias !== "none" ? [noBias(o.line, o.bias)] : []),
    open: (at) => Promise.resolve(new InputDevice(at, input)),
  });
}

/** sysfs, which onoff uses, has no pull resistors. */
function noBias(line: number, bias: "up" | "down"): Text {
  const setting = `\`gpio=${line}=ip,p${bias[0]}\``;
  return {
    it: `gpio: gpiod per bias: ${bias}; con onoff si scrive ${setting} in config.txt e bias: none`,
    en: `gpio: gpiod for bias: ${bias}; with onoff it is ${setting} in config.txt and bias: none`,
  };
}

class InputDevice<O extends Watched> implements Device {
  readonly #at: Opening<O>;
  readonly #input: GpioInput<O>;
  readonly #nudge = new Nudge();

  constructor(at: Opening<O>, input: GpioInput<O>) {
    this.#at = at;
    this.#input = input;
  }

  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { wires, bus, options } = this.#at;
    const { line, bias, debounce, every } = options;
    const [counts, atMostEveryMs] = [this.#input.counts(options), this.#input.atMostEveryMs(options)];
    const of = { line, bias, debounceMs: debounce, atMostEveryMs, everyMs: every, counts };
    for await (const settled of settledOf(wires.gpio(bus), of, stop, this.#nudge))
      yield [...this.#input.readingsOf(settled, options), ...edgesOf(settled, options)];
  }

  hurry(): void {
    this.#nudge.now();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function edgesOf(settled: Settled, options: Watched): readonly Reading[] {
  if (settled.is !== "alive" || !options.edges) return [];
  return [{ point: "edges", value: settled.edges, quality: "good", mono: settled.now?.mono ?? monotonic() }];
}
