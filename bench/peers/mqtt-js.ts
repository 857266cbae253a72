/** mqtt.js with its own store in the comparison: it publishes each reading and leaves the rest to the library. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { connect } from "mqtt";
import { freePort } from "../../hw-sim/free-port.ts";
import { brokerUrl } from "../way/processes/broker.ts";
import { TOPIC } from "./centre.ts";
import { end, type Kind, listens, type Peer } from "./peer.ts";
import { sendLines } from "./tcp-lines.ts";

const PORTS = { listen: "PEER_LISTEN", centre: "PEER_CENTRE" } as const;

export const mqttJs = (program: string): Kind => ({
  name: "mqtt.js, its own store (memory)",
  async start(_, centre) {
    const port = await freePort();
    const env = { ...process.env, [PORTS.listen]: String(port), [PORTS.centre]: String(centre) };
    const child = spawn(process.execPath, [program, "mqtt-js"], { stdio: ["ignore", "ignore", "inherit"], env });
    await listens(port, child);
    return {
      pid: child.pid ?? 0,
      take: (count) => sendLines(port, count),
      kill: () => end(child, "SIGKILL"),
      [Symbol.asyncDispose]: () => end(child, "SIGTERM"),
    } satisfies Peer;
  },
});

/** The peer itself. */
export async function mqttJsSide(): Promise<void> {
  const client = connect(brokerUrl(Number(process.env[PORTS.centre])), {
    protocolVersion: 5,
    reconnectPeriod: 200,
    clean: false,
    clientId: "peer",
  });
  client.on("error", () => undefined);
  const server = createServer((socket) => {
    createInterface(socket.on("error", () => socket.destroy())).on("line", (line) => client.publish(TOPIC, line, { qos: 1 }));
  }).listen(Number(process.env[PORTS.listen]), "127.0.0.1");
  await once(server, "listening");
}
