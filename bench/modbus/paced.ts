/** A serial line as slow as its baud rate, and how much of its time our master uses. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { parentPort, Worker } from "node:worker_threads";
import { withCrc } from "../../hw-sim/site/modbus/framing.ts";
import { busSchema, type ModbusSpec } from "../../src/drivers/buses.ts";
import { ModbusLine } from "../../src/drivers/transports/modbus/modbus-line.ts";
import { noLog } from "../../src/kit/log.ts";
import { socketBinding } from "./socket-binding.ts";

export interface Pace {
  readonly baud: number;
  readonly registers: number;
  /** From the end of a request to the beginning of its reply. */
  readonly turnaroundMs: number;
}

/** Start, eight bits, parity or a second stop bit, stop (Modbus over Serial Line V1.02, 2.5.1). */
const BITS = 11;
const REQUEST = 8;
const SILENCE = 3.5;
const TIMER_MS = 2;

const lineMs = ({ baud }: Pace, characters: number): number => (characters * BITS * 1000) / baud;
const exchangeMs = (pace: Pace): number => lineMs(pace, REQUEST) + pace.turnaroundMs + lineMs(pace, 5 + pace.registers * 2);
/** What one exchange takes at least, with the silence that the line needs before the next. */
export const cycleMs = (pace: Pace): number => exchangeMs(pace) + lineMs(pace, SILENCE);

/** The slave, in a thread of its own: its time is the wire's, not the master's. */
export async function pacedSlave(pace: Pace): Promise<void> {
  const reply = withCrc(Uint8Array.of(1, 3, pace.registers * 2, ...new Uint8Array(pace.registers * 2).keys()));
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const server = createServer({ noDelay: true }, (socket) => {
    socket
      .on("error", () => undefined)
      .on("data", () => {
        const end = performance.now() + exchangeMs(pace);
        setTimeout(() => {
          const rest = end - performance.now();
          if (rest > 0) Atomics.wait(clock, 0, 0, rest);
          // The very same bytes again and again would be doubted, and rightly: a register moves.
          reply[3] = ((reply[3] ?? 0) + 1) & 0xff;
          socket.write(withCrc(reply.subarray(0, -2)));
        }, exchangeMs(pace) - TIMER_MS);
      });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  parentPort?.postMessage((server.address() as AddressInfo).port);
}

/** Per cent of the line's own rate that a stream of reads reaches. `self`: the file whose thread calls `pacedSlave`. */
export async function lineUse(self: URL, pace: Pace, times: number): Promise<number> {
  const worker = new Worker(self, { workerData: pace });
  const [port] = await once(worker, "message");
  const spec = busSchema.parse({ modbus: "rtu", port: "/dev/cable", baud: pace.baud, parity: "even" }) as ModbusSpec;
  const line = new ModbusLine("paced", spec, noLog, socketBinding(port));
  const { signal } = new AbortController();
  const read = () => line.request({ unit: 1, fc: 3, address: 0, quantity: pace.registers, priority: "poll" }, signal);
  await read();
  const begun = performance.now();
  for (let i = 0; i < times; i++) await read();
  const took = performance.now() - begun;
  await line[Symbol.asyncDispose]();
  await worker.terminate();
  return (100 * times * cycleMs(pace)) / took;
}
