/** `npm start`: runs a simulated site with broker, platform and gateway and shows it live; with `--for`, judges it. */

import { monotonic } from "../src/kit/clock.ts";
import { EdgeError } from "../src/kit/errors.ts";
import { columnsOf } from "../src/kit/system/tty.ts";
import { langOf } from "../src/kit/text/language.ts";
import { folded } from "../src/kit/text/wrap.ts";
import { complain } from "./start/failure.ts";
import { FaultUsage, simulateFault } from "./start/fault.ts";
import { verdict } from "./start/judge/verdict.ts";
import { helpIn, type Options, readOptions } from "./start/options.ts";
import { whenParentIsGone } from "./start/processes/parent-watch.ts";
import { run } from "./start/run.ts";
import { openScreen, type Screen } from "./start/terminal/screen.ts";
import { type Say, sayIn } from "./start/terminal/words.ts";

/** One Ctrl-C may come twice: from the terminal, and from npm, which passes it on. */
const SAME_MS = 300;

process.exit(await main(process.argv.slice(2)));

/** 0: done, or judged good; 1: something was lost, invented or could not be kept running; 2: not understood. */
async function main(args: readonly string[]): Promise<number> {
  const at = args.findIndex((word) => word === "fault" || word === "faults");
  if (at >= 0) return fault(args.toSpliced(at, 1));
  const inWords = langOf(args, process.env) ?? "en";
  let options: Options | "help";
  try {
    options = readOptions(args, inWords);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await complain(new EdgeError("cli.usage", { reason, command: "simulate " }), args.includes("--json"), inWords);
    return 2;
  }
  if (options === "help") {
    process.stdout.write(helpIn(inWords));
    return 0;
  }
  const { json, lang } = options;
  const stop = new AbortController();
  using screen = openScreen({ quiet: json, lang, quit: () => onSignal() });
  const onSignal = stopBy(stop, screen, sayIn(lang));
  try {
    const judged = await run(options, screen, stop.signal);
    screen[Symbol.dispose]();
    if (!judged && options.forMs === null) return 0;
    if (!judged) throw new Error(sayIn(lang)("stopped"));
    const told = folded(verdict(judged, lang).join("\n"), columnsOf(process.stdout, process.env));
    const printed = json ? JSON.stringify(judged.report) : told;
    await new Promise<void>((resolve) => process.stdout.write(`${printed}\n`, () => resolve()));
    for (const fault of judged.faults) process.stderr.write(`${folded(fault, columnsOf(process.stderr, process.env))}\n`);
    return judged.faults.length === 0 ? 0 : 1;
  } catch (error) {
    screen[Symbol.dispose]();
    await complain(error, options.json, options.lang);
    return 1;
  }
}

async function fault(words: readonly string[]): Promise<number> {
  try {
    await simulateFault(words, (line) => void process.stdout.write(`${folded(line, columnsOf(process.stdout, process.env))}\n`));
    return 0;
  } catch (error) {
    process.stderr.write(
      `${folded(error instanceof Error ? error.message : String(error), columnsOf(process.stderr, process.env))}\n`,
    );
    return error instanceof FaultUsage || error instanceof TypeError ? 2 : 1;
  }
}

/** Ctrl-C, q, or the end of whoever reads (`npm start | head`) stops in order; a second one ends everything at once. The returned function is both. */
function stopBy(stop: AbortController, screen: Screen, say: Say): () => void {
  let since = 0;
  const onSignal = () => {
    if (stop.signal.aborted && monotonic() - since < SAME_MS) return;
    if (stop.signal.aborted) {
      screen[Symbol.dispose]();
      process.exit(1);
    }
    since = monotonic();
    stop.abort();
    screen.note(say("stopping"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  process.stdout.on("error", () => stop.abort());
  process.stderr.on("error", () => undefined);
  whenParentIsGone(() => stop.abort());
  return onSignal;
}
