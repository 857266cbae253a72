/** The program `cippo`: runs one command; exit code 0 done, 1 a problem or a failure, 2 wrong usage. */
import "./v8-flags.ts";
import { CommanderError } from "commander";
import type { Lang } from "../config/index.ts";
import { asEdgeError, type EdgeError } from "../kit/errors.ts";
import { langOf, optionIn } from "../kit/text/language.ts";
import { program } from "./program.ts";
import { complain } from "./screen/terminal.ts";
import { checkHelp, commandIn, usageError } from "./usage.ts";

const argv = process.argv.slice(2);
const json = argv.includes("--json");
let lang: Lang = langOf(argv, process.env) ?? "en";

// `cippo events | head`: nobody reads any more. A command that is done printing keeps the exit code that it has found; one that would
// print for ever ends here, with 0.
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
  // Called without a command: commander has printed the help, and there is no error to show.
  if (raw instanceof CommanderError && raw.code === "commander.help") return;
  const error = asEdgeError(raw instanceof CommanderError ? usageError(raw, lang) : raw);
  if (error.code === "cli.usage") process.exitCode = 2;
  complain(error.code === "cli.usage" ? withCommand(error) : error, {
    lang,
    json,
    ran: commandIn(program(lang, json, argv), argv).trim(),
  });
}

/** Adds to a usage error the name of the command whose help explains it. */
function withCommand(error: EdgeError): EdgeError {
  return error.with({ command: commandIn(program(lang, json, argv), argv) });
}

/** A defect that no promise caught: told like any other error, and the process ends, since its state can no longer be trusted. */
function failAtOnce(raw: unknown): void {
  fail(raw);
  process.exit(1);
}
