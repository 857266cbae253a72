/** Reads YAML as plain values, remembers where each stands in the text, and collects the problems found. */
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Code } from "../../kit/errors.ts";
import { type Lang, phrases } from "../findings/phrases.ts";
import { type Path, type Problem, quoted } from "../findings/problems.ts";
import { oddSpaceIn, plainSpaces, visible } from "./characters.ts";
import { expectation, expectedInstead, expectedOfLine, isOfIndentation } from "./parser-phrases.ts";
import { plain, type TextFinding } from "./plain.ts";

/** A configuration is written by people: beyond this it is something else. */
export const MAX_BYTES = 1_048_576;
/** Deeper nesting than in any configuration: found here, because the parser would spend seconds on it. */
const DEEP = /(?:[[{]\s*){33}|^ *(?:- +){33}/m;
/** More problems than these are not listed: nobody would read them. */
const MAX_PROBLEMS = 1000;
/** After so many broken lines the rest is mostly their consequence. */
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
  /** The line as it should read. */
  readonly write?: string;
}

/** The last parsed text: a command that only looked for its language reads the same file again right after. */
let lastParsed: { readonly text: string; readonly document: Document.Parsed } | null = null;

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
      this.addInText({
        code: "config.syntax",
        offset: 0,
        found: `${(Buffer.byteLength(this.#text) / MAX_BYTES).toFixed(1)} MB`,
        expected: phrases.megabyte[this.lang],
      });
      return undefined;
    }
    const deep = DEEP.exec(this.#text)?.index;
    if (deep !== undefined) {
      this.addInText({ code: "config.syntax", offset: deep, expected: phrases.tooDeep[this.lang] });
      return undefined;
    }
    const document = this.#parsed();
    if (document === null) return undefined;
    // The parser is recursive and reports when its stack is used up; its other errors only follow from that.
    if (document.errors.some(({ code }) => code === "RESOURCE_EXHAUSTION")) {
      this.addInText({ code: "config.syntax", offset: 0, expected: phrases.tooDeep[this.lang] });
      return undefined;
    }
    for (const error of this.#causes(document.errors).slice(0, MAX_SYNTAX)) this.#broken(error);
    for (const warning of document.warnings)
      this.addInText({ code: "config.syntax", offset: warning.pos[0], expected: expectedInstead(warning)[this.lang] });
    if (document.directives?.yaml.explicit && document.directives.yaml.version !== "1.2")
      this.addInText({
        code: "config.syntax",
        offset: 0,
        found: `%YAML ${document.directives.yaml.version}`,
        expected: phrases.yaml12[this.lang],
      });
    if (document.errors.length > 0) return undefined;
    this.#root = document.contents;
    if (isScalar(this.#root) && this.#root.value === null) this.#root = null;
    if (this.#root === null) {
      this.addInText({
        code: "config.syntax",
        offset: 0,
        found: phrases.nothing[this.lang],
        expected: `${phrases.keys[this.lang]} gateway, sync, buses, devices, assets`,
      });
      return undefined;
    }
    return plain(this.#root, [], {
      lang: this.lang,
      text: this.#text,
      addInText: (s) => this.addInText(s),
      lineAt: (o) => this.#lines.linePos(o).line,
    });
  }

  #parsed(): Document.Parsed | null {
    const known = lastParsed?.text === this.#text ? lastParsed.document : null;
    lastParsed = null;
    if (known !== null) return known;
    const document = this.#parse();
    if (document !== null) lastParsed = { text: this.#text, document };
    return document;
  }

  #parse(): Document.Parsed | null {
    try {
      return parseDocument(this.#text, {
        version: "1.2",
        schema: "core",
        merge: false,
        // `plain` finds keys that stand twice; the library would compare each key with every other.
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: "error",
      });
    } catch {
      // The composer recurses: only a stack that is used up makes it throw.
      this.addInText({ code: "config.syntax", offset: 0, expected: phrases.tooDeep[this.lang] });
      return null;
    }
  }

  add(finding: Finding): void {
    const { severity = "error", code, path, found, expected, hint, write } = finding;
    const place = this.#lines.linePos(this.#offset(path, finding.key ?? false));
    this.#push({
      severity,
      code,
      file: this.file,
      line: Math.max(1, place.line),
      column: Math.max(1, place.col),
      path: shownPath(path),
      found,
      expected,
      ...(hint !== undefined && { hint }),
      ...(write !== undefined && { write }),
    });
  }

  /** Line on which a key or value stands. */
  lineOf(path: Path, key = true): number {
    return this.#lines.linePos(this.#offset(path, key)).line;
  }

  /** Where the path ends before its last step: the place of the last mapping or list that is there. */
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

  /** The first error of each line, without those that only follow from an earlier one. */
  #causes(errors: readonly YAMLError[]): readonly YAMLError[] {
    const inOrder = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
    const lines = inOrder.map(({ pos }) => this.#lines.linePos(pos[0]).line);
    const broken = inOrder.findIndex((error) => !isOfIndentation(error));
    return inOrder.filter((error, i) => lines[i] !== lines[i - 1] && (broken < 0 || i <= broken || !isOfIndentation(error)));
  }

  /** An invisible character may be all that is wrong with a line that the parser refuses: then that is said instead. */
  #broken(error: YAMLError): void {
    const offset = Math.min(error.pos[0], this.#text.length);
    const from = this.#text.lastIndexOf("\n", offset - 1) + 1;
    const line = this.#lineAt(from);
    const odd = oddSpaceIn(line.replace(/(["']).*?\1|#.*$/g, (covered) => "x".repeat(covered.length)));
    const expected = (expectedOfLine(line, error, offset === from) ?? expectation(error))[this.lang];
    if (odd === undefined) this.addInText({ code: "config.syntax", offset, expected });
    else
      this.addInText({
        code: "config.odd-character",
        offset: from + odd.at,
        found: quoted(visible(line)),
        expected: phrases.plainSpace[this.lang],
        write: plainSpaces(line),
      });
  }

  addInText({ severity = "error", code, offset, path = [], found, expected, write }: TextFinding): void {
    const { line, col } = this.#lines.linePos(offset);
    this.#push({
      severity,
      code,
      file: this.file,
      line: Math.max(1, line),
      column: Math.max(1, col),
      path: shownPath(path),
      found: found ?? this.#line(offset),
      expected,
      ...(write !== undefined && { write }),
    });
  }

  /** A value as it stands in the text, such as 0x1F; undefined for a mapping or a list. */
  written(path: Path): string | undefined {
    let node: Node | null = this.#root;
    for (const step of path) {
      if (isMap(node)) node = (this.#pairs(node).get(String(step))?.value as Node | undefined) ?? null;
      else if (isSeq(node) && typeof step === "number") node = (node.items[step] as Node | undefined) ?? null;
      else return undefined;
    }
    return isScalar(node) ? node.source : undefined;
  }

  #push(problem: Problem): void {
    const first = problem.severity === "error" && !this.#refused;
    if (first) this.#refused = true;
    // The first error is kept in any case, because it refuses the file.
    if (first || this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }

  #line(offset: number): string {
    const line = this.#lineAt(this.#text.lastIndexOf("\n", offset - 1) + 1).trim();
    return line === "" ? phrases.lineEnd[this.lang] : quoted(line);
  }

  #lineAt(from: number): string {
    const to = this.#text.indexOf("\n", from);
    return this.#text.slice(from, to < 0 ? undefined : to).replace(/\r$/, "");
  }
}

const shownPath = (path: Path): string => path.map((step) => visible(String(step))).join(".");

const keyOf = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : "");
