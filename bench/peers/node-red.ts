/** Node-RED in the comparison: a flow of two nodes, lines from TCP to MQTT with QoS 1, installed from npm once. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../hw-sim/free-port.ts";
import { TOPIC } from "./centre.ts";
import { end, type Kind, listens, type Peer } from "./peer.ts";
import { sendLines } from "./tcp-lines.ts";

/** The last that runs on Node 20. */
const VERSION = "4.1.8";

export const nodeRed: Kind = {
  name: `Node-RED ${VERSION}, MQTT out QoS 1`,
  async start(folder, centre) {
    const installed = install();
    if (installed === null) return { why: `npm install node-red@${VERSION} does not succeed here` };
    const port = await freePort();
    const flow = join(folder, "flows.json");
    writeFileSync(flow, JSON.stringify(flowOf(port, centre)));
    const settings = join(folder, "settings.js");
    writeFileSync(
      settings,
      `module.exports = { flowFile: "flows.json", uiPort: ${await freePort()}, uiHost: "127.0.0.1", logging: { console: { level: "off" } }, telemetry: { enabled: false } };`,
    );
    const child = spawn(process.execPath, [installed, "--userDir", folder, "--settings", settings], { stdio: "ignore" });
    await listens(port, child);
    return {
      pid: child.pid ?? 0,
      take: (count) => sendLines(port, count),
      kill: () => end(child, "SIGKILL"),
      [Symbol.asyncDispose]: () => end(child, "SIGTERM"),
    } satisfies Peer;
  },
};

function install(): string | null {
  const folder = join(tmpdir(), `cippo-bench-node-red-${VERSION}`);
  const program = join(folder, "node_modules/node-red/red.js");
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const args = [
    "install",
    `node-red@${VERSION}`,
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--loglevel=error",
  ];
  return spawnSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0 && existsSync(program) ? program : null;
}

const flowOf = (port: number, centre: number): readonly unknown[] => [
  { id: "t", type: "tab", label: "peer" },
  {
    id: "b",
    type: "mqtt-broker",
    broker: "127.0.0.1",
    port: String(centre),
    clientid: "peer",
    autoConnect: true,
    protocolVersion: "5",
    keepalive: "60",
    cleansession: false,
    sessionExpiry: "604800",
  },
  {
    id: "i",
    type: "tcp in",
    z: "t",
    server: "server",
    host: "",
    port: String(port),
    datamode: "stream",
    datatype: "utf8",
    newline: "\\n",
    topic: TOPIC,
    trim: true,
    base64: false,
    wires: [["o"]],
  },
  { id: "o", type: "mqtt out", z: "t", topic: TOPIC, qos: "1", retain: "false", broker: "b", wires: [] },
];
