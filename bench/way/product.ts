/** A configuration goes in; the built product runs on it as a process of its own, and what it takes comes out: CPU until it is ready, memory, CPU while nothing much happens. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../hw-sim/free-port.ts";

export const PRODUCT = fileURLToPath(new URL("../cippo.js", import.meta.url));
const READY_MS = 60_000;
/** By then every device was met and every loop compiled. */
const SETTLED_S = 20;

export interface Footprint {
  /** CPU of all threads until ready, ms. */
  readonly startMs: number;
  /** After `seconds`. */
  readonly rssMB: number;
  /** When it runs as it will for months: from 20 s after ready, where the measure is that long, to the end. */
  readonly cpuPercent: number;
}

/** Bare Node: what every program on it pays. */
export async function bareNode(seconds: number): Promise<Footprint> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6); process.stdout.write('ready')"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return footprint(child, "ready", seconds);
}

/** `file`: an existing database, or where a new one shall be. */
export async function product(folder: string, file: string, seconds: number, buses = ""): Promise<Footprint> {
  const config = join(folder, "gateway.yaml");
  // Nobody listens there: the gateway goes on trying, as in an outage.
  const broker = `mqtt://127.0.0.1:${await freePort()}`;
  writeFileSync(
    config,
    `gateway: { id: gw-bench, site: { id: it-bench }, clock: assumed, socket: ${join(folder, "cippo.sock")} }
store: { file: ${file}, quotaMB: 4096 }
sync: { broker: "${broker}" }
${buses}`,
  );
  const child = spawn(process.execPath, [PRODUCT, "run", "--config", config], { stdio: ["ignore", "pipe", "inherit"] });
  return footprint(child, "gateway.ready", seconds);
}

async function footprint(child: ChildProcess, ready: string, seconds: number): Promise<Footprint> {
  const gone = once(child, "exit");
  try {
    await said(child, ready);
    const startMs = cpuMs(child.pid ?? 0);
    const settling = Math.min(SETTLED_S, seconds / 2);
    await sleep(settling * 1000);
    const settled = cpuMs(child.pid ?? 0);
    await sleep((seconds - settling) * 1000);
    const rssMB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;
    return { startMs, rssMB, cpuPercent: (cpuMs(child.pid ?? 0) - settled) / (seconds - settling) / 10 };
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}

export async function said(child: ChildProcess, word: string): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready: ${text}`)), READY_MS);
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${text}`)));
    child.stdout?.on("data", (chunk) => {
      text = (text + chunk).slice(-10_000);
      if (!text.includes(word)) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

/** To the nanosecond where /proc/…/stat counts in 10 ms. */
export const cpuMs = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  ) / 1e6;

/** Forty single-phase meters on four Modbus TCP lines, each asked every ten seconds; they say what they are, and 50 of everything. */
export async function polled(folder: string, seconds: number): Promise<Footprint> {
  const lines = await Promise.all([0, 1, 2, 3].map(openLine));
  const buses = lines.map(({ port }, i) => `  line-${i}: { modbus: tcp, host: 127.0.0.1, port: ${port} }`);
  const devices = Array.from(
    { length: 40 },
    (_, i) => `  meter-${i}: { type: eastron-sdm120, bus: line-${i % 4}, unit: ${1 + Math.floor(i / 4)}, every: 10s }`,
  );
  try {
    const site = `buses:\n${buses.join("\n")}\ndevices:\n${devices.join("\n")}\n`;
    return await product(folder, join(folder, "polled.sqlite"), seconds, site);
  } finally {
    for (const { server } of lines) server.close();
  }
}

/** What an SDM120 answers when it is asked for its code, a holding register. */
const HOLDING = 3;
const SDM120 = 0x0020;
/** The upper half of the float32 50; the lower one is 0. */
const FIFTY = 0x4248;

/** Modbus Messaging on TCP/IP, 4.1: transaction, protocol, length, unit; then function, byte count and registers. */
async function openLine(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket
      .on("error", () => socket.destroy())
      .on("data", (request) => {
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
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return { server, port: typeof address === "object" && address !== null ? address.port : 0 };
}
