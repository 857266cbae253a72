/** What is written at a place of the configuration, and how a value is shown to people. */
import { type Lang, phrases } from "./phrases.ts";
import { type Path, quoted } from "./problems.ts";

export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    return (value as Record<PropertyKey, unknown>)[step];
  }, root);
}

/** A value as it is shown to people: short, and never a whole mapping. */
export function display(value: unknown, lang: Lang): string {
  if (value === undefined || value === null) return phrases.nothing[lang];
  if (Array.isArray(value)) return phrases.list[lang];
  if (typeof value === "object") return phrases.mapping[lang];
  return typeof value === "string" ? quoted(value) : String(value);
}
