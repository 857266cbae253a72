/** How GPIO pins are written under `buses:`. */
import * as z from "zod";
import type { BusKind } from "../../bus-kind.ts";

const pins = z
  .strictObject({
    gpio: z
      .enum(["auto", "onoff", "gpiod"])
      .describe("How pins are reached; auto: gpiod where its tools are installed, else onoff."),
    tools: z.string().optional().describe("Folder of gpiodetect, gpiomon, gpioget, gpioset and gpioinfo; default: PATH."),
    chip: z
      .string()
      .prefault("header")
      .describe(
        "GPIO chip, by its label or name (gpiodetect lists both). header: a Raspberry Pi's, known by its label pinctrl-rp1, pinctrl-bcm2711 or pinctrl-bcm2835, whatever its number. Other boards must name theirs.",
      ),
  })
  .describe("GPIO pins, numbered as BCM lines.");
export type GpioSpec = z.output<typeof pins>;

export const gpioBus = {
  forms: [pins],
  example: "{ gpio: auto }",
  port: (word) => `gpio ${word("chip") ?? "header"} ${word("tools") ?? ""}`.trim(),
} as const satisfies BusKind;
