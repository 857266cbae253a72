/** Builds commander's tree of all commands in one language; each command's file is loaded only when it is called. */
import { Command, type CommanderError, type OptionValues } from "commander";
import type { Lang } from "../config/index.ts";
import { version } from "../kit/build-version.ts";
import { EdgeError } from "../kit/errors.ts";
import { suggestion } from "../kit/text/suggestion.ts";
import { defaultSocket } from "./arguments.ts";
import type { EventsOptions } from "./commands/events.ts";
import type { HistoryOptions } from "./commands/history.ts";
import { type Globals, type Terminal, terminal } from "./screen/terminal.ts";
import { type Phrase, type Say, sayIn } from "./screen/texts.ts";

type Act = (words: readonly unknown[], options: Globals & OptionValues, terminal: Terminal) => Promise<number>;
type Add = (name: string, phrase: Phrase, shape: (command: Command, say: Say) => Command, act: Act) => void;

const plain = (command: Command): Command => command;

/** What people ask most, for the end of a command's help. */
const examples: Readonly<Record<string, readonly string[]>> = {
  status: ["status", "status --all", "status --socket /tmp/cippo-1/sock"],
  devices: ["devices", "devices meter-hall", "devices --commands", "devices --types"],
  watch: ["watch", "watch meter-hall bay-1", "watch meter-hall.power"],
  read: ["read meter-hall"],
  command: [
    "command hall-lights.on set value=true",
    "command bay-1 permit.confirm until=+2h",
    "command bay-1 asset.maintenance until=+2h",
  ],
  acknowledge: ["acknowledge bay-1", 'acknowledge bay-1 --note "pattuglia inviata"'],
  events: ["events --since 1d", "events --limit 20"],
  history: [
    "history meter-hall.power --since 2h",
    'history meter-hall.power --since 2026-11-30 --until "2026-11-30 12:00"',
    "history bay-1.status --since 7d --csv > bay-1.csv",
  ],
  check: ["config check", "config check gateway.yaml"],
  errors: ["errors bus.timeout", "errors bus"],
  simulate: ["simulate", "simulate --for 20s --json", "simulate fault", "simulate fault meter-hall silence --for 30s"],
};

export function program(lang: Lang, json: boolean, argv: readonly string[]): Command {
  const say = sayIn(lang);
  const root = new Command("cippo");
  root
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({
      showGlobalOptions: true,
      minWidthToWrap: 20,
      styleTitle: (title) => titles(say)[title] ?? title,
      styleUsage: (words) => words.replace("[options]", say("optionsPlace")).replace("[command]", say("commandPlace")),
      subcommandTerm: (command) => termOf(command, say),
      optionDescription: ({ description, defaultValue }) =>
        defaultValue === undefined ? description : `${description} (${say("byDefault")} ${String(defaultValue)})`,
    })
    .helpOption("-h, --help", say("optHelp"))
    .helpCommand(`help ${say("commandPlace")}`, say("help"))
    .description(say("about"))
    .version(version, "-V, --version", say("optVersion"))
    .option("--json", say("optJson"))
    .option("--lang <it|en>", say("optLang"), (word: string) => oneLanguage(word, say))
    .option(
      `--socket <${say("pathPlace")}>`,
      `${say("optSocket")} ${defaultSocket()}`,
      notEmpty(`${say("optionNeedsValue")} --socket`),
    )
    .option(`--config <${say("filePlace")}>`, say("optConfig"), notEmpty(`${say("optionNeedsValue")} --config`))
    .addHelpText("after", `\n${say("askedWhere")}\n${say("exits")}`);
  const adding =
    (parent: Command): Add =>
    (name, phrase, shape, act) => {
      const command = shape(parent.command(name).description(say(phrase)), say);
      const shown = examples[name]?.map((words) => `  cippo ${words}`) ?? [];
      if (shown.length > 0) command.addHelpText("after", `\n${say("examples")}\n${shown.join("\n")}`);
      command.action(async () => {
        process.exitCode = await act(command.processedArgs, command.optsWithGlobals(), terminal(lang, json));
      });
    };
  addRun(adding(root), argv);
  addQuestions(adding(root));
  addConfig(
    adding(
      root
        .command("config")
        .description(say("config"))
        .helpCommand(`help ${say("commandPlace")}`, say("help")),
    ),
  );
  addLists(
    adding(
      root
        .command("lists")
        .description(say("lists"))
        .helpCommand(`help ${say("commandPlace")}`, say("help")),
    ),
  );
  addKnowledge(adding(root));
  return root;
}

function addRun(add: Add, argv: readonly string[]): void {
  const shapeRun = (c: Command, say: Say) => c.option(`--log-level <${say("levelPlace")}>`, say("optLogLevel"));
  add("run", "run", shapeRun, async (_, options, t) => (await import("./commands/run.ts")).run(options, t));
  // Everything after `simulate` is handed on to the simulator, its options and `--help` included.
  const shapeSimulate = (c: Command, say: Say) =>
    c
      .argument(`[${say("wordsPlace")}...]`, say("argSimulate"))
      .allowUnknownOption()
      .helpOption(false);
  add("simulate", "simulate", shapeSimulate, async (_, __, t) =>
    (await import("./commands/simulate.ts")).simulate(argv.toSpliced(argv.indexOf("simulate"), 1), t),
  );
}

/** What is asked of the running gateway. */
function addQuestions(add: Add): void {
  const shapeStatus = (c: Command, say: Say) => c.option("--all", say("optAll"));
  add("status", "status", shapeStatus, async (_, options, t) => (await import("./commands/status.ts")).status(options, t));
  const word = (say: Say, place: Phrase) => notEmpty(`${say("missingArgument")} ${say(place)}`);
  const names = (c: Command, say: Say, phrase: Phrase) =>
    c.argument(`[${say("namePlace")}...]`, say(phrase), (name: string, before: readonly string[] = []) => [
      ...before,
      word(say, "namePlace")(name),
    ]);
  const shapeDevices = (c: Command, say: Say) =>
    names(c, say, "argDevices").option("--types", say("optTypes")).option("--commands", say("optCommands"));
  add("devices", "devices", shapeDevices, async ([names], options, t) =>
    (await import("./commands/devices.ts")).devices(names as readonly string[] | undefined, options, t),
  );
  const shapeWatch = (c: Command, say: Say) => names(c, say, "argNames");
  add("watch", "watch", shapeWatch, async ([names], options, t) =>
    (await import("./commands/watch.ts")).watch(names as string[], options, t),
  );
  const shapeRead = (c: Command, say: Say) => c.argument(`<${say("devicePlace")}>`, say("argDevice"), word(say, "devicePlace"));
  add("read", "read", shapeRead, async ([device], options, t) =>
    (await import("./commands/read-device.ts")).read(device as string, options, t),
  );
  const shapeCommand = (c: Command, say: Say) =>
    c
      .argument(`<${say("targetPlace")}>`, say("argTarget"), word(say, "targetPlace"))
      .argument(`<${say("actionPlace")}>`, say("argAction"), word(say, "actionPlace"))
      .argument(`[${say("argsPlace")}...]`, say("argArgs"));
  add("command", "command", shapeCommand, async (words, options, t) =>
    (await import("./commands/command.ts")).command(words as [string, string, string[]], options, t),
  );
  const shapeAcknowledge = (c: Command, say: Say) =>
    c
      .argument(`<${say("namePlace")}>`, say("argWhose"), word(say, "namePlace"))
      .option(`--note <${say("notePlace")}>`, say("optNote"));
  add("acknowledge", "acknowledge", shapeAcknowledge, async ([name], options, t) =>
    (await import("./commands/command.ts")).acknowledge(name as string, options, t),
  );
  const shapeEvents = (c: Command, say: Say) =>
    c
      .option(`--since <${say("momentPlace")}>`, say("optSince"))
      .option(`--limit <${say("numberPlace")}>`, say("optLimit"), "1000");
  add("events", "events", shapeEvents, async (_, options, t) =>
    (await import("./commands/events.ts")).events(options as EventsOptions, t),
  );
  const shapeHistory = (c: Command, say: Say) =>
    c
      .argument(`<${say("pointPlace")}>`, say("argPoint"), word(say, "pointPlace"))
      .option(`--since <${say("momentPlace")}>`, say("optSince"), "2h")
      .option(`--until <${say("momentPlace")}>`, say("optUntil"))
      .option("--csv", say("optCsv"));
  add("history", "history", shapeHistory, async ([point], options, t) =>
    (await import("./commands/history.ts")).history(point as string, options as HistoryOptions, t),
  );
}

function addConfig(add: Add): void {
  const shapeCheck = (c: Command, say: Say) =>
    c.argument(`[${say("filePlace")}]`, say("argFile"), notEmpty(`${say("missingArgument")} ${say("filePlace")}`));
  add("check", "configCheck", shapeCheck, async ([file], options, t) =>
    (await import("./commands/offline/check-config.ts")).configCheck(file as string | undefined, options, t),
  );
  add("schema", "configSchema", plain, async (_, __, t) => (await import("./commands/offline/check-config.ts")).configSchema(t));
}

function addLists(add: Add): void {
  const shapeShow = (c: Command, say: Say) => c.argument(`[${say("namePlace")}]`, say("argList"));
  add("show", "listsShow", shapeShow, async ([name], options, t) =>
    (await import("./commands/list-commands.ts")).showLists(name as string | undefined, options, t),
  );
  const shapeFile = (c: Command, say: Say) =>
    c.argument(`<${say("filePlace")}>`, say("argListFile"), notEmpty(`${say("missingArgument")} ${say("filePlace")}`));
  for (const [name, phrase, keep] of [
    ["check", "listsCheck", false],
    ["import", "listsImport", true],
  ] as const)
    add(name, phrase, shapeFile, async ([file], options, t) =>
      (await import("./commands/list-commands.ts")).bringList(file as string, keep, options, t),
    );
}

/** What is known without a gateway. */
function addKnowledge(add: Add): void {
  const shapeErrors = (c: Command, say: Say) => c.argument(`[${say("codePlace")}]`, say("argCode"));
  add("errors", "errors", shapeErrors, async ([code], _, t) =>
    (await import("./commands/offline/explain-errors.ts")).errors(code as string | undefined, t),
  );
  add("version", "version", plain, async (_, __, t) => (await import("./commands/offline/show-version.ts")).version(t));
}

/** As commander writes it, but in one language. */
function termOf(command: Command, say: Say): string {
  const words = command.registeredArguments.map((one) => {
    const name = one.name() + (one.variadic ? "..." : "");
    return one.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...(command.options.length > 0 ? [say("optionsPlace")] : []), ...words].join(" ");
}

/** Commander's headings, in the reader's language. */
const titles = (say: Say): Readonly<Record<string, string>> => ({
  "Usage:": say("usage"),
  "Options:": say("options"),
  "Global Options:": say("globalOptions"),
  "Commands:": say("commands"),
  "Arguments:": say("arguments"),
});

/** Refuses an empty argument, which is usually a script's variable that was not set. */
const notEmpty = (reason: string) => (word: string) => {
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
