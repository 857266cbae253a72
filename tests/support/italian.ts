/** Finds English words in a text for readers of Italian, by the words of the project's own English sentences. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname, "../..");

export interface Pair {
  readonly it: string;
  readonly en: string;
  readonly file: string;
}

/** Words that Italian technicians say too, and names of programs, formats and things. */
export const LOANS: ReadonlySet<string> = new Set(
  (
    "acl app badge baud bcm beacon bind bluetooth bluetoothd broker bthome bus byte cert chip cippo client codec connack d-bus database debian decoder dialout dns eastron editor embedded file firmware " +
    "gateway getty go-e gpio gpiod gpioinfo gpioset https id json keepalive laser led lidar master mb minicom modbus modemmanager mosquitto mqtt mqtts npm offline online onoff " +
    "password pem platform python qos radar radio raspberry rate record root router rtu schema scp sd server socket suback sudo switch sysfs tag tcp tls topic utf yaml"
  ).split(" "),
);

/** Spelt alike, and Italian. */
export const ALIKE: ReadonlySet<string> = new Set(
  "a all b base c come d data delta en far g h i id in it ms n o per pi piazza q quota s scenario se ω".split(" "),
);

/** What is typed or configured in English by readers of either language; elsewhere on an Italian page each of them is a mistake. */
export const TYPED: ReadonlySet<string> = new Set(
  (
    "acceptloss acknowledge bias client come ctrl-c debug devices error export false fault info key lang make min none off on over " +
    "retained sigkill silent simulate start streets-day true until warn yes"
  ).split(" "),
);

const sources = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((file) => join(folder, String(file)))
    .filter((file) => file.endsWith(".ts"));

/** The text of a literal; what a template fills in is an empty place. */
export function literal(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node)) return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join(" ");
  if (ts.isParenthesizedExpression(node)) return literal(node.expression);
  if (ts.isArrowFunction(node)) return ts.isBlock(node.body) ? undefined : literal(node.body);
  if (!ts.isConditionalExpression(node)) return undefined;
  const [yes, no] = [literal(node.whenTrue), literal(node.whenFalse)];
  return yes === undefined || no === undefined ? undefined : `${yes} ${no}`;
}

export function eachNode(file: string, look: (node: ts.Node) => void): void {
  const walk = (node: ts.Node): void => {
    look(node);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest, true));
}

/** Every `{ it: …, en: … }` that stands in the sources of the product and of its demonstration. */
export function pairs(): readonly Pair[] {
  const found: Pair[] = [];
  for (const file of [...sources("src"), ...sources("hw-sim")])
    eachNode(file, (node) => {
      if (!ts.isObjectLiteralExpression(node)) return;
      const literals = new Map(
        node.properties.flatMap((one) =>
          ts.isPropertyAssignment(one) ? [[one.name.getText(), literal(one.initializer)] as const] : [],
        ),
      );
      const [it, en] = [literals.get("it"), literals.get("en")];
      if (it !== undefined && en !== undefined) found.push({ it, en, file });
    });
  return found;
}

export const productFiles = (): readonly string[] => sources("src");

/** Without what is the same in every language: commands and keys in backticks, quoted values, paths, addresses, options, codes. */
const prose = (text: string): string =>
  text
    .replace(/`[^`]*`|"[^"\n]*"/g, " ")
    .replace(/\{\w+(?: ([^{}]*))?\}/g, (_, forms?: string) => forms ?? " ")
    .replace(/(?<!\w)-{1,2}[a-z][\w-]*/g, " ")
    .replace(/[^\s<>()|,;]*[\w\])][.:/_@\\][^\s<>()|,;]*[\w\])][^\s<>()|,;]*/g, " ")
    .replace(/[^\s<>()|,;=]*\d[^\s<>()|,;=]*/g, " ");

export const wordsOf = (text: string): readonly string[] =>
  prose(text)
    .toLowerCase()
    .match(/\p{L}+(?:-\p{L}+)*/gu) ?? [];

const all = pairs();
const [inItalian, inEnglish] = [new Set(all.flatMap(({ it }) => wordsOf(it))), new Set(all.flatMap(({ en }) => wordsOf(en)))];

const small = (texts: readonly string[]): ReadonlySet<string> =>
  new Set(texts.flatMap((text) => prose(text).match(/\p{L}+(?:-\p{L}+)*/gu) ?? []).filter((word) => word === word.toLowerCase()));

/** What stands on both sides of the project's texts; names and abbreviations, with their capitals, are the same in every language. */
export function onBothSides(): readonly string[] {
  const english = small(all.map(({ en }) => en));
  return [...small(all.map(({ it }) => it))].filter((word) => english.has(word)).sort();
}

/** English words in it; `names` are those of the site (devices, points, buses) and what was typed. */
export function englishIn(text: string, names: Iterable<string> = []): readonly string[] {
  const known = new Set([...LOANS, ...ALIKE, ...[...names].map((name) => name.toLowerCase())]);
  const isEnglish = (word: string) => inEnglish.has(word) && (!inItalian.has(word) || TYPED.has(word)) && !known.has(word);
  return [...new Set(wordsOf(text).filter(isEnglish))];
}
