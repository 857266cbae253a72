/** Walks a zod schema along a path: which keys may stand there, and what a value there must be. */
import * as z from "zod";
import type { Path } from "../findings/problems.ts";

type Schema = z.core.$ZodType;
interface Def {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly valueType?: Schema;
  readonly element?: Schema;
  readonly items?: readonly Schema[];
  readonly options?: readonly Schema[];
}

const defOf = (schema: Schema): Def => schema._zod.def as unknown as Def;

/** A schema without the `optional`, defaults and transformations wrapped around it. */
function core(schema: Schema): Schema {
  const { innerType, in: input } = defOf(schema);
  const inner = innerType ?? input;
  return inner === undefined ? schema : core(inner);
}

export const shapeOf = (schema: Schema | undefined): Readonly<Record<string, Schema>> | undefined =>
  schema && defOf(core(schema)).shape;

export const alternativesOf = (schema: Schema | undefined): readonly Schema[] | undefined =>
  schema && defOf(core(schema)).options;

/** The key by which an alternative is told from the others (the first of its shape), and the words that it may have. */
export function discriminatorOf(schema: Schema): { readonly key: string; readonly words: readonly string[] } | undefined {
  const [first] = Object.entries(shapeOf(schema) ?? {});
  if (first === undefined) return undefined;
  const { values } = core(first[1])._zod;
  return { key: first[0], words: values === undefined ? [] : [...values].map(String) };
}

/** The alternative of a union that `value` was most probably meant as, by its first key and the word there. */
export function likelyAlternative(schema: Schema, value: unknown): Schema | undefined {
  const options = alternativesOf(schema);
  if (options === undefined) return schema;
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const weight = (option: Schema): number => {
    const head = discriminatorOf(option);
    if (head === undefined || !keys.includes(head.key)) return 0;
    const word = String((value as Record<string, unknown>)[head.key]);
    const known = keys.filter((key) => Object.hasOwn(shapeOf(option) ?? {}, key)).length;
    return 100 + (head.words.includes(word) ? 100 : 0) + known;
  };
  const best = options.reduce<Schema | undefined>((a, b) => (a === undefined || weight(b) > weight(a) ? b : a), undefined);
  return best !== undefined && weight(best) > 0 ? best : undefined;
}

/** The schema of what stands at `path` inside `value`; undefined where the schema knows no such place. */
export function schemaAt(schema: Schema, path: Path, value: unknown): Schema | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const likely = alternativesOf(schema) === undefined ? schema : likelyAlternative(core(schema), value);
  if (likely === undefined) return undefined;
  const { shape, valueType, element, items } = defOf(core(likely));
  const next = shape?.[String(step)] ?? valueType ?? element ?? (typeof step === "number" ? items?.[step] : undefined);
  const inner = (value as Record<PropertyKey, unknown> | null | undefined)?.[step];
  return next && schemaAt(next, rest, inner);
}

export const accepts = (schema: Schema | undefined, value: unknown): boolean =>
  schema !== undefined && z.safeParse(schema, value).success;
