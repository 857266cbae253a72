/** Lets a driver answer for a device of which some options are wrong, as far as the right ones suffice. */
import type * as z from "zod";
import type { Path } from "../findings/problems.ts";

/** Somebody asked for an option that is wrong. */
class Wrong extends Error {}

/** The options of `written` that are right, defaults filled in. Reading one that is not throws, for `ifValid` to catch. `wrong`: paths of what is. */
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

/** What `say` answers; undefined when it cannot without an option that is wrong. */
export function ifValid<T>(say: () => T): T | undefined {
  try {
    return say();
  } catch (error) {
    if (error instanceof Wrong) return undefined;
    throw error;
  }
}
