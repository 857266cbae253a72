/** The buses of a scenario and the twins on them go in; open lines on free ports, and the words by which a gateway's configuration finds them, come out. */
import { join } from "node:path";
import type { Faults } from "./faults.ts";
import { type LineUnit, modbusLine } from "./modbus/line.ts";
import { Pty, socatExists } from "./pty.ts";
import type { BusSpec } from "./scenario.ts";
import type { ServedLog } from "./served.ts";
import type { SocketLine } from "./socket-line.ts";
import type { Twin } from "./twins.ts";

export interface WireOptions {
  readonly dir: string;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly faults: Faults;
  readonly log: ServedLog;
}

/** One bus as it stands: `config` is its line under `buses:`. */
export interface OpenWire extends AsyncDisposable {
  /** What kinds of fault it can suffer depends on this. */
  readonly kind: "modbus-tcp" | "modbus-rtu" | "serial" | "gpio" | "ble";
  readonly config: Readonly<Record<string, unknown>>;
  /** Where the gateway reaches a wire through a program of the site's, that program: it can be started, or dies. */
  plug(): Promise<void>;
  unplug(): Promise<void>;
}

export async function openWire(
  bus: string,
  spec: Exclude<BusSpec, { gpio: unknown } | { ble: unknown }>,
  o: WireOptions,
): Promise<OpenWire> {
  if ("serial" in spec) {
    const sensors = [...o.twins.values()].filter((twin) => twin.wire === "serial" && twin.bus === bus);
    const [twin] = sensors;
    if (twin?.wire !== "serial" || sensors.length > 1) throw new Error(`bus ${bus}: a serial line has exactly one sensor`);
    await twin.sensor.plug();
    const over = spec.serial === "pty" ? await pseudoTerminal(bus, twin.sensor.line, o) : undefined;
    const config = over
      ? { serial: over.path, baud: spec.baud }
      : { serial: `tcp://127.0.0.1:${twin.sensor.line.port}`, baud: spec.baud };
    return joined("serial", config, twin.sensor.line, over, twin.sensor);
  }
  const line = modbusLine({
    bus,
    framing: spec.modbus === "tcp" ? "tcp" : "rtu",
    units: unitsOn(bus, o.twins),
    faults: o.faults,
    log: o.log,
  });
  await line.plug();
  const over = spec.modbus === "rtu" ? await pseudoTerminal(bus, line, o) : undefined;
  const modbus = spec.modbus === "rtu" && !over ? "rtu-tcp" : spec.modbus;
  const config =
    over && spec.modbus === "rtu"
      ? { modbus, port: over.path, baud: spec.baud, parity: "none" }
      : { modbus, host: "127.0.0.1", port: line.port };
  return joined(spec.modbus === "tcp" ? "modbus-tcp" : "modbus-rtu", config, line, over, line);
}

/** Nothing where there is no socat: the line is then met over TCP. */
async function pseudoTerminal(bus: string, line: SocketLine, o: WireOptions): Promise<Pty | undefined> {
  if (!socatExists()) return undefined;
  const pty = new Pty(join(o.dir, `tty-${bus}`), line.port);
  await pty.plug();
  return pty;
}

function joined(
  kind: OpenWire["kind"],
  config: OpenWire["config"],
  line: SocketLine,
  over: Pty | undefined,
  owner: AsyncDisposable,
): OpenWire {
  return {
    kind,
    config,
    async plug() {
      await line.plug();
      await over?.plug();
    },
    async unplug() {
      await over?.unplug();
      await line.unplug();
    },
    async [Symbol.asyncDispose]() {
      await over?.[Symbol.asyncDispose]();
      await owner[Symbol.asyncDispose]();
    },
  };
}

function unitsOn(bus: string, twins: ReadonlyMap<string, Twin>): ReadonlyMap<number, LineUnit> {
  const units = new Map<number, LineUnit>();
  for (const [device, twin] of twins) {
    if (twin.wire !== "modbus" || twin.bus !== bus) continue;
    const other = units.get(twin.address);
    if (other) throw new Error(`bus ${bus}: ${device} and ${other.device} are both unit ${twin.address}`);
    units.set(twin.address, { device, unit: twin.unit });
  }
  return units;
}
