/** Headings and rows go in; aligned lines come out, and on a narrow terminal closer ones: nothing is left out. */

/** What a device or a program said must not command the terminal, or break a line: anybody can send a name by radio. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, "·");

/** Columns beyond ASCII count by code point; cells never hold wide characters. */
const width = (text: string): number => [...text].length;

/** `columns`: of the terminal, or absent where there is room for all. Numbers stand right, words left. */
export function table(headings: readonly string[], written: readonly (readonly string[])[], columns?: number): string[] {
  const rows = written.map((row) => row.map(plain));
  const widths = headings.map((heading, i) => Math.max(width(heading), ...rows.map((row) => width(row[i] ?? ""))));
  const right = headings.map((_, i) => rows.length > 0 && rows.every((row) => /^-?[\d.,]*$/.test(row[i] ?? "")));
  const line = (cells: readonly string[]) => {
    const aligned = cells.map((cell, i) => pad(cell, widths[i] ?? 0, right[i] ?? false)).join("  ");
    return width(aligned.trimEnd()) <= (columns ?? Number.POSITIVE_INFINITY) ? aligned.trimEnd() : close(cells);
  };
  return [line(headings), ...rows.map(line)];
}

/** Why a device is down stands last, and must not be what a narrow terminal cuts: empty cells go instead, but for a sign of what belongs to the row before. */
const close = (cells: readonly string[]): string =>
  (cells[0] === "" ? "  " : "") + cells.filter((cell) => cell !== "").join("  ");

function pad(text: string, to: number, right: boolean): string {
  const fill = " ".repeat(Math.max(0, to - width(text)));
  return right ? fill + text : text + fill;
}
