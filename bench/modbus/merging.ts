/** Requests and seconds of one round over thirty meters of sixteen points, point by point and merged. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Faults } from "../../hw-sim/site/faults.ts";
import { modbusLine } from "../../hw-sim/site/modbus/line.ts";
import { ModbusUnit } from "../../hw-sim/site/modbus/unit.ts";
import { openWireLog } from "../../hw-sim/site/wire-log.ts";
import { busSchema } from "../../src/drivers/buses.ts";
import type { RegisterPoint } from "../../src/drivers/driver.ts";
import { deviceInfo, loadDriver } from "../../src/drivers/index.ts";
import { openWires } from "../../src/drivers/wires.ts";
import { noLog } from "../../src/kit/log.ts";
import { cycleMs } from "./paced.ts";

const UNITS = Array.from({ length: 30 }, (_, i) => i + 1);
const POINTS = 16;
/** As in the Eastron maps: a value of two registers, then two that a single-phase meter does not use. */
const STEP = 6;
const MAX_REGISTERS = 60;

export interface BodyScrubber {
  readonly requests: number;
  /** On a wire of 9600 baud whose units take 20 ms to turn round. */
  readonly seconds: number;
}

const points = Object.fromEntries(
  Array.from({ length: POINTS }, (_, i) => [`p${i}`, { fc: 4, address: i * STEP, decode: "float32", unit: "V" } as const]),
);

/** One poll of every unit, through the driver and a real socket. */
export async function round(maxGap: number): Promise<BodyScrubber> {
  const folder = mkdtempSync(join(tmpdir(), "cippo-bench-"));
  using log = openWireLog(join(folder, "served.jsonl"));
  const registers = Object.fromEntries(
    Object.entries(points).map(([name, point]): [string, RegisterPoint] => [name, { ...point, kind: "gauge" }]),
  );
  // Each its own value: equal ones are doubted on RTU, and asked again.
  const unitOf = (n: number): ModbusUnit => {
    const unit = new ModbusUnit({ points: registers, maxRegisters: MAX_REGISTERS, pairs: true });
    for (const [i, name] of Object.keys(points).entries()) unit.set(name, n * POINTS + i);
    return unit;
  };
  const units = new Map(UNITS.map((unit) => [unit, { device: `m${unit}`, unit: unitOf(unit) }]));
  await using line = modbusLine({ bus: "line", framing: "rtu", units, faults: new Faults(log), log });
  await line.plug();
  await using wires = openWires({ line: busSchema.parse({ modbus: "rtu-tcp", host: "127.0.0.1", port: line.port }) }, noLog);
  const driver = await loadDriver("modbus-points");
  const never = new AbortController().signal;
  const ticks = { next: () => Promise.resolve(0) };
  for (const unit of UNITS) {
    const options = driver.options.parse({ unit, maxGap, maxRegisters: MAX_REGISTERS, points });
    await using device = await deviceInfo(`m${unit}`, driver, options, "line", wires).open(never);
    for await (const batch of device.readings(ticks, never)) {
      if (batch.some(({ quality }) => quality !== "good")) throw new Error("a value is missing");
      break;
    }
  }
  const { requests } = wires.modbus("line").stats;
  rmSync(folder, { recursive: true, force: true });
  const registersEach = maxGap === 0 ? 2 : (POINTS * STEP * UNITS.length) / requests;
  return { requests, seconds: (requests * cycleMs({ baud: 9600, registers: registersEach, turnaroundMs: 20 })) / 1000 };
}
