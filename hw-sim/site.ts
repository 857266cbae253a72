/** The simulated site as a process; one JSON line on standard output says where its wires are. */

import { fstatSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadDriver } from "../src/drivers/index.ts";
import { parseOrExit } from "./command-line.ts";
import { type SiteOptions, startSite } from "./site/index.ts";

const HELP = "node dist/hw-sim/site.js --dir FOLDER [--scenario FILE] [--time-factor N] [--gpiod 1|2]\n";
const site = await startSite({ ...parseOrExit(HELP, read), loadDriver }).catch((error: unknown) => {
  console.error(`site: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});

function read(): Omit<SiteOptions, "loadDriver"> {
  const { values } = parseArgs({
    options: {
      dir: { type: "string" },
      scenario: { type: "string" },
      "time-factor": { type: "string", default: "" },
      gpiod: { type: "string", default: "1" },
    },
  });
  const factor = values["time-factor"] === "" ? undefined : Number(values["time-factor"]);
  if (values.dir === undefined) throw new Error("--dir is missing");
  if (values.gpiod !== "1" && values.gpiod !== "2") throw new Error("--gpiod is 1 or 2");
  if (factor !== undefined && !(factor > 0)) throw new Error("--time-factor is a number above 0");
  return {
    dir: values.dir,
    // Beside the sources; this file runs from dist/hw-sim/.
    scenario: values.scenario ?? fileURLToPath(new URL("../../hw-sim/sites/piazza.yaml", import.meta.url)),
    gpiod: values.gpiod === "1" ? 1 : 2,
    ...(factor === undefined ? {} : { timeFactor: factor }),
  };
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await site[Symbol.asyncDispose]();
  process.exit(0);
}
process.on("SIGTERM", end).on("SIGINT", end);
// The parent holds our standard input: when it is gone, so are we.
const input = fstatSync(0);
if (input.isFIFO() || input.isSocket()) process.stdin.on("end", end).on("error", end).resume();

console.log(JSON.stringify(site.ready));
