/** What our Modbus line costs beside bare modbus-serial, libmodbus and pymodbus, and what merging requests saves. */
import { mkdirSync, writeFileSync } from "node:fs";
import { isMainThread, workerData } from "node:worker_threads";
import { bare, type Cost, ours, peer } from "./modbus/masters.ts";
import { round } from "./modbus/merging.ts";
import { lineUse, type Pace, pacedSlave } from "./modbus/paced.ts";
import { missing, Scratch, startSlave } from "./modbus/peers.ts";

/** Rounds in turn; others use this machine too, so what counts is the middle of the ratios within one round. */
const ROUNDS = 11;
/** Not counted: a gateway runs for months, its code is compiled. */
const WARM_ROUNDS = 4;
const TIMES = { tcp: 10_000, rtu: 600 };
const PACES: readonly Pace[] = [9600, 19_200].flatMap((baud) =>
  [10, 60].map((registers) => ({ baud, registers, turnaroundMs: 20 })),
);
/** 1.75 ms above 19200 baud, in whole timers (Modbus over Serial Line V1.02, 2.5.1.1). */
const SILENCE_MS = 2;
/** On a serial line a master that keeps the silence wakes twice for each request: only such a one is its like. */
const BARE = { tcp: "modbus-serial", rtu: "modbus-serial, silence kept" };
const LIMITS = { ratio: 1.25, lineUse: 95, merged: 1 / 5 };

type Costs = Readonly<Record<string, readonly Cost[]>>;

async function costs(wire: "tcp" | "rtu"): Promise<Costs> {
  using scratch = new Scratch();
  await using slave = await startSlave("libmodbus", wire, scratch, { baud: 115_200 });
  const times = TIMES[wire];
  const masters: Readonly<Record<string, () => Promise<Cost> | Cost>> = {
    ours: () => ours(slave, times),
    [BARE.tcp]: () => bare(slave, times),
    ...(wire === "rtu" && { [BARE.rtu]: () => bare(slave, times, SILENCE_MS) }),
    libmodbus: () => peer("libmodbus", slave, times, scratch),
    ...(missing("pymodbus") === null && { pymodbus: () => peer("pymodbus", slave, times, scratch) }),
  };
  const found = Object.fromEntries(Object.keys(masters).map((name): [string, Cost[]] => [name, []]));
  for (let i = 0; i < ROUNDS; i++) {
    // Nobody always comes after the same one.
    const inOrder = i % 2 === 0 ? Object.entries(masters) : Object.entries(masters).reverse();
    for (const [name, measure] of inOrder) found[name]?.push(await measure());
  }
  return Object.fromEntries(Object.entries(found).map(([name, rounds]) => [name, rounds.slice(WARM_ROUNDS)]));
}

const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

function ratioOf(found: Costs, name: string): number {
  const [us, them] = [found["ours"] ?? [], found[name] ?? []];
  return middle(us.map(({ cpuUs }, i) => cpuUs / (them[i]?.cpuUs ?? Number.NaN)));
}

async function main(): Promise<void> {
  const lacking = missing("libmodbus", "socat");
  const failed: string[] = [];
  const must = (holds: boolean, what: string) => holds || failed.push(what);
  const results: Record<string, unknown> = {};

  for (const wire of lacking === null ? (["tcp", "rtu"] as const) : []) {
    const found = await costs(wire);
    const ratio = ratioOf(found, BARE[wire]);
    console.log(
      `\nTen registers over ${wire}, libmodbus slave; ours / ${BARE[wire]}: ${ratio.toFixed(2)} (limit ${LIMITS.ratio})`,
    );
    console.table(rounded(found));
    must(ratio <= LIMITS.ratio, `${wire}: CPU ratio ${ratio.toFixed(2)}`);
    results[wire] = { ...rounded(found), ratio };
  }
  if (lacking !== null) console.log(`no comparison with other masters: ${lacking}`);

  console.log(`\nPer cent of the line's own rate, 20 ms turnaround, 11 bits a character (limit ${LIMITS.lineUse})`);
  const uses: Record<string, { readonly "%": number }> = {};
  for (const pace of PACES) {
    const use = await lineUse(new URL(import.meta.url), pace, 100);
    uses[`${pace.baud} baud, ${pace.registers} registers`] = { "%": Math.round(use * 10) / 10 };
    must(use >= LIMITS.lineUse, `${pace.baud} baud: ${use.toFixed(1)} % of the line`);
  }
  console.table(uses);

  const [alone, merged] = [await round(0), await round(20)];
  console.log(`\nA round of 30 units with 16 points at 9600 baud (limit ${LIMITS.merged} of the requests)`);
  console.table({ "point by point": alone, merged });
  must(merged.requests / alone.requests <= LIMITS.merged, `${merged.requests} of ${alone.requests} requests`);

  mkdirSync("bench/results", { recursive: true });
  writeFileSync(
    "bench/results/modbus.json",
    `${JSON.stringify({ ...results, lineUse: uses, rounds: { alone, merged } }, null, 2)}\n`,
  );
  if (failed.length > 0) console.log(`\nbeyond the limit: ${failed.join("; ")}`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

const rounded = (found: Costs) =>
  Object.fromEntries(
    Object.entries(found).map(([name, rounds]) => [
      name,
      {
        "CPU µs per request": Math.round(middle(rounds.map(({ cpuUs }) => cpuUs))),
        "requests/s": Math.round(middle(rounds.map(({ perSecond }) => perSecond))),
      },
    ]),
  );

if (isMainThread) await main();
else await pacedSlave(workerData as Pace);
