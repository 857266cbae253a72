/** Reads the command line of a program of the simulator, or ends with a sentence, its help and exit 2. */
import * as z from "zod";
import type { Text } from "../src/model/index.ts";

export function parseOrExit<T>(help: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n\n${help}`);
    process.exit(2);
  }
}

/** The value of `--option`, checked by its schema. Throws a sentence when it is not valid. */
export function optionValue<T>(option: string, schema: z.ZodType<T>, word: string | undefined): T {
  const { success, data, error } = schema.safeParse(word);
  if (success) return data;
  throw new Error(`--${option}${word === undefined ? "" : ` ${word}`}: ${sentence(error)}`);
}

/** A number as people write one. */
export const number = (expected: string, fits: (n: number) => boolean) =>
  z
    .string({ error: `expected ${expected}` })
    .refine((word) => word.trim() !== "" && fits(Number(word)), { error: `expected ${expected}` })
    .transform(Number);

function sentence(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues[0]?.message ?? "not understood";
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

const TEXTS = {
  unknown: { it: "opzione sconosciuta", en: "unknown option" },
  noValue: { it: "manca il valore, o non ci va", en: "a value is missing, or does not belong there" },
  unexpected: { it: "parola in più", en: "unexpected word" },
} as const satisfies Record<string, Text>;

/** An error of Node's command-line parser as a sentence in the reader's language. */
export function usageSentence(error: unknown, lang: keyof Text): string {
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { code: "", message: String(error) };
  const [, word = ""] = /'(-*[^\s',=<]+)/.exec(message) ?? [];
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `${TEXTS.unknown[lang]}: ${word}`;
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") return `${TEXTS.noValue[lang]}: ${word}`;
  if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") return `${TEXTS.unexpected[lang]}: ${word}`;
  return message;
}
