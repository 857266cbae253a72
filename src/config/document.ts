/** YAML text goes in; a plain value, the place of each key and value in the text, and the syntax problems come out. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { Code } from "../kit/errors.ts";
import type { Problem } from "./problems.ts";
import { type Lang, words } from "./words.ts";

export type Path = readonly PropertyKey[];

/** A configuration is written by people: beyond this it is something else. */
export const MAX_BYTES = 1_048_576;
/** Deeper nesting is not a configuration, and would cost the reader its stack. */
const MAX_DEPTH = 32;
/** The same, seen before the parser spends seconds on it: brackets upon brackets, dashes upon dashes. */
const DEEP = /(?:[[{]\s*){33}|^ *(?:- +){33}/m;
/** Nobody reads more. */
const MAX_PROBLEMS = 1000;
/** What follows a broken line is mostly its consequence. */
const MAX_SYNTAX = 20;

export interface Finding {
  readonly severity?: "error" | "warning";
  readonly code: Code;
  readonly path: Path;
  /** The key itself is meant, not its value. */
  readonly key?: boolean;
  readonly found: string;
  readonly expected: string;
  readonly hint?: string;
}

/** A command that looked for its language reads the same file again: the second time costs no parsing. */
let glanced: { readonly text: string; readonly document: Document.Parsed } | null = null;

export class Source {
  readonly file: string;
  readonly lang: Lang;
  readonly problems: Problem[] = [];
  readonly #lines = new LineCounter();
  readonly #text: string;
  readonly #byKey = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  #root: Node | null = null;
  #refused = false;

  constructor(text: string, file: string, lang: Lang) {
    this.#text = text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.file = file;
    this.lang = lang;
    this.#lines.addNewLine(0);
    for (let at = this.#text.indexOf("\n"); at >= 0; at = this.#text.indexOf("\n", at + 1)) this.#lines.addNewLine(at + 1);
  }

  /** The text as plain value, or undefined when nothing can be made of it; `problems` says why. */
  read(): unknown {
    if (Buffer.byteLength(this.#text) > MAX_BYTES) {
      this.#syntax(0, `${(Buffer.byteLength(this.#text) / MAX_BYTES).toFixed(1)} MB`, words.megabyte[this.lang]);
      return undefined;
    }
    const deep = DEEP.exec(this.#text)?.index;
    if (deep !== undefined) {
      this.#syntax(deep, this.#line(deep), words.tooDeep[this.lang]);
      return undefined;
    }
    const document = this.#parsed();
    if (document === null) return undefined;
    // The parser recurses, and says so when its stack is used up; what else it then complains of only follows from that.
    if (document.errors.some(({ code }) => code === "RESOURCE_EXHAUSTION")) {
      this.#syntax(0, this.#line(0), words.tooDeep[this.lang]);
      return undefined;
    }
    for (const error of document.errors.slice(0, MAX_SYNTAX))
      this.#syntax(error.pos[0], this.#line(error.pos[0]), this.#rule(error.message));
    for (const warning of document.warnings) this.#syntax(warning.pos[0], this.#line(warning.pos[0]), words.noTag[this.lang]);
    if (document.directives?.yaml.explicit && document.directives.yaml.version !== "1.2")
      this.#syntax(0, `%YAML ${document.directives.yaml.version}`, words.yaml12[this.lang]);
    if (document.errors.length > 0) return undefined;
    this.#root = document.contents;
    if (isScalar(this.#root) && this.#root.value === null) this.#root = null;
    if (this.#root === null) {
      this.#syntax(0, words.nothing[this.lang], `${words.keys[this.lang]} gateway, sync, buses, devices, assets`);
      return undefined;
    }
    return this.#plain(this.#root, 0);
  }

  #parsed(): Document.Parsed | null {
    const known = glanced?.text === this.#text ? glanced.document : null;
    glanced = null;
    if (known !== null) return known;
    const document = this.#parse();
    if (document !== null) glanced = { text: this.#text, document };
    return document;
  }

  #parse(): Document.Parsed | null {
    try {
      return parseDocument(this.#text, {
        version: "1.2",
        schema: "core",
        merge: false,
        // Looked after by #plain: the library compares each key with each other.
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: "error",
      });
    } catch {
      // The composer recurses: only a stack that is used up makes it throw.
      this.#syntax(0, this.#line(0), words.tooDeep[this.lang]);
      return null;
    }
  }

  add(finding: Finding): void {
    const { severity = "error", code, path, found, expected, hint } = finding;
    const place = this.#lines.linePos(this.#offset(path, finding.key ?? false));
    this.#push({
      severity,
      code,
      file: this.file,
      line: Math.max(1, place.line),
      column: Math.max(1, place.col),
      path: path.map(String).join("."),
      found,
      expected,
      ...(hint !== undefined && { hint }),
    });
  }

  /** Line on which a key or value stands. */
  lineOf(path: Path, key = true): number {
    return this.#lines.linePos(this.#offset(path, key)).line;
  }

  /** Of what is not there, the place of what should hold it. */
  #offset(path: Path, wantKey: boolean): number {
    let node = this.#root;
    let offset = node?.range?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      if (isMap(node)) {
        const pair = this.#pairs(node).get(String(step));
        if (pair === undefined) return offset;
        const value = pair.value as Node | null;
        const key = pair.key as Node | null;
        const last = depth === path.length - 1;
        offset =
          (wantKey && last ? key : isMap(value) || isSeq(value) ? (last ? value : key) : (value ?? key))?.range?.[0] ?? offset;
        node = value;
      } else if (isSeq(node) && typeof step === "number") {
        node = (node.items[step] as Node | undefined) ?? null;
        offset = node?.range?.[0] ?? offset;
      } else return offset;
    }
    return offset;
  }

  #pairs(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#byKey.get(map) ?? new Map(map.items.map((pair) => [keyOf(pair), pair]));
    this.#byKey.set(map, known);
    return known;
  }

  #plain(node: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH) {
      if (!this.problems.some((p) => p.expected === words.tooDeep[this.lang]))
        this.#syntax(offsetOf(node), this.#line(offsetOf(node)), words.tooDeep[this.lang]);
      return undefined;
    }
    if (isMap(node)) {
      const made: Record<string, unknown> = {};
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : undefined;
        // A prototype is never a name; zod would pass it over in silence.
        if (name === undefined || name === "" || name === "__proto__" || (isScalar(key) && key.value === null)) {
          const offset = offsetOf(key);
          this.#syntax(offset, this.#line(offset), words.plainKey[this.lang]);
        } else {
          if (Object.hasOwn(made, name)) this.#syntax(offsetOf(key), quoted(name), words.onlyOnce[this.lang], "config.same-name");
          made[name] = this.#plain(value, depth + 1);
        }
      }
      return made;
    }
    if (isSeq(node)) return node.items.map((item) => this.#plain(item, depth + 1));
    if (isAlias(node)) {
      this.#syntax(offsetOf(node), `*${node.source}`, words.writtenOut[this.lang]);
      return undefined;
    }
    return isScalar(node) ? node.value : null;
  }

  #syntax(offset: number, found: string, expected: string, code: Code = "config.syntax"): void {
    const { line, col } = this.#lines.linePos(offset);
    const at = { file: this.file, line: Math.max(1, line), column: Math.max(1, col), path: "" };
    this.#push({ severity: "error", code, ...at, found, expected });
  }

  #push(problem: Problem): void {
    const first = problem.severity === "error" && !this.#refused;
    if (first) this.#refused = true;
    // The first error always has room: it is what refuses the whole.
    if (first || this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }

  #line(offset: number): string {
    const from = this.#text.lastIndexOf("\n", offset - 1) + 1;
    const to = this.#text.indexOf("\n", offset);
    return quoted(this.#text.slice(from, to < 0 ? undefined : to).trim());
  }

  #rule(message: string): string {
    return `${words.validYaml[this.lang]} (${message.split("\n")[0]})`;
  }
}

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : "");

/** What stands behind such a key may be a secret, written where the name of a file belongs. */
export const SECRET_KEY = /^(.*password|passwd|pwd|.*key)$/i;
const SECRET = /(\b\w*(?:password|passwd|pwd|key)["']?\s*:\s+)\S.*/i;

/** As in JSON, cut where it gets long; control characters never reach a terminal, passwords no journal. */
export function quoted(written: string): string {
  const text = written.replace(/:\/\/[^\s/@]*@/g, "://…@").replace(SECRET, "$1…");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text).replace(/[\u007f-\u009f\u0000-\u001f]/g, "?");
}
