/** Builds commander's tree of all commands in one language; each command's file is loaded only when it is called. */
import { Command } from "commander";
import type { Lang } from "../config/index.ts";
import { version } from "../kit/build-version.ts";
import { EdgeError } from "../kit/errors.ts";
import { defaultSocket } from "./arguments.ts";
import {
  type Add,
  addAed,
  addConfig,
  addKnowledge,
  addLists,
  addQuestions,
  addRun,
  addUpdate,
  notEmpty,
} from "./command-groups.ts";
import { terminal } from "./screen/terminal.ts";
import { type Say, sayIn } from "./screen/texts.ts";

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
  record: ["aed record", "aed record aed-park", "aed record --csv > aed.csv"],
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
  const group = (name: "config" | "lists" | "aed" | "update"): Add =>
    adding(
      root
        .command(name)
        .description(say(name))
        .helpCommand(`help ${say("commandPlace")}`, say("help")),
    );
  addConfig(group("config"));
  addLists(group("lists"));
  addAed(group("aed"));
  addUpdate(group("update"));
  addKnowledge(adding(root));
  return root;
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

function oneLanguage(word: string, say: Say): string {
  if (word !== "it" && word !== "en") throw new EdgeError("cli.usage", { reason: `${say("badValue")}: --lang ${word} (it, en)` });
  return word;
}
