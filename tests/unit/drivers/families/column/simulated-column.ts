/** A charging column on a real TCP port: holds what its table has, and misbehaves as told. */
import { ModbusUnit } from "../../../../../hw-sim/site/modbus/unit.ts";
import type { BusSpec } from "../../../../../src/drivers/buses.ts";
import type { Driver } from "../../../../../src/drivers/driver.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Device, Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, farSide, never } from "../../support.ts";

/** What it does with a write: `late` and `silent` carry it out, the others do not. */
export type Manner = "obeys" | "late" | "silent" | "refuses" | "restarts" | "ignores";

const TIMEOUT = "200ms";
/** Longer than the time-out. */
const LATE_MS = 400;
const REFUSED = 3;
const ticks: Ticks = { next: () => Promise.resolve(5) };

export interface ColumnType {
  readonly type: string;
  /** Where its limit is written. */
  readonly at: number;
  /** It says what limit it holds. */
  readonly isRead: boolean;
}

export const COLUMNS: readonly ColumnType[] = [
  { type: "abb-terra-ac", at: 0x4100, isRead: true },
  { type: "alfen-eve", at: 1210, isRead: true },
  { type: "bender-cc612", at: 1001, isRead: true },
  { type: "delta-ac-max", at: 1600, isRead: true },
  { type: "go-e-charger", at: 299, isRead: true },
  { type: "heidelberg-energy-control", at: 261, isRead: true },
  { type: "keba-p30-p40", at: 5004, isRead: false },
  { type: "mennekes-amtron-compact", at: 0x302, isRead: true },
  { type: "phoenix-charx", at: 1301, isRead: true },
  { type: "phoenix-em-cp", at: 300, isRead: true },
  { type: "schneider-evlink-pro-ac", at: 4004, isRead: false },
  { type: "vestel-evc04", at: 5004, isRead: false },
];

/** How a configuration lets this type be commanded; one of them must be told what it does when it hears nobody. */
export const controlOf = (type: string, more: object = {}) => ({
  most: 16,
  ...(type === "vestel-evc04" && { failSafe: { current: 6, after: "30s" } }),
  ...more,
});

/** What a type does not open without. */
const neededBy = (type: string): object => (type === "delta-ac-max" ? { phases: 3 } : {});

/** The column alone, for whoever connects. */
export interface ColumnSlave extends AsyncDisposable {
  readonly driver: Driver;
  readonly options: unknown;
  readonly bus: BusSpec;
  readonly unit: () => ModbusUnit;
  manner: Manner;
  /** `function:address` of reads that get no answer. */
  readonly dead: Set<string>;
  /** Addresses that were written, in order. */
  readonly writes: readonly number[];
  /** Its power fails: what it held is gone. */
  restart(): void;
  connections(): number;
}

export async function columnSlave(type: string, written: Readonly<Record<string, unknown>> = {}): Promise<ColumnSlave> {
  const driver = await loadDriver(type);
  const options = driver.options.parse({ unit: 3, ...neededBy(type), ...written });
  const layout = driver.layout(options);
  if (layout.wire !== "modbus") throw new Error(`${type} is no Modbus device`);
  let unit = new ModbusUnit(layout);
  const dead = new Set<string>();
  const writes: number[] = [];
  const answer = ({ bytes, socket }: Asked, pdu: Uint8Array) => {
    const head = Buffer.from(bytes.subarray(0, 7));
    head.writeUInt16BE(pdu.length + 1, 4);
    if (socket.writable) socket.write(Buffer.concat([head, pdu]));
  };
  const obey = (asked: Asked, pdu: Uint8Array) => {
    const reply = unit.answer(pdu).pdu;
    if (slave.manner === "late") setTimeout(() => answer(asked, reply), LATE_MS).unref();
    else if (slave.manner === "obeys") answer(asked, reply);
  };
  const far = await farSide(
    "tcp",
    (asked) => {
      const pdu = asked.bytes.subarray(7);
      if (asked.fc < 5) {
        if (!dead.has(`${asked.fc}:${asked.address}`)) answer(asked, unit.answer(pdu).pdu);
        return;
      }
      writes.push(asked.address);
      if (slave.manner === "refuses") answer(asked, Uint8Array.of(asked.fc + 0x80, REFUSED));
      else if (slave.manner === "restarts") slave.restart();
      else if (slave.manner === "ignores") answer(asked, pdu.subarray(0, 5));
      else obey(asked, pdu);
    },
    { timeout: TIMEOUT, replyDeadline: "500ms" },
  );
  const slave: ColumnSlave = {
    driver,
    options,
    bus: far.spec,
    unit: () => unit,
    manner: "obeys",
    dead,
    writes,
    restart() {
      unit = new ModbusUnit(layout);
      for (const { socket } of far.asked) socket.destroy();
    },
    connections: far.connections,
    [Symbol.asyncDispose]: () => far[Symbol.asyncDispose](),
  };
  return slave;
}

/** The column with a device that is open on it. */
export interface SimulatedColumn extends AsyncDisposable {
  readonly slave: ColumnSlave;
  readonly device: Device;
  next(): Promise<readonly Reading[]>;
}

export async function simulatedColumn(type: string, written: Readonly<Record<string, unknown>> = {}): Promise<SimulatedColumn> {
  const slave = await columnSlave(type, written);
  const wires = openWires({ plant: slave.bus }, noLog);
  const device = await deviceInfo("column", slave.driver, slave.options, "plant", wires).open(never);
  const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
  return {
    slave,
    device,
    next: async () => (await batches.next()).value ?? [],
    async [Symbol.asyncDispose]() {
      await device[Symbol.asyncDispose]();
      await wires[Symbol.asyncDispose]();
      await slave[Symbol.asyncDispose]();
    },
  };
}

export const told = (readings: readonly Reading[], point: string): readonly unknown[] => {
  const { value, quality, code } = readings.find((reading) => reading.point === point) ?? {};
  return code === undefined ? [value, quality] : [value, quality, code];
};
