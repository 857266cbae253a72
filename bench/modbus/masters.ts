/** Measures what one read of ten registers costs our line, bare modbus-serial, libmodbus and pymodbus. */
import { execFileSync } from "node:child_process";
import Library from "modbus-serial";
import { busSchema, type ModbusSpec } from "../../src/drivers/buses.ts";
import { ModbusLine } from "../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../src/kit/log.ts";
import { type Library as Peer, PYTHON, type Scratch, type Slave, sourceOf } from "./peers.ts";

export interface Cost {
  /** CPU of the master's process, user and system. */
  readonly cpuUs: number;
  readonly perSecond: number;
}

/** Addresses go round: the same answer to the same question again within milliseconds would be doubted on RTU. */
const ADDRESSES = { from: 100, count: 500 };
const QUANTITY = 10;
const TIMEOUT_MS = 2000;

async function cost(times: number, read: (address: number) => Promise<Uint8Array>): Promise<Cost> {
  const one = async (i: number) => {
    const address = ADDRESSES.from + (i % ADDRESSES.count);
    if (Buffer.from(await read(address)).readUInt16BE(0) !== 1000 + address) throw new Error("another register's value");
  };
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  for (let i = 0; i < times; i++) await one(i);
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / times, perSecond: (times * 1000) / (performance.now() - begun) };
}

export async function ours({ at }: Slave, times: number): Promise<Cost> {
  const spec = busSchema.parse({ ...at, timeout: `${TIMEOUT_MS}ms` }) as ModbusSpec;
  await using line = new ModbusLine("line", spec, noLog);
  const { signal } = new AbortController();
  const request = { unit: 1, fc: 3, quantity: QUANTITY, priority: "poll" } as const;
  return await cost(times, async (address) => (await line.request({ ...request, address }, signal)).data);
}

type ModbusRTU = InstanceType<typeof Library.default>;
// CommonJS: the class itself is the module's only default, whatever its types say.
const Client = Library as unknown as new () => ModbusRTU;

/** `silenceMs`: what the line must have between two frames and the library does not give it. */
export async function bare({ at }: Slave, times: number, silenceMs = 0): Promise<Cost> {
  const client = new Client();
  client.on("error", () => undefined);
  if (at.modbus === "tcp") await client.connectTCP(at.host, { port: at.port });
  else await client.connectRTUBuffered(at.port, { baudRate: at.baud });
  client.setTimeout(TIMEOUT_MS);
  client.setID(1);
  try {
    return await cost(times, async (address) => {
      if (silenceMs > 0) await new Promise((done) => setTimeout(done, silenceMs));
      return (await client.readHoldingRegisters(address, QUANTITY)).buffer;
    });
  } finally {
    await new Promise<void>((done) => client.close(() => done()));
  }
}

/** The same done by a program of that library, in a process of its own. */
export function peer(library: Peer, { at }: Slave, times: number, scratch: Scratch): Cost {
  const [command, first]: [string, string[]] =
    library === "libmodbus" ? [scratch.compile("libmodbus-master.c"), []] : [PYTHON, [sourceOf("pymodbus-master.py")]];
  const where = at.modbus === "tcp" ? ["tcp", String(at.port)] : ["rtu", at.port, String(at.baud)];
  return JSON.parse(execFileSync(command, [...first, ...where, String(times)], { encoding: "utf8" }));
}
