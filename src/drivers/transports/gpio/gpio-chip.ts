/** Opens a GPIO chip through whichever of its two backends this machine has. */
import type { GpioSpec } from "../../buses.ts";
import type { GpioChip } from "../../driver.ts";
import { gpiodChip } from "./gpiod-chip.ts";
import { onoffChip } from "./onoff-chip.ts";

/** Silent; the backend is chosen whenever a line is opened, again after a failure, so that installing the tools is enough. */
export function gpioChip(spec: GpioSpec): GpioChip {
  return {
    async *watch(line, options, stop) {
      yield* (await choose(spec)).watch(line, options, stop);
    },
    drive: async (line, first) => (await choose(spec)).drive(line, first),
  };
}

/** Which backend and chip this machine has for the bus, without touching a line. Throws `gpio.unavailable`. */
export const chipOf = async (spec: GpioSpec): Promise<void> => void (await choose(spec));

async function choose(spec: GpioSpec): Promise<GpioChip> {
  if (spec.gpio === "onoff") return onoffChip(spec);
  if (spec.gpio === "gpiod") return gpiodChip(spec);
  return gpiodChip(spec).catch((gpiod: unknown) =>
    onoffChip(spec).catch(() => {
      throw gpiod;
    }),
  );
}
