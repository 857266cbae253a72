/** The words of a command line go in; one command runs and its exit code comes out: 0 done, 1 a problem was found or it failed, 2 usage. */
import "./v8-flags.ts";
import { CommanderError } from "commander";
import type { Lang } from "../config/index.ts";
import { asEdgeError, type EdgeError } from "../kit/errors.ts";
import { langOf, optionIn } from "../kit/text/language.ts";
import { checkHelp, commandIn, program, usageError } from "./program.ts";
import { complain } from "./screen/terminal.ts";

const argv = process.argv.slice(2);
const json = argv.includes("--json");
let lang: Lang = langOf(argv, process.env) ?? "en";

// `cippo events | head`: the reader has seen enough. A command that only had to print ends in this turn, with the exit code it has found;
// one that would go on for ever ends here, with 0.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.exit(1);
  setImmediate(() => process.exit());
});
process.stderr.on("error", () => undefined);
process.on("uncaughtException", failAtOnce);
process.on("unhandledRejection", failAtOnce);

try {
  if (langOf(argv, process.env) === undefined) lang = (await languageOfSite()) ?? "en";
  const root = program(lang, json, argv);
  checkHelp(root, argv, lang);
  await root.parseAsync(argv, { from: "user" });
} catch (error) {
  fail(error);
}

/** Where neither option nor environment says a language, the site's own configuration may. */
async function languageOfSite(): Promise<Lang | undefined> {
  const file = optionIn(argv, "--config");
  if (file === undefined) return undefined;
  const { glance } = await import("../config/index.ts");
  // What is wrong with the file is said by the command that needs it.
  return (await glance(file).catch(() => undefined))?.language;
}

function fail(raw: unknown): void {
  if (raw instanceof CommanderError && raw.exitCode === 0) return;
  process.exitCode = raw instanceof CommanderError ? 2 : 1;
  // Commander has shown the help instead: nothing was asked.
  if (raw instanceof CommanderError && raw.code === "commander.help") return;
  const error = asEdgeError(raw instanceof CommanderError ? usageError(raw, lang) : raw);
  if (error.code === "cli.usage") process.exitCode = 2;
  complain(error.code === "cli.usage" ? withCommand(error) : error, {
    lang,
    json,
    ran: commandIn(program(lang, json, argv), argv).trim(),
  });
}

/** Which help has the rest. */
function withCommand(error: EdgeError): EdgeError {
  return error.with({ command: commandIn(program(lang, json, argv), argv) });
}

/** A defect outside any promise: said as any other error, and the process ends, for nobody knows what still holds. */
function failAtOnce(raw: unknown): void {
  fail(raw);
  process.exit(1);
}
