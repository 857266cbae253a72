/** The shape of a problem in a configuration, and the line that people and editors read. */
import type { Code } from "../../kit/errors.ts";
import { visible } from "../yaml/characters.ts";
import { type Lang, phrases } from "./phrases.ts";

export type Path = readonly PropertyKey[];

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
  /** The line as it should read, where one can know. */
  readonly write?: string;
}

const labels = {
  found: { it: "c'è", en: "found" },
  nothing: { it: "non c'è", en: "found" },
  expected: { it: "atteso:", en: "expected" },
  write: { it: "scrivere", en: "write" },
  warning: { it: "avviso", en: "warning" },
} as const;

/** Codes of what is written correctly and does nothing: nothing else is expected there. */
const IDLE: readonly Code[] = ["config.not-yet", "config.type-not-yet", "config.no-effect"];

/** `file:line:column: code: path: found …, expected …; did you mean …?; write …` */
export function problemLine(problem: Problem, lang: Lang): string {
  const { file, line, column, code, path, found, expected, hint, severity, write } = problem;
  const mark = severity === "warning" ? ` (${labels.warning[lang]})` : "";
  const where = path === "" ? "" : `${path}: `;
  const there = found === phrases.nothing[lang] ? labels.nothing[lang] : labels.found[lang];
  const what = IDLE.includes(code) ? `${found}: ${expected}` : `${there} ${found}, ${labels.expected[lang]} ${expected}`;
  const more = [hint, write === undefined ? undefined : `${labels.write[lang]} \`${write}\``].filter(
    (part) => part !== undefined,
  );
  return [`${file}:${line}:${column}: ${code}${mark}: ${where}${what}`, ...more].join("; ");
}

/** Keys whose value may be a secret that was written where the name of a file belongs. */
export const SECRET_KEY = /^(.*password|passwd|pwd|.*key)$/i;
const SECRET = /(\b\w*(?:password|passwd|pwd|key)["']?\s*:\s+)\S.*/i;

/** As in JSON and cut when long, without control characters and without passwords. */
export function quoted(written: string): string {
  const text = visible(written)
    .replace(/:\/\/[^\s/@]*@/g, "://…@")
    .replace(SECRET, "$1…");
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text);
}
