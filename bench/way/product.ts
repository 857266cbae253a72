/** Runs the built product as a process and measures its CPU until ready, its memory and its CPU while running. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../hw-sim/free-port.ts";
import { METERS, openLines, siteOf } from "./polling/forty-meters.ts";

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

export interface Running {
  /** An existing database, or where a new one shall be. */
  readonly file: string;
  readonly seconds: number;
  /** `buses:` and `devices:` of its configuration. */
  readonly buses?: string;
  /** Called when what is measured begins; the measure lasts until it resolves, if that is longer. */
  readonly settled?: () => unknown;
  /** Another build of the product. */
  readonly program?: string;
}

export async function product(
  folder: string,
  { file, seconds, buses = "", settled, program = PRODUCT }: Running,
): Promise<Footprint> {
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
  const child = spawn(process.execPath, [program, "run", "--config", config], { stdio: ["ignore", "pipe", "inherit"] });
  return footprint(child, "gateway.ready", seconds, settled);
}

/** `settled` is called when what is measured begins. */
async function footprint(
  child: ChildProcess,
  ready: string,
  seconds: number,
  settled: () => unknown = () => undefined,
): Promise<Footprint> {
  const gone = once(child, "exit");
  try {
    await printed(child, ready);
    const startMs = cpuMs(child.pid ?? 0);
    const settling = Math.min(SETTLED_S, seconds / 2);
    await sleep(settling * 1000);
    const begun = performance.now();
    const before = cpuMs(child.pid ?? 0);
    await Promise.all([settled(), sleep((seconds - settling) * 1000)]);
    const rssMB = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024;
    return { startMs, rssMB, cpuPercent: ((cpuMs(child.pid ?? 0) - before) / (performance.now() - begun)) * 100 };
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}

export async function printed(child: ChildProcess, word: string): Promise<void> {
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

export interface Polled {
  readonly product: Footprint;
  /** Bare modbus-serial that reads the same registers of the same meters as often, and does nothing with them. */
  readonly bare: Footprint;
}

/** Forty meters, each asked every ten seconds, by the product and by bare modbus-serial at the same time. */
export async function polled(folder: string, seconds: number, program: string): Promise<Polled> {
  await using ours = await openLines();
  await using theirs = await openLines();
  const bare = spawn(process.execPath, [program, "bare-polling", ...theirs.ports.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const counts = { product: 0, bare: 0 };
  const [measured, limit] = await Promise.all([
    product(folder, {
      file: join(folder, "polled.sqlite"),
      seconds,
      buses: siteOf(ours.ports),
      settled: () => ours.answered(),
    }).then((found) => {
      counts.product = ours.answered();
      return found;
    }),
    footprint(bare, "ready", seconds, () => theirs.answered()).then((found) => {
      counts.bare = theirs.answered();
      return found;
    }),
  ]);
  // A tick at either end may fall inside or outside.
  if (counts.bare === 0 || Math.abs(counts.product - counts.bare) > METERS.length / 4)
    throw new Error(`not the same polling: ${counts.product} requests of the product, ${counts.bare} of bare modbus-serial`);
  return { product: measured, bare: limit };
}
