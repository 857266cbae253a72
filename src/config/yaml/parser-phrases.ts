/** Says what should have been written where the YAML parser complains, in both languages. */
import type { YAMLError } from "yaml";
import type { Text } from "../../model/index.ts";
import { phrases } from "../findings/phrases.ts";

const validYaml = { it: "YAML valido", en: "valid YAML" };
const indent = {
  it: "gli stessi rientri per le voci dello stesso livello, fatti di spazi",
  en: "the same indentation, of spaces, for all keys of one level",
};
const tabs = { it: "spazi al posto delle tabulazioni", en: "spaces instead of tabs" };
const oneValue = {
  it: "un solo valore dopo i due punti: un testo che contiene `: ` va tra virgolette",
  en: "one value after the colon: a text that contains `: ` stands in quotation marks",
};
const noAnchors = { it: "niente ancore, alias o etichette (&, *, !)", en: "no anchors, aliases or tags (&, *, !)" };

const noDirective = { it: "nessuna riga che comincia con %", en: "no line that begins with %" };
const noStrayEntry = {
  it: "`voce: valore`: un elemento `- ` sta solo sotto la voce della sua lista",
  en: "`key: value`: an entry `- ` stands under the key of its list only",
};

const byCode: Readonly<Partial<Record<YAMLError["code"], Text>>> = {
  ALIAS_PROPS: noAnchors,
  BAD_ALIAS: noAnchors,
  BAD_PROP_ORDER: noAnchors,
  MULTIPLE_ANCHORS: noAnchors,
  MULTIPLE_TAGS: noAnchors,
  TAG_RESOLVE_FAILED: noAnchors,
  BAD_COLLECTION_TYPE: noAnchors,
  BAD_DIRECTIVE: noDirective,
  BAD_DQ_ESCAPE: {
    it: "apostrofi semplici '…' intorno a un testo con \\, o \\\\ per ognuno",
    en: "single quotation marks '…' round a text with \\, or \\\\ for each",
  },
  BAD_INDENT: indent,
  BAD_SCALAR_START: {
    it: "un testo che comincia con questo segno tra virgolette",
    en: "a text that begins with this character in quotation marks",
  },
  BLOCK_AS_IMPLICIT_KEY: oneValue,
  BLOCK_IN_FLOW: {
    it: "la parentesi { o [ chiusa prima della riga seguente, o tutte le voci dentro la parentesi",
    en: "the bracket { or [ closed before the next line, or all keys inside the bracket",
  },
  KEY_OVER_1024_CHARS: { it: "una voce più breve", en: "a shorter key" },
  MULTILINE_IMPLICIT_KEY: {
    it: "`voce: valore` su una riga sola, con due punti e uno spazio",
    en: "`key: value` on one line, with a colon and a space",
  },
  MULTIPLE_DOCS: {
    it: "un solo documento per file: togliere `---` e ciò che segue, o metterlo in un file suo",
    en: "one document in a file: remove `---` and what follows, or put it into a file of its own",
  },
  NON_STRING_KEY: { it: "un nome semplice", en: "a plain name" },
  TAB_AS_INDENT: tabs,
};

const byWords: readonly (readonly [RegExp, Text])[] = [
  [/closing .*quote/, { it: "le virgolette chiuse", en: "the quotation marks closed" }],
  [
    /Expected .*(flow map|flow-map).*\}|end with a \}|must .*\}/,
    { it: "la parentesi } che chiude", en: "the closing bracket }" },
  ],
  [/Expected .*(flow seq).*\]|end with a \]|must .*\]/, { it: "la parentesi ] che chiude", en: "the closing bracket ]" }],
  [/^Tabs? /, tabs],
  [/sufficiently indented/, indent],
  [
    /Missing , or :|Missing , between/,
    { it: "una virgola fra una voce e l'altra", en: "a comma between one entry and the next" },
  ],
  [/Missing space after :/, { it: "uno spazio dopo i due punti", en: "a space after the colon" }],
  [
    /Implicit map keys need|Implicit keys need/,
    { it: "`voce: valore`, con due punti e uno spazio", en: "`key: value`, with a colon and a space" },
  ],
  [/Tags and anchors|at most one (anchor|tag)/, noAnchors],
  [
    /directives-end|doc-start/,
    { it: "`---` solo in una riga per sé, o in nessuna", en: "`---` on a line of its own, or nowhere" },
  ],
  [/Comments must be separated/, { it: "uno spazio prima di #", en: "a space before #" }],
  [/Sequence item without -/, { it: "`- ` davanti a ogni elemento della lista", en: "`- ` before each entry of the list" }],
  [
    /Unexpected ,|Unexpected empty item/,
    { it: "una virgola sola fra una voce e l'altra", en: "one comma between one entry and the next" },
  ],
  [/Block scalar header/, { it: "nulla sulla riga dopo | o >", en: "nothing on the line after | or >" }],
  [/Nested mappings/, oneValue],
  [
    /Unsupported token|Expected a flow scalar|Unexpected (flow-map-end|flow-seq-end|flow-error-end)|Unexpected .* token|Unexpected .* at node end|Unexpected .* in |Unexpected [}\]]/,
    {
      it: "ogni parentesi aperta chiusa una volta, e nulla dopo",
      en: "each bracket that is opened closed once, and nothing after it",
    },
  ],
];

/** A bracket left open is complained of as a line that is not indented enough. */
const CLOSING: Readonly<Record<string, Text>> = {
  "}": { it: "la parentesi } che chiude", en: "the closing bracket }" },
  "]": { it: "la parentesi ] che chiude", en: "the closing bracket ]" },
};

/** Where an earlier line is broken, those after it only seem to be indented wrongly. */
export const isOfIndentation = (error: Pick<YAMLError, "code" | "message">): boolean => expectation(error) === indent;

/** `hall { type: …` lacks the colon after its name; the parser complains of the colons inside the bracket. */
const NO_COLON = /^\s*([\w-]+)\s*([{[])/;

/** Of a text that could be read all the same, and means something that a configuration has not. */
export function expectedInstead({ code, message }: Pick<YAMLError, "code" | "message">): Text {
  if (code !== "BAD_DIRECTIVE") return phrases.noTag;
  return message.includes("%YAML") || message.includes("YAML version") ? phrases.yaml12 : noDirective;
}

/** What a line begins with says more than the parser, which takes it for the value or the key of the line before. */
const byBegin = (line: string): Text | undefined =>
  line.startsWith("%") ? noDirective : line.startsWith("- ") ? noStrayEntry : undefined;

const OF_THE_BEGIN: readonly YAMLError["code"][] = [
  "BAD_SCALAR_START",
  "BLOCK_AS_IMPLICIT_KEY",
  "MULTILINE_IMPLICIT_KEY",
  "UNEXPECTED_TOKEN",
];

/** What the parser cannot know of a line; `whole`: it is refused from its beginning on. undefined: it is as the parser says. */
export function expectedOfLine(line: string, error: Pick<YAMLError, "code" | "message">, whole: boolean): Text | undefined {
  const begun = whole && OF_THE_BEGIN.includes(error.code) ? byBegin(line) : undefined;
  if (begun !== undefined) return begun;
  const [, name, bracket] = NO_COLON.exec(line) ?? [];
  if (name === undefined || expectation(error) !== oneValue) return undefined;
  return {
    it: `i due punti dopo il nome: \`${name}: ${bracket}\``,
    en: `a colon after the name: \`${name}: ${bracket}\``,
  };
}

/** `message` is read only where one code stands for several things. */
export function expectation({ code, message }: Pick<YAMLError, "code" | "message">): Text {
  const closing = CLOSING[/end with a (\S)/.exec(message)?.[1] ?? ""];
  return closing ?? byCode[code] ?? byWords.find(([pattern]) => pattern.test(message))?.[1] ?? validYaml;
}
