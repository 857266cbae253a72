/** A failure goes in as code, context and cause; out comes one error class whose hint tells a technician what to do next, in Italian and English. */
import type { Text, Told } from "../model/index.ts";
import { codes } from "./codes.ts";
import { counted } from "./text/pluralise.ts";
import { firstLine } from "./text/first-line.ts";
import { pluralise } from "./text/pluralise.ts";

export type { Code } from "./codes.ts";
export type Context = Readonly<Record<string, unknown>>;

/** What fills the places of a code's sentences, and what else belongs to the case: it is logged, and answered in JSON. */
export type ContextOf<C extends Code> = Context & { readonly [Place in PlaceOf<C>]: string | number };

/** What follows a code. Where its sentences have no places, nothing has to. */
export type Given<C extends Code> = [PlaceOf<C>] extends [never]
  ? [context?: Context, cause?: unknown]
  : [context: ContextOf<C>, cause?: unknown];

/** Where code and context come from elsewhere, already together: another process, another error. Everywhere else EdgeError checks them. */
export class CodedError extends Error {
  override readonly name = "EdgeError";
  readonly code: Code;
  readonly context: Context;

  constructor(code: Code, context: Context = {}, cause?: unknown) {
    super(`${code} ${fill(codes[code].what.en, context)}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.context = context;
    writeStack(this);
    writeStack(cause);
  }

  get retry(): boolean {
    return codes[this.code].retry;
  }

  /** With the figures that belong to it, where its context has them: `figures`, a Text. */
  what(lang: keyof Text): string {
    const sentence = fill(codes[this.code].what[lang], this.context);
    const figures = this.context["figures"] as Partial<Text> | undefined;
    return typeof figures?.[lang] === "string" ? `${sentence}: ${figures[lang]}` : sentence;
  }

  hint(lang: keyof Text): string {
    return fill(codes[this.code].hint[lang], this.context);
  }

  /** The same error, of which more is known here. */
  with(more: Context): EdgeError {
    return new CodedError(this.code, { ...this.context, ...more }, this.cause);
  }
}

export type EdgeError = CodedError;

/** `new EdgeError(code, context, cause)`, the context checked by what the sentences of that code need: a constructor of a class has no type parameters. */
export const EdgeError = CodedError as unknown as {
  new <C extends Code>(code: C, ...given: Given<C>): EdgeError;
  readonly prototype: EdgeError;
};

/** The last error of a device is kept for days, and until its stack is asked for V8 keeps with it whatever stood on it: sockets, ports. */
function writeStack(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

/** Both languages, for the one who will read it. */
export const toldOf = (error: EdgeError): Told => ({
  what: { it: error.what("it"), en: error.what("en") },
  next: { it: error.hint("it"), en: error.hint("en") },
});

export const isCode = (code: string): code is Code => Object.hasOwn(codes, code);

/** The error as it is: what is not an EdgeError becomes `internal`, so that nothing reaches a person as a stack trace. */
export function asEdgeError(error: unknown): EdgeError {
  if (error instanceof EdgeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EdgeError("internal", { message }, error);
}

/** A sentence of the table as it is shown to people who have no number for it: of a number and its noun the form for many. */
export const unfilled = (text: string): string =>
  text.replace(PLACE, (_, name: string, _optional, forms?: string) => `{${name}}${forms ? ` ${forms.split("|").at(-1)}` : ""}`);

/** `{name}`, `{name?}`, or `{count problem|problems}`: a number and its noun. */
const PLACE = /\{(\w+)(\?)?(?: ([^{}]+))?\}/g;

/** Libraries and commands give several lines, pages at times, for a reason; the sentence stays one. */
const FILLED_MAX = 500;

function fill(text: string, context: Context): string {
  return text.replace(PLACE, (_, name: string, optional?: string, forms?: string) => {
    if (forms !== undefined) return pluralise(Number(context[name]), forms);
    const given = String(context[name] ?? (optional === undefined ? "?" : ""));
    return given.length > FILLED_MAX || /[\r\n]/.test(given) ? firstLine(given, FILLED_MAX) : given;
  });
}
