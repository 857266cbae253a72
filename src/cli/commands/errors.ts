/** A code, the first word of some, or none goes in; what it means and what to do about it comes out. */
import { nearest } from "../../config/nearest.ts";
import { type CodeSpec, codes } from "../../kit/codes.ts";
import { EdgeError, unfilled } from "../../kit/errors.ts";
import type { Terminal } from "../terminal.ts";

export async function errors(code: string | undefined, terminal: Terminal): Promise<number> {
  const all: [string, CodeSpec][] = Object.entries(codes);
  const found = code === undefined ? all : all.filter(([name]) => name === code || name.startsWith(`${code}.`));
  const { say, lang } = terminal;
  if (found.length === 0) {
    const near = nearest(code ?? "", Object.keys(codes));
    throw new EdgeError("cli.usage", { reason: `${say("badValue")}: ${code}${near ? ` (${near}?)` : " (`cippo errors`)"}` });
  }
  if (terminal.json)
    terminal.document(
      found.map(([code, spec]) => ({ code, ...spec, what: { it: unfilled(spec.what.it), en: unfilled(spec.what.en) } })),
    );
  else if (code === undefined)
    terminal.table(
      ["code", "what", "todo"],
      found.map(([name, s]) => [name, unfilled(s.what[lang]), s.hint[lang]]),
    );
  else
    for (const [name, spec] of found)
      terminal.line(`${name}: ${unfilled(spec.what[lang])}\n→ ${spec.hint[lang]}\n(${say(spec.retry ? "retries" : "noRetry")})`);
  return 0;
}
