/** Lets a driver answer for a device of which some options are wrong, as far as the right ones suffice. */
import type * as z from "zod";
import type { Path } from "../findings/problems.ts";

/** An option that is wrong was read. */
class Wrong extends Error {}

/** The options that are right, with defaults; reading another one throws, which `ifValid` catches. `wrong`: paths of those that are not. */
export function validOptions(schema: z.ZodType, written: Readonly<Record<string, unknown>>, wrong: readonly Path[]): object {
  const { shape } = schema as Partial<z.ZodObject>;
  const right = Object.entries(shape ?? {}).flatMap(([key, option]) => {
    const checked = (option as z.ZodType).safeParse(written[key]);
    return checked.success && !wrong.some(([first]) => first === key) ? [[key, checked.data] as const] : [];
  });
  return new Proxy(Object.fromEntries(right), {
    get(options, key) {
      if (shape !== undefined && Object.hasOwn(options, key)) return options[String(key)];
      throw new Wrong();
    },
  });
}

/** What `say` returns; undefined when it needs an option that is wrong. */
export function ifValid<T>(say: () => T): T | undefined {
  try {
    return say();
  } catch (error) {
    if (error instanceof Wrong) return undefined;
    throw error;
  }
}
