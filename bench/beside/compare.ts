/** Measures two builds by turns, so that whatever else the machine does meets both alike. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openDisk } from "../way/disk.ts";
import { openWire, wayOf } from "../way/measures.ts";
import { openLines, siteOf } from "../way/polling/forty-meters.ts";
import { type Footprint, product } from "../way/product.ts";
import type { Build } from "./build.ts";

export interface Plan {
  readonly rounds: number;
  /** Of 100 readings each. */
  readonly commits: number;
  readonly idleSeconds: number;
  readonly polledSeconds: number;
}

export type Side = "ours" | "older";
export type Sides<T> = Readonly<Record<Side, T>>;

export interface Compared extends Sides<readonly number[]> {
  readonly what: string;
  readonly unit: string;
}

const READINGS = 100;
/** The other build first in every other round: whoever comes first finds a colder machine. */
const ORDERS: readonly (readonly Side[])[] = [
  ["ours", "older"],
  ["older", "ours"],
];

export async function compare(builds: Sides<Build>, plan: Plan, say: (line: string) => unknown): Promise<readonly Compared[]> {
  say(`start, ${plan.rounds} times each …`);
  const starts = await alternating(plan.rounds, async (side) => (await idle(builds[side], 0.1)).startMs);
  say(`readings of ${READINGS} a commit, ${plan.rounds} times each …`);
  const ways = await throughStore(builds, plan);
  say(`idle for ${plan.idleSeconds} s, then forty meters for ${plan.polledSeconds} s, both at once …`);
  const resting = await atOnce((side) => idle(builds[side], plan.idleSeconds));
  const polled = await atOnce((side) => polling(builds[side], plan.polledSeconds));
  return [
    { what: "start, CPU until ready", unit: "ms", ...starts },
    { what: `CPU decoded → acknowledged, ${READINGS} a commit`, unit: "µs a reading", ...both(ways, ({ cpuUs }) => cpuUs) },
    { what: "  written", unit: "B a reading", ...both(ways, ({ device, dirtied }) => device ?? dirtied) },
    { what: "memory, idle, no devices", unit: "MB RSS", ...both(resting, ({ rssMB }) => rssMB) },
    { what: "memory, 40 devices at 10 s", unit: "MB RSS", ...both(polled, ({ rssMB }) => rssMB) },
    { what: "CPU, 40 devices at 10 s", unit: "%", ...both(polled, ({ cpuPercent }) => cpuPercent) },
  ];
}

async function throughStore(builds: Sides<Build>, { rounds, commits }: Plan) {
  await using wire = await openWire(fileURLToPath(import.meta.url));
  return await alternating(rounds, async (side) => (await wayOf(builds[side].bench, wire, READINGS, commits)).cost);
}

async function idle(build: Build, seconds: number): Promise<Footprint> {
  using disk = openDisk(64);
  return await product(disk.folder, { file: join(disk.folder, "cippo.sqlite"), seconds, program: build.product });
}

async function polling(build: Build, seconds: number): Promise<Footprint> {
  using disk = openDisk(64);
  await using lines = await openLines();
  const file = join(disk.folder, "cippo.sqlite");
  return await product(disk.folder, { file, seconds, buses: siteOf(lines.ports), program: build.product });
}

async function alternating<T>(rounds: number, measure: (side: Side) => Promise<T>): Promise<Sides<readonly T[]>> {
  const found: Record<Side, T[]> = { ours: [], older: [] };
  for (let round = 0; round < rounds; round += 1)
    for (const side of ORDERS[round % 2] ?? []) found[side].push(await measure(side));
  return found;
}

async function atOnce<T>(measure: (side: Side) => Promise<T>): Promise<Sides<readonly T[]>> {
  const [ours, older] = await Promise.all([measure("ours"), measure("older")]);
  return { ours: [ours], older: [older] };
}

const both = <T>({ ours, older }: Sides<readonly T[]>, figure: (one: T) => number): Sides<readonly number[]> => ({
  ours: ours.map(figure),
  older: older.map(figure),
});
