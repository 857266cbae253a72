/** GPIO of the simulated site: a chip with contacts and relays, behind executables like those of libgpiod. */
import { join } from "node:path";
import * as z from "zod";
import { Chip } from "../gpio/chip.ts";
import { Contact } from "../gpio/contact.ts";
import { Relay } from "../gpio/relay.ts";
import { Sign } from "../gpio/sign.ts";
import { openTools } from "../gpio/tools.ts";
import { type BusOptions, layoutOn, type SiteDevice, siteWire, type Twin } from "./wire.ts";

/** As on a Raspberry Pi 4. */
const CHIP = { label: "pinctrl-bcm2711", lines: 58 };

export const gpio = siteWire({
  spec: z.strictObject({ gpio: z.literal("gpiod") }),

  async open({ gpio }, options) {
    const { bus, devices, dir, gpiod } = options;
    const chip = new Chip(CHIP.label, CHIP.lines);
    const twins = new Map(devices.map((device) => [device.id, twinOf(device, chip, options)]));
    const { takeChip } = options;
    takeChip?.(bus, chip);
    const folder = join(dir, "tools", bus);
    const tools = takeChip ? NO_TOOLS : await openTools({ chip, version: gpiod, folder });
    return {
      config: { gpio, tools: folder, chip: "header" },
      faults: ["chatter", "helper-dies"],
      twins,
      plug: () => tools.plug(),
      unplug: () => tools.unplug(),
      async [Symbol.asyncDispose]() {
        await tools[Symbol.asyncDispose]();
        for (const twin of twins.values()) twin[Symbol.dispose]?.();
      },
    };
  },
});

/** Whoever holds the chip itself needs none. */
const NO_TOOLS = { plug: async () => undefined, unplug: async () => undefined, [Symbol.asyncDispose]: async () => undefined };

function twinOf(device: SiteDevice, chip: Chip, { log }: BusOptions): GpioTwin {
  const { role, ...layout } = layoutOn("gpio", device);
  const line = { ...layout, device: device.id, chip, log };
  if (role === "sign") return signTwin(new Sign(line));
  return role === "output" ? relayTwin(new Relay(line)) : contactTwin(new Contact({ ...line, role }));
}

/** What of it goes on by itself ends with the bus. */
type GpioTwin = Twin & Partial<Disposable>;

const contactTwin = (contact: Contact): GpioTwin => ({
  contact,
  [Symbol.dispose]: () => contact[Symbol.dispose](),
  values: () => ({ [contact.options.means]: contact.value }),
  set(point, value) {
    if (typeof value === "string") throw new Error(`${point} is a number, or true or false`);
    contact.put(point, value);
  },
});

const signTwin = (sign: Sign): GpioTwin => ({
  values: () => ({ [sign.options.means]: sign.word }),
  set: (point, value) => sign.put(point, value),
  [Symbol.dispose]: () => sign[Symbol.dispose](),
});

const relayTwin = (relay: Relay): GpioTwin => ({
  values: () => ({ [relay.options.means]: relay.on }),
  set() {
    throw new Error(`${relay.options.device} is switched by the gateway alone: command it`);
  },
});
