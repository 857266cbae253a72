/** Says why a run could not be done: to people, and with --json as one last line. */
import * as z from "zod";
import { asEdgeError, EdgeError } from "../../src/kit/errors.ts";
import { columnsOf } from "../../src/kit/system/tty.ts";
import { folded } from "../../src/kit/text/wrap.ts";
import type { Text } from "../../src/model/index.ts";

/** A problem of a configuration, as `cippo config check --json` tells it. */
export const problem = z.looseObject({
  severity: z.string().optional(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
  code: z.string(),
  path: z.string(),
  found: z.string(),
  expected: z.string(),
  hint: z.string().optional(),
  write: z.string().optional(),
});
const problems = z.array(problem).catch([]);

export async function complain(raw: unknown, json: boolean, lang: keyof Text = "en"): Promise<void> {
  process.stderr.write(`${folded(wordsOf(raw, lang), columnsOf(process.stderr, process.env))}\n`);
  if (!json) return;
  const error = asEdgeError(raw);
  const { code, context } = error;
  const line = JSON.stringify({ error: { code, what: error.what(lang), hint: error.hint(lang), context } });
  await new Promise<void>((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
}

/** A failure in the words of either language. */
export class Told extends Error {
  readonly text: Text;

  constructor(text: Text) {
    super(text.en);
    this.text = text;
  }
}

const TEXTS = {
  found: { it: "c'è", en: "found" },
  nothing: { it: "non c'è nulla", en: "found nothing" },
  expected: { it: "atteso:", en: "expected" },
  write: { it: "scrivere", en: "write" },
  error: { it: "errore", en: "error" },
  warning: { it: "avviso", en: "warning" },
} as const satisfies Record<string, Text>;

function wordsOf(raw: unknown, lang: keyof Text): string {
  if (raw instanceof Told) return raw.text[lang];
  if (!(raw instanceof EdgeError)) return raw instanceof Error ? raw.message : String(raw);
  const lines = problems.parse(raw.context["problems"]).map((one) => {
    const where = one.path === "" ? "" : `${one.path}: `;
    const isMissing = one.found === "nulla" || one.found === "nothing";
    const there = isMissing ? TEXTS.nothing[lang] : `${TEXTS.found[lang]} ${one.found}`;
    const more = [one.hint, one.write && `${TEXTS.write[lang]} \`${one.write}\``].filter(Boolean).map((part) => `; ${part}`);
    const what = `${there}, ${TEXTS.expected[lang]} ${one.expected}${more.join("")}`;
    return `${one.file}:${one.line}:${one.column}: ${one.code}${one.severity === "warning" ? ` (${TEXTS.warning[lang]})` : ""}: ${where}${what}`;
  });
  return [...lines, `${TEXTS.error[lang]} ${raw.code}: ${raw.what(lang)}`, `→ ${raw.hint(lang)}`].join("\n");
}
