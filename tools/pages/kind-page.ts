/** Writes the page of an asset kind, and the table of all alarms that assets raise. */
import { inputSchema } from "../../src/config/schema/json-schema.ts";
import { alarmsOf } from "../../src/edge/kinds/alarm-table.ts";
import type { AlarmSpec, AnyKind, CommandMeaning, ShownSpec } from "../../src/edge/kinds/kind.ts";
import { cells } from "./markdown.ts";
import { optionRows } from "./option-rows.ts";

const rule = (columns: number): string => cells(...Array.from({ length: columns }, () => "---"));
const bothOf = ({ it, en }: { readonly it: string; readonly en: string }): string => `${en}<br>*${it}*`;
const generatedFrom = (what: string): string => `<!-- Generated from ${what} by \`npm run generate\`: do not edit. -->`;

export function kindPage({ kind, title, model, options, shows, alarms, commands = {} }: AnyKind): string {
  const shown = Object.entries(shows as Readonly<Record<string, ShownSpec>>);
  return `${generatedFrom("src/edge/kinds/")}

# ${kind}: ${title.en}

*${title.it}* · Smart Data Models type: ${model}

## Options

${optionRows(inputSchema(options)).join("\n")}

## Attributes

In the retained state of the asset and, as records, in \`readings\`.

${cells("Attribute", "Unit", "Kind", "Meaning")}
${rule(4)}
${shown.map(([name, { unit, kind: of, meaning }]) => cells(`\`${name}\``, unit || "–", of, meaning)).join("\n")}

${commandsOf(commands)}## Alarms

${tableOf(alarmsOf({ alarms })).join("\n")}
`;
}

export function alarmsPage(kinds: readonly AnyKind[]): string {
  const all = Object.assign({}, ...kinds.map(alarmsOf)) as Readonly<Record<string, AlarmSpec>>;
  return `${generatedFrom("src/edge/kinds/")}

# Alarms of assets

What the kinds of assets raise, with the words that people read and what whoever is sent there does. \`{name}\` is the asset's name, \`{for}\`
how long it has lasted, \`{why}\` why nobody can see it now. While an asset cannot be observed its alarms stand, \`updated\` as uncertain;
after 24 h they are cleared with the reason \`lost\`. What is urgent is also sent on \`urgent\`, ahead of all else. A kind that fails raises \`rule.failed\` for its own asset.

${tableOf(all).join("\n")}
`;
}

/** Nothing where there is none. */
function commandsOf(commands: Readonly<Record<string, CommandMeaning>>): string {
  const rows = Object.entries(commands).map(([name, { meaning, args }]) =>
    cells(
      `\`${name}\``,
      Object.entries(args)
        .map(([arg, what]) => `\`${arg}\`: ${what}`)
        .join("<br>") || "–",
      meaning,
    ),
  );
  if (rows.length === 0) return "";
  return ["## Commands", "", cells("Command", "Arguments", "Meaning"), rule(3), ...rows, "", ""].join("\n");
}

function tableOf(alarms: Readonly<Record<string, AlarmSpec>>): string[] {
  const rows = Object.entries(alarms)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { severity, urgent, raised, todo }]) =>
      cells(`\`${name}\``, urgent || severity === "critical" ? `${severity}, urgent` : severity, bothOf(raised), bothOf(todo)),
    );
  return [cells("Alarm", "Severity", "Text", "What to do"), rule(4), ...rows];
}
