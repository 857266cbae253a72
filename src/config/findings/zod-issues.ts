/** Says what zod found wrong in the reader's language: what is there, what was expected, what was meant. */
import type * as z from "zod";
import { busSchema, wireIn } from "../../drivers/buses.ts";
import { references } from "../../edge/kinds/references.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { NAME, siteSchema } from "../schema/schema.ts";
import { partsOf } from "../schema/schema-walk.ts";
import { accepts, alternativesOf, discriminatorOf, likelyAlternative, schemaAt, shapeOf } from "../schema/shape.ts";
import type { Finding, Source } from "../yaml/document.ts";
import { didYouMean, suggestedKey } from "./did-you-mean.ts";
import { translated } from "./expectations.ts";
import { type Lang, phrases } from "./phrases.ts";
import { type Path, quoted, SECRET_KEY } from "./problems.ts";
import { rewritings } from "./rewrite.ts";
import { display, valueAt } from "./value-at.ts";

type Issue = z.core.$ZodIssue;

/** Begins a message of ours that lists the keys that an object knows: zod tells only the unknown ones. */
const KNOWN = "known keys: ";

interface Checking {
  readonly schema: z.ZodType;
  readonly root: unknown;
  readonly prefix: Path;
  readonly source: Source;
}

/** Checks `value`, which stands at `prefix` of the text; on failure every problem as a finding. */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  prefix: Path,
  source: Source,
): { value: T } | { findings: Finding[] } {
  const result = schema.safeParse(value, { error: withKnownKeys, reportInput: false });
  if (result.success) return { value: result.data };
  const checking = { schema, root: value, prefix, source };
  return {
    findings: onceEach(
      result.error.issues.flatMap((issue) => findingsOf(issue, issue.path, checking)),
      value,
      prefix,
    ),
  };
}

/** One number or word that breaks two rules is told once: whoever mends it looks at it anyway. */
function onceEach(findings: readonly Finding[], value: unknown, prefix: Path): Finding[] {
  const told = new Set<string>();
  return findings.filter(({ code, path, key }) => {
    if (code !== "config.wrong-value" || key || typeof valueAt(value, path.slice(prefix.length)) === "object") return true;
    const place = JSON.stringify(path);
    return !told.has(place) && told.add(place);
  });
}

function withKnownKeys(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== "unrecognized_keys") return undefined;
  const def = (issue.inst as { _zod?: { def?: { shape?: Record<string, unknown> } } } | undefined)?._zod?.def;
  return KNOWN + Object.keys(def?.shape ?? {}).join(", ");
}

/** `path` from the root: the path of an issue inside an alternative begins there. */
function findingsOf(issue: Issue, path: Path, checking: Checking): Finding[] {
  const { root, schema } = checking;
  if (issue.code === "unrecognized_keys") return unknownKeys(issue, path, checking);
  if (issue.code === "invalid_key") return [wrongKey(issue, path, checking)];
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const union = schemaAt(schema, path, root);
    const branch = branchOf(union, issue.errors, valueAt(root, path));
    if (branch !== undefined) return branch.flatMap((inner) => findingsOf(inner, [...path, ...inner.path], checking));
  }
  return [wrongValue(issue, path, checking)];
}

function unknownKeys(
  issue: Extract<Issue, { code: "unrecognized_keys" }>,
  path: Path,
  { root, prefix, source }: Checking,
): Finding[] {
  const { lang } = source;
  const known = (issue.message.startsWith(KNOWN) ? issue.message.slice(KNOWN.length) : "").split(", ");
  return issue.keys.map((key) => {
    const elsewhere = sectionOf(key, valueAt(root, [...path, key]), [...prefix, ...path], known);
    return {
      code: "config.unknown-key",
      path: [...prefix, ...path, key],
      key: true,
      found: quoted(key),
      expected: `${phrases.knownKeys[lang]} ${known.join(", ")}`,
      ...(elsewhere === undefined
        ? didYouMean(key, known, lang)
        : { hint: `${quoted(key)} ${phrases.belongs[lang]} ${elsewhere}` }),
    };
  });
}

function wrongKey(issue: Extract<Issue, { code: "invalid_key" }>, path: Path, { prefix, source }: Checking): Finding {
  const key = String(path.at(-1));
  const write = rewritings(key, key).find(({ value }) => typeof value === "string" && NAME.test(value) && value !== key);
  return {
    code: "config.wrong-value",
    path: [...prefix, ...path],
    key: true,
    found: quoted(key),
    expected: expectedBy(issue.issues[0] ?? issue, source.lang),
    ...(write !== undefined && { write: `${write.written}:` }),
  };
}

function wrongValue(issue: Issue, path: Path, { schema, root, prefix, source }: Checking): Finding {
  const { lang } = source;
  const value = valueAt(root, path);
  const place = [...prefix, ...path];
  const isHidden = isSecret(place, value);
  const written = isHidden || typeof value === "string" ? undefined : source.written(place);
  const fitting = isHidden ? undefined : proposal(schemaAt(schema, path, root), value, source.written(place));
  const key = [...place].reverse().find((step) => typeof step === "string");
  const write = fitting && (typeof path.at(-1) === "number" ? fitting : `${String(key)}: ${fitting}`);
  // A message of the schema itself already says what is right.
  const isWord = issue.code === "invalid_value" && typeof value === "string" && !isOwn(issue);
  const near = isWord ? didYouMean(value, issue.values.map(String), lang) : {};
  const other =
    write === undefined && near.hint === undefined && !isHidden && isChoice(issue) ? siblingOf(schema, path, root, lang) : {};
  return {
    code: value === undefined ? "config.missing" : "config.wrong-value",
    path: place,
    found: isHidden ? phrases.hidden[lang] : (written ?? display(value, lang)),
    expected: expectedBy(issue, lang),
    ...near,
    ...other,
    ...(write !== undefined && near.hint === undefined && { write }),
  };
}

/** How the value could be written so that it is accepted; undefined where nothing is known. */
function proposal(schema: z.core.$ZodType | undefined, value: unknown, source: string | undefined): string | undefined {
  // The value alone is fine and contradicts another one: writing it differently does not help.
  if (schema === undefined || value === undefined || accepts(schema, value)) return undefined;
  return rewritings(value, source).find((one) => one.value !== value && accepts(schema, one.value))?.written;
}

/** One of a few words was expected. */
const isChoice = (issue: Issue): boolean =>
  issue.code === "invalid_value" ||
  (issue.code === "invalid_union" && issue.errors.flat().every((inner) => inner.code === "invalid_value"));

/** For `parity: 9600`: the one other key of the mapping that takes this value and is not written. */
function siblingOf(schema: z.ZodType, path: Path, root: unknown, lang: Lang): { hint?: string } {
  const value = valueAt(root, path);
  const parent = path.slice(0, -1);
  if (!["string", "number"].includes(typeof value)) return {};
  const around = valueAt(root, parent);
  const union = schemaAt(schema, parent, root);
  const shape = shapeOf(union && likelyAlternative(union, around));
  const others = Object.entries(shape ?? {}).filter(
    ([key, own]) => key !== path.at(-1) && valueAt(around, [key]) === undefined && isPicky(own, value) && accepts(own, value),
  );
  const [only] = others;
  return only !== undefined && others.length === 1 ? { hint: `${phrases.didYouMean[lang]} ${quoted(only[0])}?` } : {};
}

/** Whether a schema refuses some values of this type: one that accepts any text, or any name, is no evidence. */
const isPicky = (schema: z.core.$ZodType, value: unknown): boolean =>
  typeof value === "number" ? !accepts(schema, -1e300) : !accepts(schema, "\u0001") && !isReference(schema as z.ZodType);

const isReference = (schema: z.ZodType): boolean =>
  [...partsOf(schema, undefined)].some(({ schema: part }) => references.has(part));

const SECTIONS = ["gateway", "credentials", "sync", "store"] as const;

/** Where a key that is known elsewhere belongs: another part of the file, a bus, or the devices. */
function sectionOf(key: string, value: unknown, at: Path, known: readonly string[]): string | undefined {
  if (suggestedKey(key, known) !== undefined) return undefined;
  if (at.length === 0 && typeof value === "object" && value !== null) {
    if ("type" in value) return "devices";
    if ("kind" in value) return "assets";
    if (wireIn(value) !== undefined) return "buses";
  }
  if (at[0] === "devices" && at.length === 2 && BUS_KEYS.has(key)) return "buses";
  const sections = SECTIONS.filter(
    (section) => section !== at[0] && Object.hasOwn(shapeOf(siteSchema.shape[section]) ?? {}, key),
  );
  return sections.length === 1 && at.length <= 1 ? sections[0] : undefined;
}

const BUS_KEYS: ReadonlySet<string> = new Set(
  (alternativesOf(busSchema) ?? []).flatMap((one) => Object.keys(shapeOf(one) ?? {})),
);

const isSecret = (path: Path, value: unknown): boolean =>
  (typeof value === "string" || typeof value === "number") && SECRET_KEY.test(String(path.at(-1)));

/** The issues of the alternative that was meant; undefined when none was. */
function branchOf(
  union: z.core.$ZodType | undefined,
  branches: readonly (readonly Issue[])[],
  value: unknown,
): readonly Issue[] | undefined {
  const options = alternativesOf(union);
  if (union === undefined || options === undefined || shapeOf(options[0]) === undefined) return closest(branches);
  const likely = likelyAlternative(union, value);
  if (likely === undefined) return undefined;
  const head = discriminatorOf(likely);
  const alike = options.filter((option) => discriminatorOf(option)?.key === head?.key);
  const heads = alike.flatMap((option) => discriminatorOf(option)?.words ?? []);
  const word = head === undefined ? undefined : valueAt(value, [head.key]);
  // The word that chooses the alternative is unknown: only that is reported, the rest depends on it.
  if (head !== undefined && alike.length > 1 && heads.length > 0 && !heads.includes(String(word)))
    return [{ code: "invalid_value", values: heads, path: [head.key], message: "" } as Issue];
  return branches[options.indexOf(likely)] ?? closest(branches);
}

/** The alternative that was most probably meant: the one with the fewest issues, an unknown key weighing most. */
function closest(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const weight = (issues: readonly Issue[]) =>
    issues.reduce((sum, i) => sum + (i.code === "unrecognized_keys" ? 2 * i.keys.length : isHead(i) ? 3 : 1), 0);
  return branches.reduce((best, branch) => (weight(branch) < weight(best) ? branch : best));
}

/** The value belongs to another alternative: it has another shape, or another distinguishing word. */
const isHead = (issue: Issue) => issue.path.length === 0 || issue.code === "invalid_value";

/** Messages of our own schemas begin with `expected …`. */
const isOwn = (issue: Issue): boolean => issue.message.startsWith("expected ");

function expectedBy(issue: Issue, lang: Lang): string {
  if (isOwn(issue)) return translated(issue.message.slice("expected ".length), lang);
  switch (issue.code) {
    case "invalid_type":
      return typeName(issue.expected, lang);
    case "invalid_value":
      return issue.values.length === 1
        ? String(issue.values[0])
        : `${phrases.oneOf[lang]} ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return limit(issue.inclusive === false ? "moreThan" : "atLeast", issue.minimum, issue.origin, lang);
    case "too_big":
      return limit(issue.inclusive === false ? "lessThan" : "atMost", issue.maximum, issue.origin, lang);
    case "not_multiple_of":
      return `${phrases.multipleOf[lang]} ${issue.divisor}`;
    case "invalid_format":
      return issue.format === "starts_with" && "prefix" in issue
        ? `${phrases.beginning[lang]} ${String(issue.prefix)}`
        : phrases.form[lang];
    default:
      return phrases.otherwise[lang];
  }
}

function limit(word: "atLeast" | "atMost" | "moreThan" | "lessThan", bound: number | bigint, origin: string, lang: Lang): string {
  const counts = origin === "string" ? "characters" : origin === "array" ? "entries" : undefined;
  if (counts === undefined) return `${phrases[word][lang]} ${bound}`;
  return word === "atLeast" && Number(bound) === 1
    ? phrases.notEmpty[lang]
    : `${phrases[word][lang]} ${pluralise(Number(bound), phrases[counts][lang])}`;
}

function typeName(expected: string, lang: Lang): string {
  switch (expected) {
    case "string":
      return phrases.text[lang];
    case "number":
      return phrases.number[lang];
    case "int":
      return phrases.integer[lang];
    case "boolean":
      return phrases.boolean[lang];
    case "array":
    case "tuple":
      return phrases.list[lang];
    case "object":
    case "record":
      return phrases.mapping[lang];
    default:
      return phrases.otherwise[lang];
  }
}
