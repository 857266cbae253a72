/** Devices and their tables go in; a twin for each that can be set and read by the device's own point names comes out, on the wire it stands on. */
import type { Driver, GpioLayout, Layout } from "../../src/drivers/driver.ts";
import { Tag } from "./ble/tag.ts";
import type { Faults } from "./faults.ts";
import type { Chip } from "./gpio/chip.ts";
import { Contact } from "./gpio/contact.ts";
import { Relay } from "./gpio/relay.ts";
import { ModbusUnit } from "./modbus/unit.ts";
import { Sensor } from "./serial/sensor.ts";
import type { ServedLog } from "./served.ts";

export type Value = number | boolean | string;

export type Twin =
  | { readonly wire: "modbus"; readonly bus: string; readonly address: number; readonly unit: ModbusUnit }
  | { readonly wire: "serial"; readonly bus: string; readonly sensor: Sensor }
  | { readonly wire: "gpio"; readonly bus: string; readonly contact: Contact }
  | { readonly wire: "gpio-output"; readonly bus: string; readonly relay: Relay }
  | { readonly wire: "ble"; readonly bus: string; readonly tag: Tag };

export interface TwinOptions {
  readonly device: string;
  /** The device's line of the configuration. */
  readonly config: { readonly type: string; readonly bus: string; readonly [option: string]: unknown };
  readonly driver: Driver;
  readonly chip: Chip;
  readonly faults: Faults;
  readonly log: ServedLog;
}

export function twinOf(o: TwinOptions): Twin {
  const { type, bus, ...written } = o.config;
  const options = o.driver.options.parse(written);
  const layout = o.driver.layout(options);
  switch (layout.wire) {
    case "modbus":
      return {
        wire: "modbus",
        bus,
        address: Number(written["unit"]),
        unit: new ModbusUnit({ ...layout, pairs: type.startsWith("eastron-") }),
      };
    case "serial":
      return { wire: "serial", bus, sensor: sensorOf(o, layout, options) };
    case "gpio":
      return onLine(o, layout);
    case "ble":
      return { wire: "ble", bus, tag: new Tag(layout, Object.keys(o.driver.points(options))) };
  }
}

function onLine({ device, config: { bus }, chip, log }: TwinOptions, { role, ...layout }: GpioLayout): Twin {
  if (role === "output") return { wire: "gpio-output", bus, relay: new Relay({ ...layout, device, chip, log }) };
  return { wire: "gpio", bus, contact: new Contact({ ...layout, role, device, chip, log }) };
}

function sensorOf(o: TwinOptions, layout: Extract<Layout, { wire: "serial" }>, options: unknown): Sensor {
  const below = (options as { readonly occupiedBelow?: number }).occupiedBelow;
  return new Sensor({
    ...layout,
    bus: o.config.bus,
    device: o.device,
    faults: o.faults,
    log: o.log,
    meaning: (fields) => {
      const distance = fields["distance"];
      return below === undefined || distance === undefined ? fields : { ...fields, presence: distance < below };
    },
  });
}

export function valuesOf(twin: Twin): Readonly<Record<string, Value>> {
  switch (twin.wire) {
    case "modbus":
      return Object.fromEntries(Object.keys(twin.unit.layout.points).map((name) => [name, twin.unit.get(name)]));
    case "serial":
      return twin.sensor.values;
    case "gpio":
      return { [twin.contact.options.means]: twin.contact.value };
    case "gpio-output":
      return { [twin.relay.options.means]: twin.relay.on };
    case "ble":
      return twin.tag.values;
  }
}

/** Throws a plain sentence when there is no such point. */
export function setPoint(twin: Twin, point: string, value: Value): void {
  if (twin.wire === "modbus") {
    twin.unit.set(point, value);
    return;
  }
  if (typeof value === "string") throw new Error(`${point} is a number, or true or false`);
  switch (twin.wire) {
    case "serial":
      twin.sensor.set(point, Number(value));
      break;
    case "gpio":
      twin.contact.put(point, value);
      break;
    case "gpio-output":
      throw new Error(`${twin.relay.options.device} is switched by the gateway alone: command it`);
    case "ble":
      twin.tag.set(point, value);
  }
}
