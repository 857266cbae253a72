/** Marks keys that a configuration may hold and that no code of this version reads, and warns of them. */
import * as z from "zod";
import { phrases } from "../findings/phrases.ts";
import { type Path, quoted } from "../findings/problems.ts";
import type { Source } from "../yaml/document.ts";
import { partsOf } from "./schema-walk.ts";

const marked = z.registry<object>();

/** Such a key is checked like any other; whoever writes it is warned that it does nothing yet. */
export function notYet<S extends z.ZodType>(schema: S): S {
  marked.add(schema, {});
  return schema;
}

/** For JSON Schema: editors and pages say of a marked key what `config check` says of it. */
export function sayNotYet({ zodSchema, jsonSchema }: { readonly zodSchema: unknown; readonly jsonSchema: object }): void {
  if (!marked.has(zodSchema as z.ZodType)) return;
  const before = "description" in jsonSchema ? `${String(jsonSchema.description)} ` : "";
  Object.assign(jsonSchema, { description: `${before}Not yet available in this version.` });
}

/** A warning at each marked key that is written. An empty list asks for nothing. */
export function checkNotYet(schema: z.ZodType, value: unknown, source: Source): void {
  for (const { schema: part, value: written, path } of partsOf(schema, value))
    if (marked.has(part) && written !== undefined && !(Array.isArray(written) && written.length === 0)) warn(path, source);
}

/** `option`: how the key is called in the warning. */
export function warn(path: Path, source: Source, option = String(path.at(-1))): void {
  const expected = phrases.laterVersion[source.lang];
  source.add({ severity: "warning", code: "config.not-yet", path, key: true, found: quoted(option), expected });
}
