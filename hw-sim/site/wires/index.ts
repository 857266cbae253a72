/** The registry of simulated wires, by the first word of a bus in a scenario or the `wire` of a table. */
import * as z from "zod";
import { ble } from "./ble.ts";
import { gpio } from "./gpio.ts";
import { modbus } from "./modbus.ts";
import { mqtt } from "./mqtt.ts";
import { net } from "./net.ts";
import { serial } from "./serial.ts";
import type { BusOptions, OpenBus, SiteWire } from "./wire.ts";

const WIRES = {
  modbus,
  serial,
  gpio,
  ble,
  mqtt,
  net,
} as const;

type Name = keyof typeof WIRES;
const names = Object.keys(WIRES) as Name[];

/** One bus of a scenario. */
export const busSpec = z.union(names.map((name) => WIRES[name].spec));
export type BusSpec = z.output<typeof busSpec>;

export function openBus(spec: BusSpec, options: BusOptions): Promise<OpenBus> {
  // The schema that let it in is the one of this wire.
  return wireOf(spec, options.bus).open(spec as never, options);
}

/** What a configuration must say of one more device on this bus, beside what the scenario says. */
export const foundOn = async (spec: BusSpec, bus: string): Promise<Readonly<Record<string, unknown>>> =>
  (await wireOf(spec, bus).found?.()) ?? {};

function wireOf(spec: BusSpec, bus: string): SiteWire<never> {
  const name = names.find((one) => one in spec);
  if (name === undefined) throw new Error(`bus ${bus}: there is no such wire`);
  return WIRES[name] as SiteWire<never>;
}
