/** What is wrong, or not yet possible, in a configuration: its shape, and the line that people and editors read. */
import type { Code } from "../kit/errors.ts";
import type { Lang } from "./words.ts";

/** One finding, in the language asked for. `line` and `column` count from 1. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly code: Code;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the configuration: `devices.meter-hall.unit`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** "did you mean …?" */
  readonly hint?: string;
}

const said = {
  found: { it: "trovato", en: "found" },
  expected: { it: "atteso", en: "expected" },
  warning: { it: "avviso", en: "warning" },
} as const;

/** `file:line:column: code: path: found …, expected …; did you mean …?` */
export function problemLine(problem: Problem, lang: Lang): string {
  const { file, line, column, code, path, found, expected, hint, severity } = problem;
  const mark = severity === "warning" ? ` (${said.warning[lang]})` : "";
  const where = path === "" ? "" : `${path}: `;
  return `${file}:${line}:${column}: ${code}${mark}: ${where}${said.found[lang]} ${found}, ${said.expected[lang]} ${expected}${hint ? `; ${hint}` : ""}`;
}
