/**
 * Makes plain values of a parsed document, and finds slips that the parser lets pass.
 *
 * Decimal commas, odd characters, a key twice, zeros in front of a number.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import type { Code } from "../../kit/errors.ts";
import type { Text } from "../../model/index.ts";
import { type Lang, phrases } from "../findings/phrases.ts";
import { type Path, quoted } from "../findings/problems.ts";
import { hasTypographicQuotes, invisibleIn, oddSpaceIn, plainQuotes, plainSpaces } from "./characters.ts";

/** No configuration is nested deeper, and reading it is recursive. */
const MAX_DEPTH = 32;

/** What is wrong at a place in the text. */
export interface TextFinding {
  readonly severity?: "error" | "warning";
  readonly code: Code;
  readonly offset: number;
  readonly path?: Path;
  /** Absent: the line itself. */
  readonly found?: string;
  readonly expected: string;
  /** How it should be written. */
  readonly write?: string;
}

export interface Reader {
  readonly lang: Lang;
  readonly text: string;
  addInText(slip: TextFinding): void;
  lineAt(offset: number): number;
}

export const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

/** The value of a node; undefined where none can be made of it. */
export function plain(node: unknown, path: Path, reader: Reader): unknown {
  if (path.length > MAX_DEPTH) {
    reader.addInText({ code: "config.syntax", offset: offsetOf(node), expected: phrases.tooDeep[reader.lang] });
    return undefined;
  }
  if (isMap(node)) return mapping(node, path, reader);
  if (isSeq(node)) return list(node, path, reader);
  if (isAlias(node)) {
    const expected = phrases.writtenOut[reader.lang];
    reader.addInText({ code: "config.syntax", offset: offsetOf(node), path, found: quoted(`*${node.source}`), expected });
    return undefined;
  }
  return isScalar(node) ? scalar(node, path, reader) : null;
}

function mapping(node: YAMLMap, path: Path, reader: Reader): Record<string, unknown> {
  const { lang } = reader;
  const made: Record<string, unknown> = {};
  const first = new Map<string, number>();
  let before: Pair | undefined;
  for (const pair of node.items) {
    const { key, value } = pair;
    const name = isScalar(key) ? String(key.value) : undefined;
    const comma = node.flow === true && before !== undefined ? decimalComma(before, pair, reader) : undefined;
    if (comma !== undefined && before !== undefined) {
      const held = String((before.key as { value?: unknown }).value);
      commaSlip(reader, [...path, held], before.value, comma, `${held}: ${comma.replace(",", ".")}`);
      made[held] = Number(comma.replace(",", "."));
      before = undefined;
      continue;
    }
    before = pair;
    const offset = offsetOf(key);
    // Zod passes over the key `__proto__` without a word.
    if (name === undefined || name === "" || name === "__proto__" || (isScalar(key) && key.value === null)) {
      reader.addInText({ code: "config.syntax", offset, path, expected: phrases.plainKey[lang] });
      continue;
    }
    odd(key, name, [...path, name], reader);
    const earlier = first.get(name);
    if (earlier !== undefined) {
      const found = `${quoted(name)} (${phrases.alreadyOn[lang]} ${reader.lineAt(earlier)})`;
      reader.addInText({ code: "config.same-name", offset, path: [...path, name], found, expected: phrases.onlyOnce[lang] });
    }
    first.set(name, earlier ?? offset);
    made[name] = plain(value, [...path, name], reader);
  }
  return made;
}

const commaSlip = (reader: Reader, path: Path, node: unknown, found: string, write: string): void =>
  reader.addInText({
    code: "config.wrong-value",
    offset: offsetOf(node),
    path,
    found: quoted(found),
    expected: phrases.decimalPoint[reader.lang],
    write,
  });

/** `lat: 45,05` inside { } is `lat: 45` and a key `05` without a value: the number as it was written, where that is so. */
function decimalComma(before: Pair, pair: Pair, { text }: Reader): string | undefined {
  const { key, value } = pair;
  if (!isScalar(key) || !/^\d+$/.test(key.source ?? "") || (isScalar(value) && value.value !== null)) return undefined;
  if (value !== null && !isScalar(value)) return undefined;
  if (!isScalar(before.value) || !/^[-+]?\d+$/.test(before.value.source ?? "") || key.range?.[0] === undefined) return undefined;
  // No colon follows: the second number was not meant as a key.
  const after = text
    .slice(key.range[1])
    .match(/^\s*[,}:]/)?.[0]
    .trim();
  const between = text.slice(before.value.range?.[1] ?? 0, key.range[0]);
  return after !== ":" && /^,\s?$/.test(between) ? `${before.value.source},${key.source}` : undefined;
}

/** YAML reads `[0,5, 10]` as three numbers. Where only some commas have a space after them, one without is a decimal comma. */
function list(node: YAMLSeq, path: Path, reader: Reader): unknown[] {
  const numbers = node.items.map((item) => (isScalar(item) && /^[-+]?\d+$/.test(item.source ?? "") ? item : undefined));
  const gaps = numbers.map((item, i) => {
    const next = numbers[i + 1];
    return item?.range && next?.range ? reader.text.slice(item.range[1], next.range[0]) : undefined;
  });
  const mixed = node.flow === true && gaps.includes(",") && gaps.some((gap) => gap !== undefined && /^,\s+$/.test(gap));
  const split = mixed ? gaps.indexOf(",") : -1;
  const made = node.items.map((item, i) => plain(item, [...path, i], reader));
  if (split < 0) return made;
  const found = `${numbers[split]?.source},${numbers[split + 1]?.source}`;
  const intended = found.replace(",", ".");
  commaSlip(reader, [...path, split], numbers[split], found, intended);
  return made.toSpliced(split, 2, Number(intended));
}

function scalar(node: { value: unknown; source?: string; type?: string }, path: Path, reader: Reader): unknown {
  const { value, source = "" } = node;
  if (typeof value === "string") odd(node, value, path, reader);
  if (typeof value === "number" && /^[-+]?0\d+$/.test(source)) {
    const octal = /^[-+]?[0-7]+$/.test(source) ? Number.parseInt(source.replace(/^[-+]/, ""), 8) : undefined;
    const other = octal === undefined ? "" : ` ${phrases.orOctal[reader.lang]} ${octal}`;
    reader.addInText({
      severity: "warning",
      code: "config.leading-zero",
      offset: offsetOf(node),
      path,
      found: source,
      expected: `${value}${phrases.asRead[reader.lang]}${octal === undefined ? "" : `;${other}: 0o${octal.toString(8)}`}`,
    });
  }
  return value;
}

/** Characters in a key or a text that nobody sees, spaces that YAML takes for letters, and quotation marks of a text processor. */
function odd(node: unknown, value: string, path: Path, reader: Reader): void {
  const { lang } = reader;
  const isPlain = (node as { type?: string }).type === "PLAIN";
  const begins = offsetOf(node);
  const report = (at: number, found: string, expected: Text, write?: string) =>
    reader.addInText({
      code: "config.odd-character",
      offset: begins + Math.max(0, at),
      path,
      found,
      expected: expected[lang],
      ...(write !== undefined && { write }),
    });
  const space = isPlain ? oddSpaceIn(value) : undefined;
  if (space !== undefined) report(space.at, quoted(value), phrases.plainSpace, plainSpaces(value));
  else if (invisibleIn(value) !== undefined) {
    const at = [...value].findIndex((c) => invisibleIn(c) !== undefined);
    report(isPlain ? at : 0, quoted(value), phrases.onlyVisible);
  } else if (isPlain && hasTypographicQuotes(value)) report(0, quoted(value), phrases.straightQuotes, plainQuotes(value));
}
