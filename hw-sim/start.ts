/** `npm start`: the words behind it go in; a simulated site, broker, platform and gateway run before your eyes, and with --for a judged report and exit code come out. */
import { HELP, type Options, readOptions } from "./start/options.ts";
import { run } from "./start/run.ts";
import { openScreen } from "./start/screen.ts";

process.exit(await main(process.argv.slice(2)));

/** 0: done, or judged good; 1: something was lost, invented or could not be kept running; 2: not understood. */
async function main(args: readonly string[]): Promise<number> {
  let options: Options | "help";
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  using screen = openScreen(options.json);
  try {
    const judged = await run(options, screen, stop.signal);
    if (!judged) return options.forMs === null ? 0 : 1;
    for (const fault of judged.faults) process.stderr.write(`${fault}\n`);
    const line = JSON.stringify(judged.report);
    await new Promise<void>((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
    return judged.faults.length === 0 ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
