/** Forty single-phase meters on four Modbus TCP lines, for the product and for whoever polls the same without it. */
import { once } from "node:events";
import { createServer } from "node:net";

export const METER_TYPE = "eastron-sdm120";
export const EVERY_MS = 10_000;
const LINES = 4;

export interface Meter {
  readonly id: string;
  readonly line: number;
  readonly unit: number;
}

export const METERS: readonly Meter[] = Array.from({ length: 40 }, (_, i) => ({
  id: `meter-${i}`,
  line: i % LINES,
  unit: 1 + Math.floor(i / LINES),
}));

/** `buses:` and `devices:` of a gateway that polls them. */
export function siteOf(ports: readonly number[]): string {
  const buses = ports.map((port, i) => `  line-${i}: { modbus: tcp, host: 127.0.0.1, port: ${port} }`);
  const devices = METERS.map(
    ({ id, line, unit }) => `  ${id}: { type: ${METER_TYPE}, bus: line-${line}, unit: ${unit}, every: ${EVERY_MS / 1000}s }`,
  );
  return `buses:\n${buses.join("\n")}\ndevices:\n${devices.join("\n")}\n`;
}

export interface Lines extends AsyncDisposable {
  readonly ports: readonly number[];
  /** Requests answered since the last time that this was asked. */
  answered(): number;
}

/** What an SDM120 answers when it is asked for its code, a holding register. */
const HOLDING = 3;
const SDM120 = 0x0020;
/** The upper half of the float32 50; the lower one is 0. */
const FIFTY = 0x4248;

/** They say what they are, and 50 of everything. Modbus Messaging on TCP/IP, 4.1: transaction, protocol, length, unit; then function, byte count and registers. */
export async function openLines(): Promise<Lines> {
  let answers = 0;
  const servers = Array.from({ length: LINES }, () =>
    createServer((socket) => {
      socket
        .on("error", () => socket.destroy())
        .on("data", (request) => {
          answers += 1;
          const bytes = 2 * request.readUInt16BE(10);
          const reply = Buffer.alloc(9 + bytes);
          request.copy(reply, 0, 0, 4);
          reply.writeUInt16BE(3 + bytes, 4);
          request.copy(reply, 6, 6, 8);
          reply[8] = bytes;
          if (request[7] === HOLDING) reply.writeUInt16BE(SDM120, 9);
          else for (let at = 9; at < reply.length; at += 4) reply.writeUInt16BE(FIFTY, at);
          socket.write(reply);
        });
    }).listen(0, "127.0.0.1"),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  return {
    ports,
    answered() {
      const count = answers;
      answers = 0;
      return count;
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
    },
  };
}
