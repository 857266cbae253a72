/** Requests to one Modbus line whose registers hold their own addresses, so that a value from another request shows. */
import type { ModbusSpec } from "../../../../../src/drivers/buses.ts";
import type { ModbusRequest } from "../../../../../src/drivers/driver.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { type Asked, type FarSide, never, registers } from "../../support.ts";

export const PATIENCE = { timeout: "150ms", replyDeadline: "400ms" };
/** Where nothing has to be waited for: a process that stands still is no silence. */
export const LONG = { timeout: "15s", replyDeadline: "15s" };

export const lineTo = (far: FarSide) => new ModbusLine("plant", far.spec as ModbusSpec, noLog);

export const read = (unit: number, address: number, more: Partial<ModbusRequest> = {}): ModbusRequest => ({
  unit,
  fc: 3,
  address,
  quantity: 1,
  priority: "poll",
  ...more,
});

export const own = ({ unit, fc, address, quantity }: Asked): Buffer =>
  registers(unit, fc, ...Array.from({ length: quantity }, (_, i) => address + i));

export const value = (line: ModbusLine, request: ModbusRequest) =>
  line.request(request, never).then(({ data }) => Buffer.from(data).readUInt16BE(0));
