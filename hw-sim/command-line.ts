/** A help text and a reader of the words behind a command go in; what is asked for comes out, or a sentence with the help and exit 2. */
import * as z from "zod";

export function parseOrExit<T>(help: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n\n${help}`);
    process.exit(2);
  }
}

/** What the word behind `--option` says. Throws a sentence where it is not understood. */
export function optionValue<T>(option: string, schema: z.ZodType<T>, word: string | undefined): T {
  const { success, data, error } = schema.safeParse(word);
  if (success) return data;
  throw new Error(`--${option}${word === undefined ? "" : ` ${word}`}: ${sentence(error)}`);
}

/** A number as people write one. */
export const number = (said: string, fits: (n: number) => boolean) =>
  z
    .string({ error: `expected ${said}` })
    .refine((word) => word.trim() !== "" && fits(Number(word)), { error: `expected ${said}` })
    .transform(Number);

function sentence(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues[0]?.message ?? "not understood";
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
