/** A language goes in; commander's tree of every command comes out, each loading its own file only when it is called. */
import { Command, type CommanderError, type OptionValues } from "commander";
import type { Lang } from "../config.ts";
import { EdgeError } from "../kit/errors.ts";
import { version } from "../version.ts";
import type { EventsOptions } from "./commands/events.ts";
import type { HistoryOptions } from "./commands/history.ts";
import { type Globals, type Terminal, terminal } from "./terminal.ts";
import { type Phrase, type Say, sayIn } from "./texts.ts";

type Act = (words: readonly unknown[], options: Globals & OptionValues, terminal: Terminal) => Promise<number>;
type Add = (name: string, phrase: Phrase, shape: (command: Command, say: Say) => Command, act: Act) => void;

const plain = (command: Command): Command => command;

export function program(lang: Lang, json: boolean, argv: readonly string[]): Command {
  const say = sayIn(lang);
  const root = new Command("cippo");
  root
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => titles(say)[title] ?? title })
    .helpOption("-h, --help", say("optHelp"))
    .helpCommand(false)
    .description(say("about"))
    .version(version, "-V, --version", say("optVersion"))
    .option("--json", say("optJson"))
    .option("--lang <it|en>", say("optLang"), (word: string) => oneLanguage(word, say))
    .option("--socket <path>", say("optSocket"), said(`${say("optionNeedsValue")} --socket`))
    .option("--config <file>", say("optConfig"), said(`${say("optionNeedsValue")} --config`))
    .addHelpText("after", `\n${say("exits")}`);
  const adding =
    (parent: Command): Add =>
    (name, phrase, shape, act) => {
      const command = shape(parent.command(name).description(say(phrase)), say);
      command.action(async () => {
        process.exitCode = await act(command.processedArgs, command.optsWithGlobals(), terminal(lang, json));
      });
    };
  addRun(adding(root), argv);
  addQuestions(adding(root));
  addConfig(adding(root.command("config").description(say("config")).helpCommand(false)));
  addKnowledge(adding(root));
  return root;
}

function addRun(add: Add, argv: readonly string[]): void {
  const shapeRun = (c: Command, say: Say) => c.option("--log-level <level>", say("optLogLevel"));
  add("run", "run", shapeRun, async (_, options, t) => (await import("./commands/run.ts")).run(options, t));
  // Its words belong to the simulator, options included, also those that stand before it.
  const shapeSimulate = (c: Command, say: Say) =>
    c.argument("[argument...]", say("argSimulate")).allowUnknownOption().helpOption(false);
  add("simulate", "simulate", shapeSimulate, async (_, __, t) =>
    (await import("./commands/simulate.ts")).simulate(argv.toSpliced(argv.indexOf("simulate"), 1), t),
  );
}

/** What is asked of the running gateway. */
function addQuestions(add: Add): void {
  add("status", "status", plain, async (_, options, t) => (await import("./commands/status.ts")).status(options, t));
  const shapeDevices = (c: Command, say: Say) => c.option("--types", say("optTypes")).option("--commands", say("optCommands"));
  add("devices", "devices", shapeDevices, async (_, options, t) => (await import("./commands/devices.ts")).devices(options, t));
  const word = (say: Say, name: string) => said(`${say("missingArgument")} ${name}`);
  const shapeWatch = (c: Command, say: Say) =>
    c.argument("[name...]", say("argNames"), (name: string, before: readonly string[] = []) => [
      ...before,
      word(say, "name")(name),
    ]);
  add("watch", "watch", shapeWatch, async ([names], options, t) =>
    (await import("./commands/watch.ts")).watch(names as string[], options, t),
  );
  const shapeRead = (c: Command, say: Say) => c.argument("<device>", say("argDevice"), word(say, "device"));
  add("read", "read", shapeRead, async ([device], options, t) =>
    (await import("./commands/read.ts")).read(device as string, options, t),
  );
  const shapeCommand = (c: Command, say: Say) =>
    c
      .argument("<target>", say("argTarget"), word(say, "target"))
      .argument("<action>", say("argAction"), word(say, "action"))
      .argument("[name=value...]", say("argArgs"));
  add("command", "command", shapeCommand, async (words, options, t) =>
    (await import("./commands/command.ts")).command(words as [string, string, string[]], options, t),
  );
  const shapeEvents = (c: Command, say: Say) =>
    c.option("--since <moment>", say("optSince")).option("--limit <n>", say("optLimit"), "1000");
  add("events", "events", shapeEvents, async (_, options, t) =>
    (await import("./commands/events.ts")).events(options as EventsOptions, t),
  );
  const shapeHistory = (c: Command, say: Say) =>
    c.argument("<point>", say("argPoint"), word(say, "point")).option("--since <moment>", say("optSince"), "2h");
  add("history", "history", shapeHistory, async ([point], options, t) =>
    (await import("./commands/history.ts")).history(point as string, options as HistoryOptions, t),
  );
}

function addConfig(add: Add): void {
  const shapeCheck = (c: Command, say: Say) => c.argument("[file]", say("argFile"), said(`${say("missingArgument")} file`));
  add("check", "configCheck", shapeCheck, async ([file], options, t) =>
    (await import("./commands/config.ts")).configCheck(file as string | undefined, options, t),
  );
  add("schema", "configSchema", plain, async (_, __, t) => (await import("./commands/config.ts")).configSchema(t));
}

/** What is known without a gateway. */
function addKnowledge(add: Add): void {
  const shapeErrors = (c: Command, say: Say) => c.argument("[code]", say("argCode"));
  add("errors", "errors", shapeErrors, async ([code], _, t) =>
    (await import("./commands/errors.ts")).errors(code as string | undefined, t),
  );
  add("version", "version", plain, async (_, __, t) => (await import("./commands/version.ts")).version(t));
}

/** Commander's headings, in the reader's language. */
const titles = (say: Say): Readonly<Record<string, string>> => ({
  "Usage:": say("usage"),
  "Options:": say("options"),
  "Global Options:": say("globalOptions"),
  "Commands:": say("commands"),
  "Arguments:": say("arguments"),
});

/** What a script's empty variable leaves is no word. */
const said = (reason: string) => (word: string) => {
  if (word === "") throw new EdgeError("cli.usage", { reason });
  return word;
};

function oneLanguage(word: string, say: Say): string {
  if (word !== "it" && word !== "en") throw new EdgeError("cli.usage", { reason: `${say("badValue")}: --lang ${word} (it, en)` });
  return word;
}

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
