/** Why a run could not be done goes in; words for people on standard error, and with --json one last line on standard output, come out. */
import * as z from "zod";
import { asEdgeError, EdgeError } from "../../src/kit/errors.ts";

/** A problem of a configuration, as `cippo config check --json` tells it. */
export const problem = z.looseObject({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  code: z.string(),
  path: z.string(),
  found: z.string(),
  expected: z.string(),
  hint: z.string().optional(),
});
const problems = z.array(problem).catch([]);

export async function complain(raw: unknown, json: boolean): Promise<void> {
  process.stderr.write(`${wordsOf(raw)}\n`);
  if (!json) return;
  const error = asEdgeError(raw);
  const { code, context } = error;
  const line = JSON.stringify({ error: { code, what: error.what("en"), hint: error.hint("en"), context } });
  await new Promise<void>((resolve) => process.stdout.write(`${line}\n`, () => resolve()));
}

function wordsOf(raw: unknown): string {
  if (!(raw instanceof EdgeError)) return raw instanceof Error ? raw.message : String(raw);
  const lines = problems.parse(raw.context["problems"]).map(({ file, line, column, code, path, found, expected, hint }) => {
    const where = path === "" ? "" : `${path}: `;
    return `${file}:${line}:${column}: ${code}: ${where}found ${found}, expected ${expected}${hint ? `; ${hint}` : ""}`;
  });
  return [...lines, `error ${raw.code}: ${raw.what("en")}`, `→ ${raw.hint("en")}`].join("\n");
}
