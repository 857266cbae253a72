/** A scenario in virtual time as a process, which ends with one JSON line that says what there is to judge. */
import { parseArgs } from "node:util";
import { parseOrExit } from "./command-line.ts";
import { endWithParent } from "./end-with-parent.ts";
import { program } from "./start/processes/program.ts";
import { VirtualTime } from "./virtual/virtual-time.ts";

const options = parseOrExit("node dist/hw-sim/virtual.js --dir FOLDER --scenario FILE --from 2026-10-24T18:00:00+02:00\n", () => {
  const { values } = parseArgs({
    options: { dir: { type: "string" }, scenario: { type: "string" }, from: { type: "string" } },
  });
  const { dir, scenario, from } = values;
  if (dir === undefined || scenario === undefined || from === undefined)
    throw new Error("--dir, --scenario and --from are needed");
  return { dir, scenario, wall: Date.parse(from) };
});
endWithParent(() => process.exit(1));

/** A machine that has been up for an hour. */
const UP_MS = 3_600_000;
const time = new VirtualTime({ mono: UP_MS, wall: options.wall }).install();
// Loaded now, when nobody can get hold of Node's own timers any more.
const { live }: typeof import("./virtual/live.ts") = await import(program("virtual/live.js"));
const lived = await live(time, options);
await new Promise<void>((resolve) => process.stdout.write(`${JSON.stringify(lived)}\n`, () => resolve()));
process.exit(0);
