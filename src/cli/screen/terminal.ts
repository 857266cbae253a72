/** Prints what a command has found: tables and sentences in one language for people, JSON for machines. */
import { type Problem, problemLine } from "../../config/findings/problems.ts";
import type { Lang } from "../../config/index.ts";
import { asEdgeError, type EdgeError } from "../../kit/errors.ts";
import { COLUMNS, columnsOf } from "../../kit/system/tty.ts";
import { formatDuration } from "../../kit/text/format-duration.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { folded } from "../../kit/text/wrap.ts";
import type { DeviceProblem, PointStatus, WireStatus } from "../../model/index.ts";
import { plain, table } from "./table.ts";
import { type Phrase, type Say, sayIn } from "./texts.ts";

/** Options of every command, as commander hands them over. */
export interface Globals {
  readonly json?: boolean;
  readonly socket?: string;
  readonly config?: string;
}

export interface Terminal {
  readonly lang: Lang;
  readonly json: boolean;
  readonly say: Say;
  /** Of the terminal, or what COLUMNS says; absent where there is no end to a line. */
  readonly columns: number | undefined;
  /** One line on stdout. */
  line(text: string): void;
  /** Sentences on stdout, wrapped at spaces. */
  lines(text: string): void;
  table(headings: readonly Phrase[], rows: readonly (readonly string[])[]): void;
  /** One JSON document (a line of it for a stream). */
  document(value: unknown, indent?: number): void;
}

export function terminal(lang: Lang, json: boolean): Terminal {
  const say = sayIn(lang);
  const line = (text: string) => void process.stdout.write(`${plainLines(text)}\n`);
  const columns = columnsOf(process.stdout, process.env);
  return {
    lang,
    json,
    say,
    columns,
    line,
    lines: (text) => line(folded(text, columns)),
    table: (headings, rows) => {
      if (rows.length === 0) return line(say("none"));
      for (const text of table(headings.map(say), rows, columns ?? COLUMNS)) line(text);
    },
    document: (value, indent = 2) => line(JSON.stringify(value, null, indent)),
  };
}

/** On stderr: code, what happened, what to do next; never a stack trace. */
export function complain(
  raw: unknown,
  { lang, json, ran }: { readonly lang: Lang; readonly json: boolean; readonly ran: string },
): void {
  const error = asEdgeError(raw);
  process.stderr.write(
    json
      ? `${JSON.stringify({ error: errorDocument(error, lang) })}\n`
      : `${folded(plainLines(errorText(error, lang, ran)), columnsOf(process.stderr, process.env))}\n`,
  );
}

const plainLines = (text: string): string => text.split("\n").map(plain).join("\n");

function errorText(error: EdgeError, lang: Lang, ran: string): string {
  const problems = problemsOf(error).map((p) => `${problemLine(p, lang)}\n`);
  const say = sayIn(lang);
  const { near } = error.context;
  const suggested = typeof near === "string" ? `${say("didYouMean")} ${near}? ` : "";
  return `${problems.join("")}${say("error")} ${error.code}: ${error.what(lang)}\n→ ${suggested}${besides(error.hint(lang), ran)}`;
}

/** The next step without the advice to run the command that has just been run: `ran`, without its arguments. */
export function besides(hint: string, ran: string): string {
  const parts = hint.split(/(?<=[.;]) /);
  const others = parts.filter((part) => ran === "" || !new RegExp(`\`cippo ${ran}( [^-\`][^\`]*)?\``).test(part));
  return others.length === 0 ? hint : others.join(" ").replace(/;$/, ".");
}

const errorDocument = (error: EdgeError, lang: Lang) => ({
  code: error.code,
  what: error.what(lang),
  hint: error.hint(lang),
  context: error.context,
});

const problemsOf = (error: EdgeError): readonly Problem[] =>
  error.code === "config.invalid" && Array.isArray(error.context["problems"]) ? error.context["problems"] : [];

// ---------------------------------------------------------------- values as people read them

/** What is wrong, since when and what to do next, of a device that is not well. */
export const shownProblem = (problem: DeviceProblem | undefined, { lang, say }: Terminal): string =>
  problem === undefined
    ? ""
    : `${problem.code}: ${problem.what[lang]} (${say("for_")} ${formatDuration(problem.forMs)}) → ${problem.next[lang]}`;

/** How far a value can be trusted. One that is not the present one is called last, never good. */
export const shownQuality = ({ quality, last }: PointStatus, say: Say): string => say(last ? "last" : quality);

export const shownAge = (ms: number | null, say: Say): string => (ms === null ? say("never") : formatDuration(ms));

/** Of a device that is asked: how fast it answers and how many requests failed. Of one that sends by itself: how many of its bytes were understood. */
export function shownWire(wire: WireStatus | undefined, say: Say): string {
  if (wire === undefined) return "";
  const some = (count: number, phrase: Phrase) => (count === 0 ? [] : [pluralise(count, say(phrase))]);
  if ("messages" in wire) {
    const { messages, retained, repeated, malformed } = wire;
    return [
      pluralise(messages, say("messages")),
      ...some(retained, "retained"),
      ...some(repeated, "repeated"),
      ...some(malformed, "malformed"),
    ].join(", ");
  }
  if ("frames" in wire) {
    const { frames, strayBytes, unread } = wire;
    return [pluralise(frames, say("frames")), ...some(strayBytes, "strayBytes"), ...some(unread, "unread")].join(", ");
  }
  const { requests, timeouts, checksumErrors, exceptions, latencyMs, held } = wire;
  const share = (count: number, phrase: Phrase) => (count === 0 ? [] : [pluralise(count, say(phrase), `${count}/${requests}`)]);
  return [
    ...(latencyMs === null ? [] : [`${Math.round(latencyMs)} ms`]),
    ...share(timeouts, "unanswered"),
    ...share(checksumErrors, "corruptReplies"),
    ...share(exceptions, "refusals"),
    ...(held ? [say("held")] : []),
  ].join(", ");
}

/** Local date and time, sortable. */
export function shownTime(wall: number): string {
  const at = new Date(wall);
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
