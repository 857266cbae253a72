/** Makes JSON Schemas, an AsyncAPI document and the contract's table of messages from the zod schemas. */
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import { type Message, messages } from "../../src/sync/contract/messages.ts";
import { filled } from "./marked-block.ts";

const PAGE = "docs/mqtt-contract.md";
const SCHEMAS = "docs/schemas";
const EXAMPLES = "docs/examples";
const ROOT = "cippo/v1/{gateway}";

/** File → its whole text. */
export function contractPages(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const message of messages) files.set(`${SCHEMAS}/${message.name}.json`, json(schemaOf(message)));
  files.set("docs/asyncapi.json", json(asyncApi()));
  files.set(PAGE, filled(readFileSync(PAGE, "utf8"), "messages", table()));
  return files;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function schemaOf({ name, topic, schema }: Message): object {
  return {
    $id: `${name}.json`,
    title: name,
    description: `Topic ${ROOT}/${topic}`,
    ...z.toJSONSchema(schema, { unrepresentable: "any" }),
  };
}

function table(): string {
  const rows = messages.map(({ name, topic, direction, retained, encoding }) => {
    const example = existsSync(`${EXAMPLES}/${name}.json`) ? `[example](examples/${name}.json)` : "no example";
    const form = encoding === "body" ? "JSON or zlib" : "JSON";
    return `| ${name} | \`${topic}\` | ${direction} | ${retained ? "yes" : "no"} | ${form} | [schema](schemas/${name}.json) | ${example} |`;
  });
  return ["| message | topic under the root | way | retained | body | | |", "|---|---|---|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

/** https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
function asyncApi(): object {
  const channels = Object.fromEntries(
    messages.map(({ name, topic }) => [
      name,
      {
        address: `${ROOT}/${topic}`,
        parameters: Object.fromEntries(
          [...`${ROOT}/${topic}`.matchAll(/\{(\w+)\}/g)].map(([, parameter = ""]) => [parameter, {}]),
        ),
        messages: { [name]: { $ref: `#/components/messages/${name}` } },
      },
    ]),
  );
  const operations = Object.fromEntries(
    messages.map(({ name, direction }) => [
      name,
      {
        action: direction === "up" ? "send" : "receive",
        channel: { $ref: `#/channels/${name}` },
        bindings: { mqtt: { qos: 1 } },
      },
    ]),
  );
  const components = Object.fromEntries(
    messages.map(({ name }) => [name, { name, contentType: "application/json", payload: { $ref: `schemas/${name}.json` } }]),
  );
  return {
    asyncapi: "3.0.0",
    info: { title: "Cippo gateway", version: "1", description: "What a gateway sends and receives. See mqtt-contract.md." },
    defaultContentType: "application/json",
    channels,
    operations,
    components: { messages: components },
  };
}
