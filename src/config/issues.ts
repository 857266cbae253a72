/** What zod found goes in; findings in the reader's language come out: what stands there, what was expected, what was probably meant. */
import type * as z from "zod";
import { counted } from "../kit/counted.ts";
import type { Finding, Path } from "./document.ts";
import { quoted, SECRET_KEY } from "./document.ts";
import { nearest } from "./nearest.ts";
import { type Lang, translated, words } from "./words.ts";

type Issue = z.core.$ZodIssue;

/** Marks a message that carries the keys an object knows: zod says only which it did not. */
const KNOWN = "known keys: ";

/** Checks `value`; on failure every problem as a finding under `prefix`. */
export function check<T>(schema: z.ZodType<T>, value: unknown, prefix: Path, lang: Lang): { value: T } | { findings: Finding[] } {
  const result = schema.safeParse(value, { error: withKnownKeys, reportInput: false });
  if (result.success) return { value: result.data };
  return { findings: result.error.issues.flatMap((issue) => findingsOf(issue, value, prefix, lang)) };
}

function withKnownKeys(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys") return undefined;
  const def = (issue.inst as { _zod?: { def?: { shape?: Record<string, unknown> } } } | undefined)?._zod?.def;
  return KNOWN + Object.keys(def?.shape ?? {}).join(", ");
}

function findingsOf(issue: Issue, root: unknown, prefix: Path, lang: Lang): Finding[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.startsWith(KNOWN) ? issue.message.slice(KNOWN.length) : "";
    return issue.keys.map((key) => ({
      code: "config.unknown-key",
      path: [...path, key],
      key: true,
      found: quoted(key),
      expected: `${words.knownKeys[lang]} ${known}`,
      ...meant(key, known.split(", "), lang),
    }));
  }
  if (issue.code === "invalid_key")
    return [
      {
        code: "config.wrong-value",
        path,
        key: true,
        found: quoted(String(issue.path.at(-1))),
        expected: expectedBy(issue.issues[0] ?? issue, lang),
      },
    ];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const inner = at(root, issue.path);
    return closest(issue.errors).flatMap((branch) => findingsOf(branch, inner, path, lang));
  }
  const value = at(root, issue.path);
  return [
    {
      code: value === undefined ? "config.missing" : "config.wrong-value",
      path,
      found: isSecret(path, value) ? words.hidden[lang] : shown(value, lang),
      expected: expectedBy(issue, lang),
      ...(issue.code === "invalid_value" && typeof value === "string" ? meant(value, issue.values.map(String), lang) : {}),
    },
  ];
}

const isSecret = (path: Path, value: unknown): boolean =>
  (typeof value === "string" || typeof value === "number") && SECRET_KEY.test(String(path.at(-1)));

/** Of the alternatives of a union, the one that was most probably meant: the fewest complaints, an unknown key weighing most. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const weight = (issues: readonly Issue[]) =>
    issues.reduce((sum, i) => sum + (i.code === "unrecognized_keys" ? 2 * i.keys.length : isHead(i) ? 3 : 1), 0);
  return branches.reduce((best, branch) => (weight(branch) < weight(best) ? branch : best));
}

/** The alternative itself is another: a different shape, or a different distinguishing word. */
const isHead = (issue: Issue) => issue.path.length === 0 || issue.code === "invalid_value";

function expectedBy(issue: Issue, lang: Lang): string {
  // The convention of this house's schemas: their own messages say `expected …`.
  if (issue.message.startsWith("expected ")) return translated(issue.message.slice("expected ".length), lang);
  switch (issue.code) {
    case "invalid_type":
      return typeName(issue.expected, lang);
    case "invalid_value":
      return issue.values.length === 1 ? String(issue.values[0]) : `${words.oneOf[lang]} ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return limit(issue.inclusive === false ? "moreThan" : "atLeast", issue.minimum, issue.origin, lang);
    case "too_big":
      return limit(issue.inclusive === false ? "lessThan" : "atMost", issue.maximum, issue.origin, lang);
    case "not_multiple_of":
      return `${words.multipleOf[lang]} ${issue.divisor}`;
    case "invalid_format":
      return issue.pattern ?? issue.format;
    default:
      return issue.message === "Invalid input" ? words.otherwise[lang] : issue.message;
  }
}

function limit(word: "atLeast" | "atMost" | "moreThan" | "lessThan", bound: number | bigint, origin: string, lang: Lang): string {
  const counts = origin === "string" ? "characters" : origin === "array" ? "entries" : undefined;
  if (counts === undefined) return `${words[word][lang]} ${bound}`;
  return word === "atLeast" && Number(bound) === 1
    ? words.notEmpty[lang]
    : `${words[word][lang]} ${counted(Number(bound), words[counts][lang])}`;
}

function typeName(expected: string, lang: Lang): string {
  switch (expected) {
    case "string":
      return words.text[lang];
    case "number":
      return words.number[lang];
    case "int":
      return words.integer[lang];
    case "boolean":
      return words.boolean[lang];
    case "array":
      return words.list[lang];
    case "object":
    case "record":
      return words.mapping[lang];
    default:
      return expected;
  }
}

/** A value as it is shown to people: short, and never a whole mapping. */
export function shown(value: unknown, lang: Lang): string {
  if (value === undefined || value === null) return words.nothing[lang];
  if (Array.isArray(value)) return words.list[lang];
  if (typeof value === "object") return words.mapping[lang];
  return typeof value === "string" ? quoted(value) : String(value);
}

export function meant(word: string, known: Iterable<string>, lang: Lang): { hint?: string } {
  const near = nearest(word, known);
  return near === undefined || near === word ? {} : { hint: `${words.didYouMean[lang]} ${quoted(near)}?` };
}

export function at(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    return (value as Record<PropertyKey, unknown>)[step];
  }, root);
}
