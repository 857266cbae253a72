/** Headings and rows go in; aligned lines come out, cut to the width of the terminal. */

/** What a device or a program said must not command the terminal, or break a line: anybody can send a name by radio. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}/gu, "·");

/** Columns beyond ASCII count by code point; cells never hold wide characters. */
const width = (text: string): number => [...text].length;

/** `columns`: of the terminal, or absent where nothing need be cut. Numbers stand right, words left. */
export function table(headings: readonly string[], written: readonly (readonly string[])[], columns?: number): string[] {
  const rows = written.map((row) => row.map(plain));
  const widths = headings.map((heading, i) => Math.max(width(heading), ...rows.map((row) => width(row[i] ?? ""))));
  const right = headings.map((_, i) => rows.length > 0 && rows.every((row) => /^-?[\d.,]*$/.test(row[i] ?? "")));
  const line = (cells: readonly string[]) =>
    cut(
      cells
        .map((cell, i) => pad(cell, widths[i] ?? 0, right[i] ?? false))
        .join("  ")
        .trimEnd(),
      columns,
    );
  return [line(headings), ...rows.map(line)];
}

function pad(text: string, to: number, right: boolean): string {
  const fill = " ".repeat(Math.max(0, to - width(text)));
  return right ? fill + text : text + fill;
}

function cut(text: string, columns: number | undefined): string {
  if (columns === undefined || width(text) <= columns) return text;
  return `${[...text].slice(0, Math.max(1, columns - 1)).join("")}…`;
}
