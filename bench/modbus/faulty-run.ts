/** Sends requests to misbehaving slaves and counts the answers believed that belong to another request. */
import Library from "modbus-serial";
import { seeded } from "../../hw-sim/site/random.ts";
import { busSchema, type ModbusSpec } from "../../src/drivers/buses.ts";
import type { Tolerance } from "../../src/drivers/transports/modbus/framing/mbap-port.ts";
import { ModbusLine } from "../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../src/kit/log.ts";
import { type Faultiness, FaultySlave, type FaultyWire, type Verdict } from "./faulty-slave.ts";
import { socketBinding } from "./socket-binding.ts";

export const TIMEOUT_MS = 30;
export const SLOWEST_MS = 1000;
/** What a busy machine adds to the lateness of a slave in this very process. */
const BUSY_MS = 100;
const UNITS = [1, 2, 3, 4, 5, 6, 7, 8];
const ADDRESSES = 3;
/** Late enough to meet a later request, and inside what each wire promises: on TCP anything, on RTU `replyDeadline`. */
export const LATE = {
  tcp: { from: TIMEOUT_MS, to: 20 * TIMEOUT_MS },
  rtu: { from: TIMEOUT_MS, to: SLOWEST_MS - BUSY_MS },
  "rtu-tcp": { from: TIMEOUT_MS, to: SLOWEST_MS - BUSY_MS },
};

export type Tally = Record<Verdict | "failed", number> & { readonly done: Map<string, number> };

interface Master extends AsyncDisposable {
  read(unit: number, address: number): Promise<Uint8Array>;
  /** Units are asked at once, each one thing at a time; or all in one row. */
  readonly atOnce: boolean;
}

export type Make = (slave: FaultySlave, wire: FaultyWire) => Promise<Master>;

export const ours: Make = (slave, modbus) => tolerating()(slave, modbus);

/** Our line to gateways that do not return these, on Modbus TCP. */
export const tolerating =
  (...tolerate: readonly Tolerance[]): Make =>
  (slave, modbus) => {
    const where = modbus === "rtu" ? { port: "/dev/cable" } : { host: "127.0.0.1", port: slave.port };
    const spec = busSchema.parse({
      modbus,
      ...where,
      timeout: `${TIMEOUT_MS}ms`,
      replyDeadline: `${SLOWEST_MS}ms`,
      ...(tolerate.length > 0 && { tolerate }),
    });
    const line = new ModbusLine("line", spec as ModbusSpec, noLog, socketBinding(slave.port));
    const stop = new AbortController();
    return Promise.resolve({
      atOnce: true,
      read: async (unit, address) =>
        (await line.request({ unit, fc: 3, address, quantity: 2, priority: "poll" }, stop.signal)).data,
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    });
  };

type ModbusRTU = InstanceType<typeof Library.default>;
// CommonJS: the class itself is the module's only default, whatever its types say.
const Client = Library as unknown as new () => ModbusRTU;
/** What a careful user of the bare library does: one request at a time, a time-out, a new connection after so many failures in a row. */
const RECONNECT_AFTER = 3;

export const bare: Make = async (slave, wire) => {
  let client: ModbusRTU | undefined;
  let failures = 0;
  const connect = async () => {
    const fresh = new Client();
    fresh.on("error", () => undefined);
    if (wire === "tcp") await fresh.connectTCP("127.0.0.1", { port: slave.port });
    // Its types do not know that its port hands every option on to serialport.
    else
      await fresh.connectRTUBuffered("/dev/cable", { baudRate: 9600, binding: socketBinding(slave.port) } as {
        baudRate: number;
      });
    fresh.setTimeout(TIMEOUT_MS);
    return fresh;
  };
  const hangUp = () => new Promise<void>((done) => (client === undefined ? done() : client.close(() => done())));
  return {
    atOnce: false,
    async read(unit, address) {
      client ??= await connect();
      client.setID(unit);
      try {
        const { buffer } = await client.readHoldingRegisters(address, 2);
        failures = 0;
        return buffer;
      } catch (error) {
        failures += 1;
        if (failures % RECONNECT_AFTER === 0) {
          await hangUp();
          client = undefined;
        }
        throw error;
      }
    },
    [Symbol.asyncDispose]: hangUp,
  };
};

/** `lines` slaves, each with its own seed and master, share `requests`. */
export async function faultyRun(
  make: Make,
  wire: FaultyWire,
  requests: number,
  lines: number,
  faults: Omit<Faultiness, "late"> & Partial<Faultiness>,
): Promise<Tally> {
  const tally: Tally = { right: 0, stale: 0, wrong: 0, failed: 0, done: new Map() };
  const one = async (i: number): Promise<void> => {
    const seed = faults.seed * 1000 + i;
    await using slave = await FaultySlave.open(wire, { late: LATE[wire], ...faults, seed });
    await using master = await make(slave, wire);
    await ask(master, slave, seeded(seed, "addresses"), Math.ceil(requests / lines), tally);
    for (const [name, count] of slave.done) tally.done.set(name, (tally.done.get(name) ?? 0) + count);
  };
  await Promise.all(Array.from({ length: lines }, (_, i) => one(i)));
  return tally;
}

async function ask(master: Master, slave: FaultySlave, random: () => number, requests: number, tally: Tally): Promise<void> {
  let left = requests;
  const askOne = async (unit: number): Promise<void> => {
    const address = Math.floor(random() * ADDRESSES);
    left -= 1;
    await master.read(unit, address).then(
      (data) => {
        tally[slave.judge(unit, address, data)] += 1;
      },
      () => {
        tally.failed += 1;
      },
    );
  };
  const askOn = async (unit: number): Promise<void> => {
    while (left > 0) await askOne(unit);
  };
  if (master.atOnce) await Promise.all(UNITS.map(askOn));
  else while (left > 0) await askOne(UNITS[Math.floor(random() * UNITS.length)] ?? 1);
}
