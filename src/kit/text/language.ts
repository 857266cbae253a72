/** Which language a command line asks for: by an option, or by the environment as setlocale(3) reads it. */
import type { Text } from "../../model/index.ts";

/** The value of `--name value` or `--name=value`, before commander has looked. */
export function optionIn(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((word) => word === name || word.startsWith(`${name}=`));
  const word = argv[at];
  return word?.includes("=") ? word.slice(name.length + 1) : at < 0 ? undefined : argv[at + 1];
}

const asked = (argv: readonly string[]): string | undefined => {
  const word = optionIn(argv, "--lang");
  return word !== undefined && /^(it|en)/i.test(word) ? word : undefined;
};

/** `--lang` wins where it names a language that there is, then the environment in the order of setlocale(3): it* is Italian, all else English; the C locale says nothing. */
export function langOf(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): keyof Text | undefined {
  const locale = asked(argv) ?? [env["LC_ALL"], env["LC_MESSAGES"], env["LANG"]].find(Boolean);
  if (locale === undefined || /^(C|POSIX)(\.|$)/.test(locale)) return undefined;
  return /^it/i.test(locale) ? "it" : "en";
}
