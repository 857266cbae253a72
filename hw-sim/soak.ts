/** `npm run test:soak`: one gateway goes through every fault in turn, then is judged; exit 1 if it failed. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as z from "zod";
import { duration } from "../src/kit/text/quantities.ts";
import { optionValue, parseOrExit } from "./command-line.ts";
import { runFaults } from "./soak/fault-run.ts";
import { levelLine, levels } from "./soak/leak-check.ts";
import type { Sample } from "./soak/measure.ts";
import { complain } from "./start/failure.ts";
import { program } from "./start/processes/program.ts";
import { type Disturbance, run } from "./start/run.ts";
import { openScreen } from "./start/terminal/screen.ts";
import { Table } from "./table.ts";

const HELP = `node dist/hw-sim/soak.js
  --for 20min       no fault begins after this time
  --only PART       faults whose name has this in it
  --abuse           in place of faults what an adversary does, with the platform's rights and at the admin socket
  --broker WHICH    embedded (default) or mosquitto
  --keep            the run's folder stays
`;
const BROKERS = ["embedded", "mosquitto"] as const;
const values = parseOrExit(HELP, () => {
  const { values } = parseArgs({
    options: {
      for: { type: "string", default: "20min" },
      only: { type: "string", default: "" },
      abuse: { type: "boolean", default: false },
      broker: { type: "string", default: "embedded" },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const broker = optionValue("broker", z.enum(BROKERS, { error: `expected ${BROKERS.join(" or ")}` }), values.broker);
  return { ...values, broker, forMs: optionValue("for", duration(), values.for) };
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
/** This file runs bundled, from dist/hw-sim/. */
const SITE = fileURLToPath(new URL("../../hw-sim/sites/soak.yaml", import.meta.url));
const FASTER = "10";

process.exit(await main());

async function main(): Promise<number> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const stop = new AbortController();
  using screen = openScreen({ quiet: true, lang: "en", quit: () => stop.abort() });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  const folder = await mkdtemp(join(tmpdir(), "cippo-soak-"));
  const probe = join(folder, "probe.sock");
  // The gateway's process inherits it; no other loads the probe.
  process.env["CIPPO_PROBE"] = probe;
  const table = new Table(say);
  let samples: readonly Sample[] = [];
  let logBytes = 0;
  const { forMs } = values;
  const trouble: Disturbance = async (world, _, stopped) => {
    const endured = await runFaults({ world, table, forMs, probe: probe, only: values.only, abuse: values.abuse }, stopped);
    samples = endured.samples;
    logBytes = endured.logBytes;
    return endured.waits;
  };
  try {
    const judged = await run(
      {
        forMs: 0,
        broker: values.broker,
        config: null,
        json: true,
        lang: "en",
        keep: values.keep,
        killGateway: false,
        kills: 0,
        brokerAwayMs: null,
        timeFactor: FASTER,
        scenario: SITE,
        gateway: [process.execPath, "--expose-gc", "--import", program("soak/probe.js"), program("../cippo.js")],
      },
      screen,
      stop.signal,
      trouble,
    );
    if (!judged) throw new Error("stopped before it could be judged");
    say(`\n${JSON.stringify(judged.report)}`);
    for (const fault of judged.faults) say(fault);
    const held = levels(samples);
    say(`\n${"HELD".padEnd(12)} ${"before".padStart(11)} ${"at the end".padStart(11)}`);
    for (const level of held) {
      say(levelLine(level));
      // What grew is understood by where it grew.
      if (!level.flat) say(`  after each fault: ${samples.map((one) => one[level.figure]).join(" ")}`);
    }
    say(`log: ${logBytes} bytes in ${Math.round(judged.report.seconds)} s`);
    const failed = table.count("FAILED");
    say(`\n${table.results.length} faults: ${table.count("passed")} passed, ${failed} failed; ${samples.length} samples`);
    if (table.results.length === 0)
      throw new Error(`no fault was shown: none begins within ${values.for}, or has "${values.only}" in its name`);
    return failed === 0 && judged.faults.length === 0 && held.every(({ flat }) => flat) ? 0 : 1;
  } catch (error) {
    await complain(error, false);
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
