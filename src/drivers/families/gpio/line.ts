/** What every driver of a GPIO line has in common: its option `line`, and that no two devices share one. */
import * as z from "zod";
import type { Device, PointSpec, Text, Value } from "../../../model/index.ts";
import type { BusSpec } from "../../buses.ts";
import type { Driver, Golden, GpioLayout, Opening } from "../../driver.ts";

/** What the file of a type on a GPIO line says; all else its family knows. */
export interface GpioTable {
  readonly type: string;
  readonly title: Text;
  readonly goldens: readonly Golden[];
}

/** The option that all of them have. */
export const line = () => z.int().min(0).max(63).describe("BCM number of the line (not the pin on the header).");

export interface OnLine {
  readonly line: number;
}

export interface GpioFamily<O extends OnLine> {
  readonly options: z.ZodType<O>;
  points(options: O): Readonly<Record<string, PointSpec>>;
  silentAfterMs(options: O): number;
  /** Absent: the device pushes. */
  everyMs?(options: O): number;
  layout(options: O): Omit<GpioLayout, "wire" | "line">;
  open(at: Opening<O>): Promise<Device>;
  decode(golden: Golden, options: O): Readonly<Record<string, Value>>;
  misfits?(options: O, bus: BusSpec): readonly Text[];
}

export function gpioDriver<O extends OnLine>({ type, title, goldens }: GpioTable, family: GpioFamily<O>): Driver<O> {
  return {
    ...family,
    type,
    title,
    wire: "gpio",
    goldens,
    claims: (o) => [`line ${o.line}`],
    layout: (o) => ({ wire: "gpio", line: o.line, ...family.layout(o) }),
    decode: (golden) => family.decode(golden, family.options.parse({ line: 0, ...golden.options })),
  };
}
