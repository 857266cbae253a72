/** Lays out a table for the width of a terminal, all rows alike; nothing is left out. */
import { width, wrapped } from "../../kit/text/wrap.ts";

/** Text from a device or a program must not control the terminal, break a line or reverse it: anybody can send a name by radio. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "·");

const GAP = 2;
/** Sentences in a narrower column are hard to read. */
const SENTENCE = 28;
const INSET = 4;

/** `columns`: of the terminal, or absent where there is room for all. Numbers stand right, words left. */
export function table(headings: readonly string[], written: readonly (readonly string[])[], columns?: number): string[] {
  const [heads, rows] = withoutEmpty(
    headings,
    written.map((row) => row.map(plain)),
  );
  const widths = heads.map((heading, i) => Math.max(width(heading), ...rows.map((row) => width(row[i] ?? ""))));
  const right = heads.map((_, i) => rows.length > 0 && rows.every((row) => /^(-?[\d.,]+|–)?$/.test(row[i] ?? "")));
  const aligned = (cells: readonly string[]) => cells.map((cell, i) => pad(cell, widths[i] ?? 0, right[i] ?? false)).join("  ");
  const available = columns ?? Number.POSITIVE_INFINITY;
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP, 0);
  const all = [heads, ...rows];
  if (before + (widths.at(-1) ?? 0) <= available) return all.map((cells) => aligned(cells).trimEnd());
  const one = { all, before, available, aligned };
  if (before + SENTENCE <= available) return all.flatMap((cells) => beside(cells, one));
  if (before <= available + GAP) return all.flatMap((cells) => below(cells, one));
  return rows.flatMap((cells) => listed(heads, cells, available));
}

interface Layout {
  /** What the columns take that stand before the last. */
  readonly before: number;
  readonly available: number;
  readonly aligned: (cells: readonly string[]) => string;
}

/** The last column goes on under itself. */
function beside(cells: readonly string[], { before, available, aligned }: Layout): readonly string[] {
  const [first = "", ...more] = wrapped(cells.at(-1) ?? "", available - before);
  return [`${aligned([...cells.slice(0, -1), first]).trimEnd()}`, ...more.map((line) => " ".repeat(before) + line)];
}

/** The last column stands under the others. */
function below(cells: readonly string[], { available, aligned }: Layout): readonly string[] {
  const last = cells.at(-1) ?? "";
  return [
    aligned(cells.slice(0, -1)).trimEnd(),
    ...(last === "" ? [] : wrapped(last, available - INSET).map((line) => " ".repeat(INSET) + line)),
  ];
}

/** Too many columns for this terminal: each row is a list of what it has. */
function listed(heads: readonly string[], cells: readonly string[], available: number): readonly string[] {
  const [first = "", ...rest] = cells;
  const named = rest.flatMap((cell, i) => (cell === "" ? [] : [`${heads[i + 1]} ${cell}`]));
  return [first, ...named.flatMap((text) => wrapped(text, available - GAP).map((line) => " ".repeat(GAP) + line))];
}

/** Columns that are empty in every row are left out. */
function withoutEmpty(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): readonly [readonly string[], readonly (readonly string[])[]] {
  const kept = heads.map((_, i) => rows.length === 0 || rows.some((row) => (row[i] ?? "") !== ""));
  return [heads.filter((_, i) => kept[i]), rows.map((row) => heads.map((_, i) => row[i] ?? "").filter((_, i) => kept[i]))];
}

function pad(text: string, to: number, right: boolean): string {
  const fill = " ".repeat(Math.max(0, to - width(text)));
  return right ? fill + text : text + fill;
}
