/** The registry of simulated wires: the key is the first word of a bus in a scenario, and the `wire` of a device's table. */
import * as z from "zod";
import { ble } from "./ble.ts";
import { gpio } from "./gpio.ts";
import { modbus } from "./modbus.ts";
import { mqtt } from "./mqtt.ts";
import { serial } from "./serial.ts";
import type { BusOptions, OpenBus } from "./wire.ts";

const WIRES = {
  modbus,
  serial,
  gpio,
  ble,
  mqtt,
} as const;

type Name = keyof typeof WIRES;
const names = Object.keys(WIRES) as Name[];

/** One bus of a scenario. */
export const busSpec = z.union(names.map((name) => WIRES[name].spec));
export type BusSpec = z.output<typeof busSpec>;

export function openBus(spec: BusSpec, options: BusOptions): Promise<OpenBus> {
  const name = names.find((one) => one in spec);
  if (name === undefined) throw new Error(`bus ${options.bus}: there is no such wire`);
  // The schema that let it in is the one of this wire.
  return WIRES[name].open(spec as never, options);
}
