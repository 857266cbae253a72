/** Writes docs/configuration.md: every key, but those of device types and asset kinds, which have pages of their own. */
import { readFileSync } from "node:fs";
import { inputSchema } from "../../src/config/schema/json-schema.ts";
import { assetHead, deviceHead, siteSchema } from "../../src/config/schema/schema.ts";
import { type BusWire, busKinds } from "../../src/drivers/buses.ts";
import { deviceTypes, loadDriver } from "../../src/drivers/index.ts";
import { assetKinds } from "../../src/edge/kinds/index.ts";
import { cells } from "./markdown.ts";
import { optionRows } from "./option-rows.ts";

type Json = Readonly<Record<string, unknown>>;
const EXAMPLE = "config/gateway.example.yaml";

export async function configurationPage(): Promise<string> {
  const properties = inputSchema(siteSchema)["properties"] as Readonly<Record<string, Json>>;
  const section = (key: string): string =>
    `## ${key}\n\n${described(properties[key])}${example(key)}${optionRows(properties[key] ?? {}).join("\n")}\n`;
  return `<!-- Generated from src/config/schema/schema.ts, src/drivers/ and src/edge/kinds/ by \`npm run generate\`: do not edit. -->

# Configuration

A site is one YAML file. \`cippo config check FILE\` names every problem with line and column, and what was meant; an editor that knows JSON Schema
completes and checks it while it is written (the first line of [the example](../${EXAMPLE})). A duration is a number with its unit (\`500ms\`, \`10s\`, \`5min\`,
\`12h\`, \`14d\`), a length too (\`1200mm\`, \`1.2m\`). Names are lower-case letters, digits and \`-\`.

${["gateway", "credentials", "sync", "store"].map(section).join("\n")}
## buses

One line for each physical line, radio or set of pins; devices name theirs by \`bus\`. The first key says which kind it is.

${example("buses")}${(Object.keys(busKinds) as BusWire[]).flatMap(formsOf).join("\n")}
## devices

Each has a name, a \`type\`, and what its type asks for.

${example("devices")}${optionRows(inputSchema(deviceHead)).join("\n")}

${await typeRows()}

## assets

What the city knows: a bay, a column, a meter. Each has a name, a \`kind\`, and what its kind asks for.

${example("assets")}${optionRows(inputSchema(assetHead)).join("\n")}

${kindRows()}
`;
}

const described = (schema: Json | undefined): string =>
  schema?.["description"] === undefined ? "" : `${String(schema["description"])}\n\n`;

/** The section of the example, as it is written there. */
function example(key: string): string {
  const text = readFileSync(EXAMPLE, "utf8");
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (from < 0) return "";
  const length = lines.slice(from + 1).findIndex((line) => /^\S/.test(line));
  const until = length < 0 ? lines.length : from + 1 + length;
  return `\`\`\`yaml\n${lines.slice(from, until).join("\n").trimEnd()}\n\`\`\`\n\n`;
}

function formsOf(wire: BusWire): string[] {
  return busKinds[wire].forms.map((form) => {
    const schema = inputSchema(form);
    const { const: word } = (schema["properties"] as Readonly<Record<string, Json>>)[wire] ?? {};
    return `### ${wire}${word === undefined ? "" : `: ${String(word)}`}\n\n${described(schema)}${optionRows(schema).join("\n")}\n`;
  });
}

async function typeRows(): Promise<string> {
  const drivers = await Promise.all(Object.keys(deviceTypes).toSorted().map(loadDriver));
  const rows = drivers.map(({ type, title, wire }) =>
    cells(`[${type}](devices/${type}.md)`, wire, `${title.en}<br>*${title.it}*`),
  );
  return [cells("Type", "Wire", "What it is"), cells("---", "---", "---"), ...rows].join("\n");
}

function kindRows(): string {
  const rows = Object.values(assetKinds).map(({ kind, title }) =>
    cells(`[${kind}](kinds/${kind}.md)`, `${title.en}<br>*${title.it}*`),
  );
  return [cells("Kind", "What it is"), cells("---", "---"), ...rows].join("\n");
}
