/** Gives drivers their wires by the name of the bus. A wire opens, and its native package loads, on first use. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../kit/clock.ts";
import { EdgeError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { BusStatus, Now } from "../model/index.ts";
import { type BusSpec, wireOf } from "./buses.ts";
import type { BleRadio, GpioChip, ModbusBus, SerialLine, Wire, Wires } from "./driver.ts";
import type { MqttFeed } from "./mqtt-feed.ts";
import { BleAdapter } from "./transports/ble/ble-adapter.ts";
import { gpioChip } from "./transports/gpio/gpio-chip.ts";
import { ModbusLine } from "./transports/modbus/modbus-line.ts";
import { BrokerSession } from "./transports/mqtt/broker-session.ts";
import { netProbe } from "./transports/net/net-probe.ts";
import { serialLine } from "./transports/serial/serial-port.ts";

export interface OpenWires extends Wires, AsyncDisposable {
  /** Lines that several devices share, as far as they were used. */
  readonly lines: () => readonly BusStatus[];
}

/** What wires must know of the gateway that they belong to. */
export interface WiresOptions {
  /** Folder of the credentials. */
  readonly credentials?: string | undefined;
  /** Name of the file in it with the keys under which badge numbers are hashed. */
  readonly badgeKey?: string | undefined;
  /** Its name, by which a broker knows it. */
  readonly gateway?: string;
  /** Its clocks. Absent: this machine's, as if somebody kept them. */
  readonly now?: () => Now;
  /** A chip that stands in this process, in place of one that the machine has. */
  readonly chip?: (bus: string) => GpioChip | undefined;
}

export function openWires(buses: Readonly<Record<string, BusSpec>>, log: Log, options: WiresOptions = {}): OpenWires {
  const { credentials, badgeKey = "credentials.badgeKey", gateway = "cippo", now = systemClock("assumed").now, chip } = options;
  const modbus = new Map<string, ModbusLine>();
  const serial = new Map<string, SerialLine>();
  const gpio = new Map<string, GpioChip>();
  const ble = new Map<string, BleAdapter>();
  const mqtt = new Map<string, BrokerSession>();
  const probe = netProbe();

  const spec = (bus: string, wire: Wire): BusSpec => {
    const found = buses[bus];
    if (!found || wireOf(found) !== wire)
      throw new EdgeError("bus.unreachable", {
        bus,
        reason: { it: `nessun bus ${wire} con questo nome`, en: `no ${wire} bus of this name` },
      });
    return found;
  };
  const credential = (name: string): Promise<Uint8Array> =>
    readFile(join(credentials ?? "", name)).catch((cause: unknown) => {
      throw new EdgeError("credentials.missing", { name, folder: credentials ?? "?" }, cause);
    });
  return {
    modbus(bus): ModbusBus {
      const found = spec(bus, "modbus");
      return shared(modbus, bus, () => new ModbusLine(bus, found as Extract<BusSpec, { modbus: string }>, log));
    },
    serial(bus): SerialLine {
      const found = spec(bus, "serial");
      return shared(serial, bus, () => serialLine(bus, found as Extract<BusSpec, { serial: string }>));
    },
    gpio(bus): GpioChip {
      const found = spec(bus, "gpio");
      return shared(gpio, bus, () => chip?.(bus) ?? gpioChip(found as Extract<BusSpec, { gpio: string }>));
    },
    ble(bus): BleRadio {
      const found = spec(bus, "ble");
      return shared(ble, bus, () => new BleAdapter(found as Extract<BusSpec, { ble: string }>, log));
    },
    mqtt(bus): MqttFeed {
      const found = spec(bus, "mqtt") as Extract<BusSpec, { mqtt: string }>;
      const folder = credentials === undefined ? {} : { folder: credentials };
      return shared(
        mqtt,
        bus,
        () => new BrokerSession({ bus, spec: found, gateway, ...folder, clockSynced: () => now().synced, log }),
      );
    },
    net: () => probe,
    now,
    credential,
    badgeKey: () => credential(badgeKey),
    lines: () => [...modbus].map(([bus, line]) => ({ bus, ...line.status })),
    async [Symbol.asyncDispose]() {
      const open = [...modbus.values(), ...ble.values(), ...mqtt.values()];
      await Promise.all(open.map((line) => line[Symbol.asyncDispose]()));
    },
  };
}

/** One object per bus, whoever asks: on one wire there is one queue. */
function shared<T>(made: Map<string, T>, bus: string, make: () => T): T {
  const known = made.get(bus);
  if (known !== undefined) return known;
  const fresh = make();
  made.set(bus, fresh);
  return fresh;
}
