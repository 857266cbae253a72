/** Opens a unit of the type modbus-points behind a real socket, and reads it round by round. */
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, type FarSide, mbap, never } from "../../support.ts";

export const ticks: Ticks = { next: () => Promise.resolve(5) };
export const PATIENCE = { timeout: "1s" };

export async function open(far: FarSide, written: Readonly<Record<string, unknown>>) {
  const wires = openWires({ plant: far.spec }, noLog);
  const driver = await loadDriver("modbus-points");
  const info = deviceInfo("boiler", driver, driver.options.parse({ unit: 3, ...written }), "plant", wires);
  const device = await info.open(never);
  const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
  return { info, device, next: async (): Promise<readonly Reading[]> => (await batches.next()).value ?? [], wires };
}

export const answer = (asked: Asked, rtu: Buffer) => asked.socket.write(mbap(asked.transaction, rtu));
