/** Runs the gateway with a configuration file until it is told to stop; its log is JSON lines on stdout. */
import { loadSite } from "../../config/index.ts";
import { EdgeError } from "../../kit/errors.ts";
import { jsonLog, type Level } from "../../kit/log.ts";
import { broadcast } from "../../kit/loop/signals.ts";
import { configIn } from "../arguments.ts";
import type { Globals, Terminal } from "../screen/terminal.ts";

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error", "silent"];
/** If the gateway has not stopped by then, something hangs: the process ends itself. */
const HARD_STOP_MS = 10_000;

export async function run(options: Globals & { readonly logLevel?: string }, terminal: Terminal): Promise<number> {
  const level = levelOf(options.logLevel ?? process.env["LOG_LEVEL"] ?? "info", terminal);
  const loaded = await loadSite(configIn(options.config, terminal.say), terminal.lang);
  const log = jsonLog(level);
  for (const { file, line, column, code, path, found } of loaded.problems)
    log.warn("config.warning", { code, path, found, at: `${file}:${line}:${column}` });
  const { runGateway } = await import("../../main.ts");
  const stop = broadcast();
  let hardStop: NodeJS.Timeout | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(1);
    log.info("run.stopping", { signal });
    stop.abort();
    hardStop = setTimeout(() => process.exit(1), HARD_STOP_MS).unref();
  };
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  try {
    await runGateway({ loaded, log, ...(options.socket !== undefined && { socket: options.socket }) }, stop.signal);
  } finally {
    clearTimeout(hardStop);
    log.flush();
    // Ended, well or not: nothing left open may keep the process; its exit code is set by then.
    setTimeout(() => process.exit(), HARD_STOP_MS).unref();
  }
  return 0;
}

function levelOf(word: string, { say }: Terminal): Level {
  const level = LEVELS.find((known) => known === word);
  if (level === undefined) throw new EdgeError("cli.usage", { reason: `${say("badValue")}: ${word} (${say("optLogLevel")})` });
  return level;
}
