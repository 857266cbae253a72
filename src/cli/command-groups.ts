/** The commands of each group: their arguments and options, and the file that carries each of them out. */
import type { Command, OptionValues } from "commander";
import { EdgeError } from "../kit/errors.ts";
import type { EventsOptions } from "./commands/events.ts";
import type { HistoryOptions } from "./commands/history.ts";
import type { Globals, Terminal } from "./screen/terminal.ts";
import type { Phrase, Say } from "./screen/texts.ts";

export type Act = (words: readonly unknown[], options: Globals & OptionValues, terminal: Terminal) => Promise<number>;
export type Add = (name: string, phrase: Phrase, shape: (command: Command, say: Say) => Command, act: Act) => void;

const plain = (command: Command): Command => command;

/** Refuses an empty argument, which is usually a script's variable that was not set. */
export const notEmpty = (reason: string) => (word: string) => {
  if (word === "") throw new EdgeError("cli.usage", { reason });
  return word;
};

export function addRun(add: Add, argv: readonly string[]): void {
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
export function addQuestions(add: Add): void {
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

export function addConfig(add: Add): void {
  const shapeCheck = (c: Command, say: Say) =>
    c.argument(`[${say("filePlace")}]`, say("argFile"), notEmpty(`${say("missingArgument")} ${say("filePlace")}`));
  add("check", "configCheck", shapeCheck, async ([file], options, t) =>
    (await import("./commands/offline/check-config.ts")).configCheck(file as string | undefined, options, t),
  );
  add("schema", "configSchema", plain, async (_, __, t) => (await import("./commands/offline/check-config.ts")).configSchema(t));
}

export function addAed(add: Add): void {
  const shapeRecord = (c: Command, say: Say) => c.argument(`[${say("namePlace")}]`, say("argAed")).option("--csv", say("optCsv"));
  add("record", "aedRecord", shapeRecord, async ([name], options, t) =>
    (await import("./commands/offline/aed-record.ts")).aedRecord(name as string | undefined, options, t),
  );
}

export function addLists(add: Add): void {
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

/** Carried out by root's scripts, whether the gateway runs or not. */
export function addUpdate(add: Add): void {
  const load = () => import("./commands/update.ts");
  const shapeSource = (c: Command, say: Say) =>
    c.argument(`<${say("releasePlace")}>`, say("argRelease"), notEmpty(`${say("missingArgument")} ${say("releasePlace")}`));
  add("status", "updateStatus", plain, async (_, __, t) => (await load()).updateStatus(t));
  add("check", "updateCheck", shapeSource, async ([source], _, t) => (await load()).runUpdate(["check", source as string], t));
  const shapeInstall = (c: Command, say: Say) => shapeSource(c, say).option("--again", say("optAgain"));
  add("install", "updateInstall", shapeInstall, async ([source], { again }, t) =>
    (await load()).runUpdate(["install", source as string, ...(again === true ? ["--again"] : [])], t),
  );
  for (const [name, phrase] of [
    ["cancel", "updateCancel"],
    ["confirm", "updateKeep"],
    ["rollback", "updateReturn"],
  ] as const)
    add(name, phrase, plain, async (_, __, t) => (await load()).runUpdate([name], t));
}

/** What is known without a gateway. */
export function addKnowledge(add: Add): void {
  const shapeErrors = (c: Command, say: Say) => c.argument(`[${say("codePlace")}]`, say("argCode"));
  add("errors", "errors", shapeErrors, async ([code], _, t) =>
    (await import("./commands/offline/explain-errors.ts")).errors(code as string | undefined, t),
  );
  add("version", "version", plain, async (_, __, t) => (await import("./commands/offline/show-version.ts")).version(t));
}
