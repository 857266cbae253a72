/** Makes the driver of a colour sensor before a static sign that is green while all is well, and red otherwise. */
import * as z from "zod";
import { duration } from "../../../../kit/text/quantities.ts";
import type { Driver } from "../../../driver.ts";
import { report } from "../../options.ts";
import { bias, repeated } from "../input.ts";
import { type GpioTable, line } from "../line.ts";
import { type SignPart, type SignState, signDriver } from "./sign.ts";

const active = (of: string) => z.enum(["high", "low"]).prefault("high").describe(`Electrical level while it sees ${of}.`);

const options = z.strictObject({
  line: line(),
  active: active("green"),
  red: z.strictObject({ line: line(), active: active("red") }).describe("The output of the sensor for red."),
  debounce: duration().prefault("200ms").describe("A colour counts once it has stood this long."),
  bias: bias(),
  every: repeated(),
  report: report(),
});
export type ColourOptions = z.output<typeof options>;

export const colourDriver = (table: GpioTable): Driver<ColourOptions> =>
  signDriver<ColourOptions>(table, { options, point: "colour", blinks: false, state: () => new ColourState() });

/** A sign that turns is for a moment of no colour, or of both. */
const TURNS_MS = 500;

class ColourState implements SignState {
  readonly #sees = new Map<SignPart, boolean>();
  #turnedAt = 0;

  level(part: SignPart, isOn: boolean, mono: number): void {
    this.#sees.set(part, isOn);
    this.#turnedAt = mono;
  }

  /** Both at once is white: the sun, or a torch. */
  word(now: number): string | null {
    if (now - this.#turnedAt < TURNS_MS) return null;
    const [green, red] = [this.#sees.get("light"), this.#sees.get("red")];
    if (green === undefined || red === undefined) return null;
    if (green && red) return "dazzled";
    return green ? "green" : red ? "red" : "dark";
  }
}
