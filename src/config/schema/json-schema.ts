/** Makes the JSON Schema by which editors complete and check a configuration, from the schemas of all types and kinds. */
import * as z from "zod";
import { deviceTypes, plannedTypes } from "../../drivers/index.ts";
import { assetKinds, plannedKinds } from "../../edge/kinds/index.ts";
import { sayNotYet } from "./not-yet.ts";
import { assetHead, deviceHead, NAME, siteSchema } from "./schema.ts";

type Json = Record<string, unknown>;

/** Describes the file as it is written, before defaults. What JSON Schema cannot express, only `config check` checks. */
export const inputSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override: sayNotYet }) as Json;
  return json;
};

export async function jsonSchema(): Promise<Json> {
  const site = inputSchema(siteSchema);
  const devices: Json[] = [];
  for (const [type, load] of Object.entries(deviceTypes)) {
    const driver = await load();
    devices.push(alternative("type", type, driver.title.en, inputSchema(deviceHead), inputSchema(driver.options)));
  }
  const assets = Object.entries(assetKinds).map(([kind, { options }]) =>
    alternative("kind", kind, kind, inputSchema(assetHead), inputSchema(options)),
  );
  const properties = {
    ...(site["properties"] as Json),
    devices: named([...devices, later("type", plannedTypes)]),
    assets: named([...assets, later("kind", plannedKinds)]),
  };
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Cippo: configuration of a gateway",
    ...site,
    properties,
  };
}

/** One device type or asset kind: what every one has, and what only it has. */
function alternative(key: string, word: string, title: string, head: Json, own: Json): Json {
  const { properties: headProperties, required: headRequired = [] } = head;
  const { properties = {}, required = [], ...rest } = own;
  return {
    title,
    ...rest,
    properties: { ...(headProperties as Json), [key]: { const: word }, ...(properties as Json) },
    required: [...new Set([...(headRequired as string[]), ...(required as string[])])],
  };
}

/** Words whose options this version does not know: anything may follow. */
const later = (key: string, words: readonly string[]): Json => ({
  title: "not in this version yet",
  type: "object",
  properties: { [key]: { enum: words } },
  required: [key],
});

const named = (oneOf: readonly Json[]): Json => ({
  type: "object",
  propertyNames: { pattern: NAME.source },
  additionalProperties: { oneOf },
});
