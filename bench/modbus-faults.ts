/** How many answers to another request our Modbus line and bare modbus-serial believe when slaves misbehave. */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { number, optionValue, parseOrExit } from "../hw-sim/command-line.ts";
import { bare, faultyRun, LATE, ours, SLOWEST_MS, type Tally, tolerating } from "./modbus/faulty-run.ts";
import { FaultySlave } from "./modbus/faulty-slave.ts";

const HELP = "node dist/bench/modbus-faults.js [--requests 100000] [--seed 1] [--share 0.15]\n";
const { requests, ...faults } = parseOrExit(HELP, () => {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: "100000" },
      seed: { type: "string", default: "1" },
      share: { type: "string", default: "0.15" },
    },
  });
  const whole = number("a whole number, at least 1", (n) => Number.isInteger(n) && n > 0);
  return {
    requests: optionValue("requests", whole, values.requests),
    seed: optionValue("seed", whole, values.seed),
    share: optionValue(
      "share",
      number("a number from 0 to 1", (n) => n >= 0 && n <= 1),
      values.share,
    ),
  };
});
/** Lines at once: most of a faulty line's time is waiting. */
const LINES = 30;
const SHARES = { tcp: 0.5, rtu: 0.25, "rtu-tcp": 0.25 } as const;

const rows: Record<string, Record<string, number>> = {};
const show = (name: string, tally: Tally, of: number): void => {
  const faulty = [...tally.done].reduce((sum, [deed, count]) => (deed === "right" ? sum : sum + count), 0);
  rows[name] = {
    requests: of,
    faulty,
    failed: tally.failed,
    right: tally.right,
    "an older one": tally.stale,
    "of something else": tally.wrong,
  };
};

let believed = 0;
let sent = 0;
for (const wire of ["tcp", "rtu", "rtu-tcp"] as const) {
  const count = Math.ceil(requests * SHARES[wire]);
  const tally = await faultyRun(ours, wire, count, LINES, faults);
  show(`ours, ${wire}`, tally, count);
  believed += tally.wrong + tally.stale;
  sent += count;
}
/** What a gateway that returns neither unit nor transaction could say nobody can tell from the answer, and is left out: replies of another unit or request, given at once. */
const untold = (name: string) => name.startsWith("of another unit") || name === "wrong transaction";
for (const careless of [["transaction-echo"], ["unit-echo", "transaction-echo"]] as const) {
  const count = Math.ceil(requests / 20);
  const only = FaultySlave.faults.filter((name) => !untold(name));
  const tally = await faultyRun(tolerating(...careless), "tcp", count, LINES, { ...faults, careless, only, late: LATE.rtu });
  show(`ours, tcp, tolerated: ${careless.join(", ")}`, tally, count);
  believed += tally.wrong + tally.stale;
  sent += count;
}
for (const wire of ["tcp", "rtu"] as const) {
  const count = Math.ceil(requests / 2);
  show(`modbus-serial alone, ${wire}`, await faultyRun(bare, wire, count, LINES, faults), count);
}

// What no master can tell: an RTU reply later than the device was declared to be.
const later = { from: SLOWEST_MS + 20, to: 3 * SLOWEST_MS };
const count = Math.ceil(requests / 10);
const beyond = await faultyRun(ours, "rtu", count, LINES, { ...faults, only: ["late"], late: later });
show("ours, rtu, replies later than `replyDeadline`", beyond, count);

console.table(rows);
mkdirSync("bench/results", { recursive: true });
writeFileSync("bench/results/modbus-faults.json", `${JSON.stringify({ ...faults, rows }, null, 2)}\n`);
console.log(`believed of something else or of an earlier request: ${believed} of ${sent}`);
process.exitCode = believed === 0 ? 0 : 1;
