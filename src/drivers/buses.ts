/** The kinds of bus that a configuration may have: one line each, everything else stands in the folder of the kind. */
import * as z from "zod";
import type { BusKind } from "./bus-kind.ts";
import { type BleSpec, bleBus } from "./transports/ble/ble-bus.ts";
import { type GpioSpec, gpioBus } from "./transports/gpio/gpio-bus.ts";
import { type ModbusSpec, modbusBus } from "./transports/modbus/modbus-bus.ts";
import { type MqttBusSpec, mqttBus } from "./transports/mqtt/mqtt-bus.ts";
import { type SerialSpec, serialBus } from "./transports/serial/serial-bus.ts";

export type { BleSpec, GpioSpec, ModbusSpec, MqttBusSpec, SerialSpec };

/** By the key that says in the configuration which kind a bus is. */
export const busKinds = { modbus: modbusBus, serial: serialBus, gpio: gpioBus, ble: bleBus, mqtt: mqttBus } as const;
export type BusWire = keyof typeof busKinds;
type FormOf<W extends BusWire> = (typeof busKinds)[W]["forms"][number];

const names = Object.keys(busKinds) as BusWire[];
const forms = names.flatMap((name): readonly FormOf<BusWire>[] => busKinds[name].forms);

export const busSchema = z.union(forms as [FormOf<BusWire>, ...FormOf<BusWire>[]], {
  error: "expected one of: modbus rtu | tcp | rtu-tcp, serial, gpio, ble, mqtt, each with its own keys only",
});
export type BusSpec = z.output<typeof busSchema>;

/** Which kind a bus is, checked or not; undefined: none that this version knows. */
export const wireIn = (bus: unknown): BusWire | undefined =>
  typeof bus === "object" && bus !== null ? names.find((name) => Object.hasOwn(bus, name)) : undefined;

/** Which wire a checked bus is. */
export function wireOf(spec: BusSpec): BusWire {
  const wire = wireIn(spec);
  if (wire === undefined) throw new TypeError("a bus that its own schema would not take");
  return wire;
}

/** The physical port that a bus as written occupies. */
export function portIn(bus: unknown): string | undefined {
  const wire = wireIn(bus);
  const kind: BusKind | undefined = wire && busKinds[wire];
  return kind?.port((key) => {
    const value = (bus as Readonly<Record<string, unknown>>)[key];
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  });
}
