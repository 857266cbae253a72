/** Makes the driver of a sensor before a status light that blinks while all is well, and may have one for red. */
import * as z from "zod";
import { duration } from "../../../../kit/text/quantities.ts";
import type { Driver } from "../../../driver.ts";
import { report } from "../../options.ts";
import { bias, repeated } from "../input.ts";
import { type GpioTable, line } from "../line.ts";
import { Rhythm } from "./rhythm.ts";
import { type SignState, signDriver } from "./sign.ts";

const active = (of: string) => z.enum(["high", "low"]).prefault("high").describe(`Electrical level while ${of}.`);

const options = z.strictObject({
  line: line(),
  active: active("the sensor sees light"),
  red: z
    .strictObject({ line: line(), active: active("it sees red light") })
    .optional()
    .describe("A second sensor, with a red filter, where the light can be red. What it sees, blinking or steady, is `red`."),
  darkAfter: duration({ least: "1s", most: "10min" })
    .prefault("30s")
    .describe(
      "How long the light may be dark, or on, before it counts as `dark` or `steady`: while it is not yet known how often it blinks, and at most. Afterwards three times the longest pause between its last flashes is enough.",
    ),
  debounce: duration({ most: "200ms" }).prefault("5ms").describe("A flash is at least this long."),
  bias: bias(),
  every: repeated(),
  report: report(),
});
export type BlinkOptions = z.output<typeof options>;

export const blinkDriver = (table: GpioTable): Driver<BlinkOptions> =>
  signDriver<BlinkOptions>(table, { options, point: "blink", blinks: true, state: (o) => new BlinkState(o.darkAfter) });

class BlinkState implements SignState {
  readonly #light: Rhythm;
  readonly #red: Rhythm;

  constructor(darkAfterMs: number) {
    this.#light = new Rhythm(darkAfterMs);
    this.#red = new Rhythm(darkAfterMs);
  }

  level(part: "light" | "red", isOn: boolean, mono: number): void {
    (part === "red" ? this.#red : this.#light).level(isOn, mono);
  }

  word(now: number): string | null {
    const red = this.#red.word(now);
    const light = this.#light.word(now);
    if (red === "flicker" || light === "flicker") return "dazzled";
    return red === "blinking" || red === "steady" ? "red" : light;
  }

  get periodMs(): number | null {
    return this.#light.periodMs;
  }
}
