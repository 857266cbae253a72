/** Writes the page of an asset kind, and the table of all alarms that assets raise. */
import { inputSchema } from "../../src/config/schema/json-schema.ts";
import type { AlarmSpec, AnyKind, ShownSpec } from "../../src/edge/kinds/kind.ts";
import { cells } from "./markdown.ts";
import { optionRows } from "./option-rows.ts";

const rule = (columns: number): string => cells(...Array.from({ length: columns }, () => "---"));
const bothOf = ({ it, en }: { readonly it: string; readonly en: string }): string => `${en}<br>*${it}*`;
const generatedFrom = (what: string): string => `<!-- Generated from ${what} by \`npm run generate\`: do not edit. -->`;

export function kindPage({ kind, title, model, options, shows, alarms }: AnyKind): string {
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

## Alarms

${tableOf(alarms).join("\n")}
`;
}

export function alarmsPage(kinds: readonly AnyKind[]): string {
  const all = Object.assign({}, ...kinds.map(({ alarms }) => alarms)) as Readonly<Record<string, AlarmSpec>>;
  return `${generatedFrom("src/edge/kinds/")}

# Alarms of assets

What the kinds of assets raise, with the words that people read and what whoever is sent there does. \`{name}\` is the asset's name, \`{for}\`
how long it has lasted, \`{why}\` why nobody can see it now. While an asset cannot be observed its alarms stand, \`updated\` as uncertain;
after 24 h they are cleared with the reason \`lost\`. What is urgent is also sent on \`urgent\`, ahead of all else. A kind that fails raises \`rule.failed\` for its own asset.

${tableOf(all).join("\n")}
`;
}

function tableOf(alarms: Readonly<Record<string, AlarmSpec>>): string[] {
  const rows = Object.entries(alarms)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { severity, urgent, raised, todo }]) =>
      cells(`\`${name}\``, urgent || severity === "critical" ? `${severity}, urgent` : severity, bothOf(raised), bothOf(todo)),
    );
  return [cells("Alarm", "Severity", "Text", "What to do"), rule(4), ...rows];
}
