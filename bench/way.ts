/** `npm run bench`: what a reading costs from decoded value to the platform's proof, beside the limits of this machine. */

import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { asInstalled } from "./way/as-installed.ts";
import { openDisk } from "./way/disk.ts";
import { backlogOf, type Commits, commitsOf, openWire, type Pace, pacedOf, ready } from "./way/measures.ts";
import { barePolling } from "./way/polling/bare-polling.ts";
import { acker } from "./way/processes/acker.ts";
import { gatewaySide } from "./way/processes/gateway.ts";
import { limits } from "./way/processes/limits.ts";
import { bareNode, polled, product } from "./way/product.ts";
import { deviceRows, printTable, type Row, rowsOf } from "./way/table.ts";

const RESULTS = "bench/results/way.json";
const ROLES: Readonly<Record<string, () => void>> = {
  gateway: gatewaySide,
  acker,
  limits,
  "bare-polling": () => void barePolling(process.argv.slice(3).map(Number)),
};
const SIZES = [10, 100, 1000] as const;

/** Quick: the same measures, too short for the paced ones to be believed; nothing is written. */
const FULL = { starts: 5, commits: { 10: 4000, 100: 4000, 1000: 800 }, backlog: 1_000_000, idle: 30, polled: 60, paced: 900 };
const QUICK: typeof FULL = {
  starts: 3,
  commits: { 10: 400, 100: 300, 1000: 60 },
  backlog: 200_000,
  idle: 12,
  polled: 20,
  paced: 20,
};

const program = fileURLToPath(import.meta.url);
const say = (line: string): boolean => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const quick = process.argv.includes("--quick");
  const plan = quick ? QUICK : FULL;
  if (process.argv.includes("--only-devices")) return printTable(deviceRows(await devices(plan.polled)));
  const begun = { at: new Date().toISOString(), load: loadavg()[0] };
  say(
    quick
      ? "quick: about two minutes …"
      : `about ${Math.round(plan.paced / 60) + 6} minutes; the machine should do nothing else …`,
  );
  const footprint = await footprints(plan);
  say("commits of 10, 100 and 1000 readings, back to back …");
  const { commits, ready: readyBytes, broker } = await backToBack(plan);
  say(`${plan.backlog} readings stored while the centre is away, then drained …`);
  const backlog = await backlogOf(program, plan.backlog, plan.idle);
  say(`one commit a second for ${plan.paced} s …`);
  const paced = await paces(plan);
  const machine = { cpu: cpus()[0]?.model ?? "", cores: cpus().length, node: process.version, ...begun, loadAfter: loadavg()[0] };
  const results = { machine, quick, broker, footprint, commits, ready: readyBytes, backlog, paced };
  const rows: readonly Row[] = rowsOf(results);
  printTable(rows);
  if (quick) return;
  mkdirSync("bench/results", { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify({ ...results, rows }, null, 2)}\n`);
  say(`written: ${RESULTS}`);
}

async function footprints({ starts, idle, polled: seconds }: typeof FULL) {
  say("start and memory of the built product …");
  const median = async (run: () => Promise<{ startMs: number }>): Promise<number> => {
    const found: number[] = [];
    for (let i = 0; i < starts; i += 1) found.push((await run()).startMs);
    return found.toSorted((a, b) => a - b)[starts >> 1] ?? 0;
  };
  const idleOf = (seconds: number) => fresh((folder) => product(folder, { file: `${folder}/cippo.sqlite`, seconds }));
  return {
    bareStartMs: await median(() => bareNode(0.1)),
    startMs: await median(() => idleOf(0.1)),
    bare: await bareNode(2),
    idle: await idleOf(idle),
    ...(await devices(seconds)),
  };
}

const fresh = async <T>(work: (folder: string) => Promise<T>): Promise<T> => {
  using disk = openDisk(64);
  return await work(disk.folder);
};

async function devices(seconds: number) {
  const { product, bare } = await fresh((folder) => polled(folder, seconds, program));
  return { polled: product, polledBare: bare };
}

async function backToBack(plan: typeof FULL) {
  await using wire = await openWire(program);
  const commits: Record<string, Commits> = {};
  for (const size of SIZES) commits[size] = await commitsOf(program, wire, size, plan.commits[size]);
  const { bodyBytes = 8 } = commits[100] ?? {};
  return {
    commits,
    broker: wire.broker,
    ready: {
      single: await ready(program, wire, bodyBytes * 100, 100, plan.commits[100] * 4, 4),
      joined: await ready(program, wire, bodyBytes * 4000, 4000, plan.commits[1000], 4),
    },
  };
}

async function paces({ paced }: typeof FULL) {
  await using wire = await openWire(program);
  const other = asInstalled(program, say);
  const list: readonly Pace[] = [
    { name: "100 readings, fdatasync", program, mount: "", readings: 100 },
    { name: "100 readings, fdatasync, lazytime,commit=60", program, mount: "lazytime,commit=60", readings: 100 },
    { name: "20 readings and 1,000 events a day, fdatasync", program, mount: "", readings: 20, eventEvery: 86 },
    ...(other === null ? [] : [{ name: "100 readings, as installed (fsync)", program: other, mount: "", readings: 100 }]),
  ];
  return await pacedOf(list, wire, paced);
}

const role = ROLES[process.argv[2] ?? ""];
if (role) role();
else await main();
