/** Says which arguments a command takes, as they are typed: `value=<true|false>`, with limits and what is required. */
import type { CommandTarget, Text } from "../../model/index.ts";

const WORDS = {
  boolean: { it: "vero|falso", en: "true|false" },
  number: { it: "numero", en: "number" },
  string: { it: "testo", en: "text" },
  required: { it: "obbligatorio", en: "required" },
  none: { it: "nessun argomento", en: "no arguments" },
} as const satisfies Record<string, Text>;

export const argumentText = (target: Pick<CommandTarget, "args" | "limits">): Text => ({
  it: inWords(target, "it"),
  en: inWords(target, "en"),
});

function inWords({ args, limits }: Pick<CommandTarget, "args" | "limits">, lang: keyof Text): string {
  const shown = Object.entries(args).map(([name, { type, required, orZero, min = limits?.min, max = limits?.max }]) => {
    const zero = orZero ? " 0|" : " ";
    const range = type !== "number" || (min === undefined && max === undefined) ? "" : `${zero}${min ?? ""}..${max ?? ""}`;
    return `${name}=<${WORDS[type][lang]}${range}>${required ? ` (${WORDS.required[lang]})` : ""}`;
  });
  return shown.join(" ") || WORDS.none[lang];
}
