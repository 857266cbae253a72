/** Gives every place of every schema values that it rejects: each complaint exists in both languages. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type * as z from "zod";
import { translated } from "../../../src/config/findings/expectations.ts";
import { check } from "../../../src/config/findings/zod-issues.ts";
import { assetHead, deviceHead, siteSchema } from "../../../src/config/schema/schema.ts";
import { alternativesOf, discriminatorOf, shapeOf } from "../../../src/config/schema/shape.ts";
import { Source } from "../../../src/config/yaml/document.ts";
import { busSchema } from "../../../src/drivers/buses.ts";
import { deviceTypes } from "../../../src/drivers/index.ts";
import { assetKinds } from "../../../src/edge/kinds/index.ts";

const WRONG: readonly unknown[] = [
  ...["", "x y", "COM3", "0,1", "tcp://x", "10:99", "a".repeat(500), "1e400s", "99999d", "1ms", "constructor"],
  ...[-1, 0, 0.5, 7, 1e9, -1e300, true, null, [], [1], [null], ["x", "x", "x", "x"], {}, { x: 1 }, [{}]],
];
const CHECKERS =
  /starts_with|invalid|too_(small|big)|regex|Invalid|expected (string|number)|\bNaN\b|undefined|\[object|zod|ends_with/;
const ENGLISH =
  /\b(a|an|the|with|such|not|one|of|which|is|to|at|least|most|than|and|or|only|number|text|other|expected|entries)\b/;

type Schema = z.core.$ZodType;

/** Every object that sets one place, with what its alternative needs to be recognised. */
function* places(
  schema: Schema,
  wrap: (inner: unknown) => unknown = (inner) => inner,
  depth = 0,
): Generator<(v: unknown) => unknown> {
  yield wrap;
  if (depth > 6) return;
  for (const option of alternativesOf(schema) ?? [schema]) {
    const head = alternativesOf(schema) && discriminatorOf(option);
    const [word] = head?.words ?? [];
    const heading = head && word !== undefined ? { [head.key]: word } : {};
    for (const [key, inner] of Object.entries(shapeOf(option) ?? {}))
      yield* places(inner, (value) => wrap({ ...heading, [key]: value }), depth + 1);
    const { valueType, element } = (option as unknown as { def?: { valueType?: Schema; element?: Schema } }).def ?? {};
    if (valueType) yield* places(valueType, (value) => wrap({ some: value }), depth + 1);
    if (element) yield* places(element, (value) => wrap([value]), depth + 1);
  }
}

const schemas = async (): Promise<[string, z.ZodType][]> => [
  ["site", siteSchema],
  ["bus", busSchema],
  ["device", deviceHead],
  ["asset", assetHead],
  ...(await Promise.all(
    Object.entries(deviceTypes).map(async ([type, load]): Promise<[string, z.ZodType]> => [type, (await load()).options]),
  )),
  ...Object.entries(assetKinds).map(([kind, { options }]): [string, z.ZodType] => [kind, options]),
];

describe("every message of the configuration", async () => {
  it.each(await schemas())("%s", (_, schema) => {
    let told = 0;
    for (const place of places(schema))
      for (const value of WRONG) {
        const written = place(value);
        const of = (lang: "en" | "it") => {
          const checked = check(schema, written, [], new Source("", "s", lang));
          return "findings" in checked ? checked.findings : [];
        };
        const [en, it] = [of("en"), of("it")];
        expect(it.length).toBe(en.length);
        for (const [i, finding] of en.entries()) {
          told += 1;
          const where = `${JSON.stringify(written).slice(0, 200)}: ${finding.path.join(".")}: ${finding.expected}`;
          expect(finding.expected, where).not.toBe("");
          expect(finding.expected, where).not.toMatch(CHECKERS);
          const italian = it[i]?.expected ?? "";
          expect(italian, where).not.toMatch(CHECKERS);
          // Keys and words that are chosen from are the same in every language.
          if (!/^one of |^[\w.-]+$/.test(finding.expected)) {
            if (ENGLISH.test(finding.expected)) expect(italian, where).not.toBe(finding.expected);
            expect(italian.replace(/`[^`]*`|voci .*|tra .*/g, ""), where).not.toMatch(
              /\b(the|with|such as|expected|which|other|than|of)\b/,
            );
          }
        }
      }
    expect(told).toBeGreaterThan(20);
  });

  it("has its Italian, wherever in the sources it is written", async () => {
    const sources = await glob(join(import.meta.dirname, "../../../src"));
    const literals = sources.flatMap((text) =>
      [...text.matchAll(/(["'`])expected ((?:(?!\1)[^\n$])+)\1/g)].map(([, , phrase]) => phrase ?? ""),
    );
    const foreign = literals
      .map((phrase) => phrase.replaceAll("\\", ""))
      .filter((phrase) => !ELSEWHERE.test(phrase) && translated(phrase, "it") === phrase);
    expect(literals.length).toBeGreaterThan(30);
    expect(foreign).toEqual([]);
  });
});

/** Not of the configuration; and the phrases of a choice, which name only themselves. */
const ELSEWHERE = /^(name=value|…)/;

async function glob(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".ts"));
  return Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
}
