/** Two hundred bays in twenty groups, their sensors the inputs of four Modbus TCP modules that change now and then. */
import { once } from "node:events";
import { createServer } from "node:net";

const BAYS = 200;
const MODULES = 4;
const INPUTS = BAYS / MODULES;
const GROUPS = 20;
const EVERY_MS = 1000;
/** So often a bay is taken or left; each at its own time. */
const STAY_MS = 60_000;

export interface Bays extends AsyncDisposable {
  /** `buses:`, `devices:` and `assets:` of the gateway that serves them. */
  readonly site: string;
}

const isTaken = (bay: number): boolean => Math.floor(performance.now() / STAY_MS + bay / BAYS) % 2 === 1;

export async function openBays(): Promise<Bays> {
  const servers = Array.from({ length: MODULES }, (_, module) =>
    createServer((socket) => {
      socket
        .on("error", () => socket.destroy())
        .on("data", (request) => socket.write(answerTo(request, (input) => isTaken(module * INPUTS + input))));
    }).listen(0, "127.0.0.1"),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  return {
    site: siteOf(ports),
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.close();
    },
  };
}

/** Modbus Messaging on TCP/IP, 4.1; read discrete inputs: one bit each, the first one lowest. */
function answerTo(request: Buffer, isOn: (input: number) => boolean): Buffer {
  const [first, count] = [request.readUInt16BE(8), request.readUInt16BE(10)];
  const bytes = Math.ceil(count / 8);
  const reply = Buffer.alloc(9 + bytes);
  request.copy(reply, 0, 0, 4);
  reply.writeUInt16BE(3 + bytes, 4);
  request.copy(reply, 6, 6, 8);
  reply[8] = bytes;
  for (let i = 0; i < count; i += 1) if (isOn(first + i)) reply[9 + (i >> 3)] = (reply[9 + (i >> 3)] ?? 0) | (1 << (i & 7));
  return reply;
}

function siteOf(ports: readonly number[]): string {
  const numbers = Array.from({ length: BAYS }, (_, i) => i);
  const points = Array.from({ length: INPUTS }, (_, i) => `      in-${i}: { fc: 2, address: ${i} }`).join("\n");
  const kinds = ["disabled", "loading", "resident", "paid"];
  const bay = (i: number): string => {
    const sensor = `occupancy: module-${Math.floor(i / INPUTS)}.in-${i % INPUTS}`;
    return `  bay-${i}: { kind: parking-bay, reservedFor: ${kinds[i % 4]}, ${sensor} }`;
  };
  const group = (i: number): string => {
    const bays = numbers.filter((one) => one % GROUPS === i).map((one) => `bay-${one}`);
    return `  group-${i}: { kind: parking-group, bays: [${bays.join(", ")}] }`;
  };
  return `buses:
${ports.map((port, i) => `  line-${i}: { modbus: tcp, host: 127.0.0.1, port: ${port} }`).join("\n")}
devices:
${ports.map((_, i) => `  module-${i}:\n    type: modbus-points\n    bus: line-${i}\n    unit: 1\n    every: ${EVERY_MS / 1000}s\n    points:\n${points}`).join("\n")}
assets:
${numbers.map(bay).join("\n")}
${numbers.slice(0, GROUPS).map(group).join("\n")}
`;
}
