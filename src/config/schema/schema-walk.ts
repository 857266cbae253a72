/** Visits every part of a schema together with what is written there. */
import type * as z from "zod";
import type { Path } from "../findings/problems.ts";

export interface WrittenPart {
  readonly schema: z.ZodType;
  /** undefined: nothing is written there. */
  readonly value: unknown;
  readonly path: Path;
}

/** What a schema holds inside, by the names of zod's own definitions. */
interface Inner {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** `path` is where `value` stands in the file. A value of the wrong form ends the walk there: its schema has refused it. */
export function* partsOf(schema: z.ZodType, value: unknown, path: Path = []): Generator<WrittenPart> {
  yield { schema, value, path };
  const { shape, innerType, element, valueType, in: input, options } = (schema as { def?: Inner }).def ?? {};
  for (const [key, inner] of Object.entries(shape ?? {})) yield* partsOf(inner, of(value, key), [...path, key]);
  for (const inner of [innerType, input, ...(options ?? [])]) if (inner !== undefined) yield* partsOf(inner, value, path);
  if (element !== undefined && Array.isArray(value))
    for (const [i, inner] of value.entries()) yield* partsOf(element, inner, [...path, i]);
  if (valueType !== undefined && typeof value === "object" && value !== null && !Array.isArray(value))
    for (const [key, inner] of Object.entries(value)) yield* partsOf(valueType, inner, [...path, key]);
}

const of = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
