/** Modbus buses of the simulated site: TCP, RTU over TCP, and RTU on a pseudo-terminal, with a unit for every device. */
import * as z from "zod";
import type { FaultKind } from "../faults.ts";
import { columnLetters } from "../modbus/column-letters.ts";
import { type LineUnit, modbusLine } from "../modbus/line.ts";
import { ModbusUnit } from "../modbus/unit.ts";
import { plugged, pseudoTerminal } from "./plug.ts";
import { layoutOn, type SiteDevice, siteWire, type Twin } from "./wire.ts";

/** MBAP, the header of Modbus TCP, has no checksum. */
const TCP_FAULTS: readonly FaultKind[] = ["silence", "late-reply", "wrong-unit", "garbage", "unplug"];
const RTU_FAULTS: readonly FaultKind[] = ["silence", "late-reply", "wrong-unit", "garbage", "bad-crc", "unplug"];

const spec = z.union([
  z.strictObject({ modbus: z.enum(["tcp", "rtu-tcp"]) }),
  z
    .strictObject({ modbus: z.literal("rtu"), baud: z.number().prefault(9600) })
    .describe("On a pseudo-terminal where socat exists, otherwise RTU over TCP."),
]);

export const modbus = siteWire({
  spec,
  async open(spec, { bus, devices, dir, faults, log }) {
    const units = unitsOn(bus, devices);
    const framing = spec.modbus === "tcp" ? "tcp" : "rtu";
    const line = modbusLine({ bus, framing, units, faults, log });
    await line.plug();
    const over = spec.modbus === "rtu" ? await pseudoTerminal(bus, line, dir) : undefined;
    const config =
      over && spec.modbus === "rtu"
        ? { modbus: "rtu", port: over.path, baud: spec.baud, parity: "none" }
        : { modbus: spec.modbus === "rtu" ? "rtu-tcp" : spec.modbus, host: "127.0.0.1", port: line.port };
    return {
      config,
      faults: framing === "tcp" ? TCP_FAULTS : RTU_FAULTS,
      twins: new Map([...units.values()].map((unit) => [unit.device, twinOf(unit)])),
      ...plugged(line, over, line),
    };
  },
});

function unitsOn(bus: string, devices: readonly SiteDevice[]): ReadonlyMap<number, LineUnit> {
  const units = new Map<number, LineUnit>();
  for (const device of devices) {
    const { type, unit } = device.config;
    const address = Number(unit);
    const other = units.get(address);
    if (other) throw new Error(`bus ${bus}: ${device.id} and ${other.device} are both unit ${address}`);
    const table = { ...layoutOn("modbus", device), pairs: type.startsWith("eastron-") };
    const letters = columnLetters(type);
    units.set(address, { device: device.id, unit: new ModbusUnit(table), ...(letters && { letters }) });
  }
  return units;
}

const twinOf = ({ unit, letters }: LineUnit): Twin => ({
  values: () => Object.fromEntries(Object.keys(unit.layout.points).map((name) => [name, unit.get(name)])),
  set(point, value) {
    if (letters && point === "state") unit.set("state-code", letters.codeOf(String(value)));
    else unit.set(point, value);
  },
  load: unit.layout.points,
});
