/** Wrong usage, in the reader's language: what is wrong, what was meant, and whose help says more. */
import type { Command, CommanderError } from "commander";
import type { Lang } from "../config/index.ts";
import { EdgeError } from "../kit/errors.ts";
import { suggestion } from "../kit/text/suggestion.ts";
import { type Phrase, sayIn } from "./screen/texts.ts";

const USAGE: Readonly<Record<string, Phrase>> = {
  "commander.unknownCommand": "unknownCommand",
  "commander.unknownOption": "unknownOption",
  "commander.missingArgument": "missingArgument",
  "commander.optionMissingArgument": "optionNeedsValue",
  "commander.missingMandatoryOptionValue": "missingOption",
  "commander.excessArguments": "excessArguments",
};

/** Commander's complaint in the reader's language: its code says what, its message quotes which and what was meant. */
export function usageError({ code, message }: CommanderError, lang: Lang): EdgeError {
  const phrase = USAGE[code];
  const which = /'([^']+)'/.exec(message)?.[1] ?? "";
  const near = /\(Did you mean (.+)\?\)/.exec(message)?.[1];
  const reason = phrase === undefined ? message.replace(/^error: /, "") : `${sayIn(lang)(phrase)} ${which}`.trim();
  return new EdgeError("cli.usage", { reason: near ? `${reason} (${near}?)` : reason });
}

/** `help pippo` asks for what is not there: commander would show the whole help. */
export function checkHelp(root: Command, argv: readonly string[], lang: Lang): void {
  const [first, ...rest] = argv.filter((word, i) => !word.startsWith("-") && !TAKES_VALUE.has(argv[i - 1] ?? ""));
  const group = root.commands.find((one) => one.name() === first && one.commands.length > 0);
  const [parent, words] = group === undefined ? [root, [first, ...rest]] : [group, rest];
  const [help, name] = words;
  const known = parent.commands.map((command) => command.name());
  if (help !== "help" || name === undefined || name === "help" || known.includes(name)) return;
  const near = suggestion(name, known);
  throw new EdgeError("cli.usage", { reason: `${sayIn(lang)("unknownCommand")} ${name}`, ...(near !== undefined && { near }) });
}
const TAKES_VALUE = new Set(["--lang", "--socket", "--config"]);

/** The words of the command that was meant, as far as there is such a one: a usage error points at its help. */
export function commandIn(root: Command, argv: readonly string[]): string {
  const found: string[] = [];
  let at = root;
  for (const word of argv) {
    const next = at.commands.find((command) => command.name() === word);
    if (!next) continue;
    found.push(word);
    at = next;
  }
  return found.map((word) => `${word} `).join("");
}
