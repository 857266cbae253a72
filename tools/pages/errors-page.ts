/** Writes docs/errors.md from the table of codes. */

import type { CodeSpec } from "../../src/kit/codes/code-table.ts";
import { codes } from "../../src/kit/codes.ts";
import { unfilled } from "../../src/kit/errors.ts";
import { cells } from "./markdown.ts";

export function errorsPage(): string {
  const all: [string, CodeSpec][] = Object.entries(codes);
  const rows = all
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { what, hint, retry }]) =>
      cells(`\`${code}\``, `${unfilled(what.en)}<br>*${unfilled(what.it)}*`, `${hint.en}<br>*${hint.it}*`, retry ? "yes" : "no"),
    );
  return `<!-- Generated from src/kit/codes.ts by \`npm run generate\`: do not edit. -->

# Error codes

Each error that \`cippo\` prints, each \`bad\` or \`uncertain\` reading and each refused command carries one of these codes.
\`cippo errors CODE\` says the same on the box, in Italian with \`--lang it\`. *Retry* says whether trying again without
changing anything can help; the gateway does that by itself.

${cells("Code", "What happened", "What to do", "Retry")}
${cells("---", "---", "---", "---")}
${rows.join("\n")}
`;
}
