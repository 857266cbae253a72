/** Wraps text at spaces to the width of a terminal, so that no terminal breaks a word where it likes. */

/** Columns beyond ASCII count by code point; what is shown never holds wide characters. */
export const width = (text: string): number => [...text].length;

/** At spaces; a word that is longer than the line is cut. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) <= columns) {
      line += ` ${word}`;
      continue;
    }
    if (line !== "") lines.push(line);
    for (; width(word) > columns; word = [...word].slice(columns).join("")) lines.push([...word].slice(0, columns).join(""));
    line = word;
  }
  return [...lines, line];
}

const HANG = 2;

/** Each line of a text; what does not fit goes on further in. `columns` absent: there is no end to a line. */
export const folded = (text: string, columns?: number): string =>
  text
    .split("\n")
    .flatMap((line) => hanging(line, columns ?? Number.POSITIVE_INFINITY))
    .join("\n");

export function hanging(text: string, columns: number): readonly string[] {
  if (width(text) <= columns) return [text];
  const inset = /^ */.exec(text)?.[0] ?? "";
  const left = Math.max(1, columns - inset.length - HANG);
  return wrapped(text.trimStart(), left).map((line, i) => `${inset}${i === 0 ? "" : " ".repeat(HANG)}${line}`);
}
