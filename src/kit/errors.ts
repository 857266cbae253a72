/** The one class of errors: code, context and cause, and a hint that tells a technician what to do next. */
import type { Text, Told } from "../model/index.ts";
import { type Code, codes, type PlaceOf } from "./codes.ts";
import { firstLine } from "./text/first-line.ts";
import { pluralise } from "./text/pluralise.ts";

export type { Code } from "./codes.ts";
export type Context = Readonly<Record<string, unknown>>;

/**
 * What fills the placeholders of a code's sentences, and more that is logged and shown with `--json`. Names and numbers are the same in both
 * languages; a phrase is a Text.
 */
export type ContextOf<C extends Code> = Context & { readonly [Place in PlaceOf<C>]: string | number | Text };

/** The arguments after the code. The context may be left out where the sentences have no placeholders. */
export type Given<C extends Code> = [PlaceOf<C>] extends [never]
  ? [context?: Context, cause?: unknown]
  : [context: ContextOf<C>, cause?: unknown];

/** For a code and context that were checked elsewhere: by another process, or in another error. Otherwise use EdgeError, which checks them. */
export class CodedError extends Error {
  override readonly name = "EdgeError";
  readonly code: Code;
  readonly context: Context;

  constructor(code: Code, context: Context = {}, cause?: unknown) {
    super(`${code} ${fill(codes[code].what.en, context, "en")}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.context = context;
    writeStack(this);
    writeStack(cause);
  }

  get retry(): boolean {
    return codes[this.code].retry;
  }

  /** Followed by `figures` of the context, a Text, where it is there. */
  what(lang: keyof Text): string {
    const sentence = fill(codes[this.code].what[lang], this.context, lang);
    const figures = this.context["figures"] as Partial<Text> | undefined;
    return typeof figures?.[lang] === "string" ? `${sentence}: ${figures[lang]}` : sentence;
  }

  hint(lang: keyof Text): string {
    return fill(codes[this.code].hint[lang], this.context, lang);
  }

  /** The same error with more context. */
  with(more: Context): EdgeError {
    return new CodedError(this.code, { ...this.context, ...more }, this.cause);
  }
}

export type EdgeError = CodedError;

/** `new EdgeError(code, context, cause)` with the context checked against the code. A cast, because a class constructor cannot have type parameters. */
export const EdgeError = CodedError as unknown as {
  new <C extends Code>(code: C, ...given: Given<C>): EdgeError;
  readonly prototype: EdgeError;
};

/** Reads the stack once: until then V8 keeps alive all that was on it, and a device's last error is kept for days. */
function writeStack(error: unknown): void {
  if (error instanceof Error) void error.stack;
}

/** Both languages, for the one who will read it. */
export const toldOf = (error: EdgeError): Told => ({
  what: { it: error.what("it"), en: error.what("en") },
  next: { it: error.hint("it"), en: error.hint("en") },
});

export const isCode = (code: string): code is Code => Object.hasOwn(codes, code);

/** Anything thrown, as an EdgeError: what is none becomes `internal`, so that nobody is shown a stack trace. */
export function asEdgeError(error: unknown): EdgeError {
  if (error instanceof EdgeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EdgeError("internal", { message }, error);
}

/** A sentence of the table without values: `{count}` with the plural of its noun. */
export const unfilled = (text: string): string =>
  text.replace(PLACE, (_, name: string, _optional, forms?: string) => `{${name}}${forms ? ` ${forms.split("|").at(-1)}` : ""}`);

export const isText = (value: unknown): value is Text =>
  typeof value === "object" && value !== null && "it" in value && "en" in value && typeof value.it === "string";

/** `{name}`, `{name?}`, or `{count problem|problems}`: a number and its noun. */
const PLACE = /\{(\w+)(\?)?(?: ([^{}]+))?\}/g;

/** Libraries and commands give reasons of many lines; the sentence stays one. */
const FILLED_MAX = 500;

function fill(text: string, context: Context, lang: keyof Text): string {
  return text.replace(PLACE, (_, name: string, optional?: string, forms?: string) => {
    if (forms !== undefined) return pluralise(Number(context[name]), forms);
    const value = context[name] ?? (optional === undefined ? "?" : "");
    const given = isText(value) ? value[lang] : String(value);
    return given.length > FILLED_MAX || /[\r\n]/.test(given) ? firstLine(given, FILLED_MAX) : given;
  });
}
