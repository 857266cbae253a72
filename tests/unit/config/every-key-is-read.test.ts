/** Every key that a configuration may have is read by some code, or is marked in its schema as not yet available. */
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";

/*
 * How it knows: the types of a checked site are derived from the schemas, and the compiler remembers for each property of such a type the line of the
 * schema that declares it. So each `site.gateway.socket`, `{ socket } = …` and `"socket" in …` anywhere in `src` leads back to one line of a schema,
 * and a line that nothing leads to is a key that nobody reads. A key of the same name elsewhere does not count for it, as it would in a search for words.
 * Families of devices and kinds name what they need of their options in interfaces of their own: for these a key counts as read where one of its name is
 * read in the same room.
 * What it cannot see: a key that is only copied into another object, which nobody asks, counts as read.
 */

const ROOT = join(import.meta.dirname, "../../..");
/** Where keys are declared, and in which rooms a read of the same name is one of them. */
const ROOMS = [
  { declares: "src/config/schema/", reads: null },
  { declares: "src/drivers/", reads: "src/drivers/" },
  { declares: "src/edge/kinds/", reads: "src/edge/" },
] as const;

/** Read from the text itself, entry by entry, before any type is known: `devicesOf`, `assetsOf`, `glance`. */
const FROM_TEXT = ["type", "devices", "assets", "language"];
/** Published as they stand, in the catalog and in the states of assets: their own keys are read by the platform. */
const WHOLE = ["lat", "lon", "hint", "it", "en"];
/** Objects with schemas for values that are no part of a configuration: lines between processes. */
const NO_CONFIGURATION = ["src/drivers/ble-child/"];

interface Key {
  readonly key: string;
  readonly file: string;
  readonly place: string;
  readonly isMarked: boolean;
}

const { read, declared } = sources();

function sources() {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([join(ROOT, "src/cli/index.ts"), join(ROOT, "src/main.ts")], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  /** Places of keys that are read, and `folder key` for each name that is read there. */
  const read = new Set<string>();
  const declared: Key[] = [];
  let file = "";
  const note = (name: string, symbol: ts.Symbol | undefined) => {
    for (const { reads } of ROOMS) if (reads !== null && file.startsWith(reads)) read.add(`${reads} ${name}`);
    for (const at of symbol?.declarations ?? [])
      if (ts.isPropertyAssignment(at) || ts.isShorthandPropertyAssignment(at)) read.add(placeOf(at));
  };
  const isSchema = (node: ts.Node): boolean => checker.getTypeAtLocation(node).getProperty("_zod") !== undefined;
  /** Of an object of schemas: one that has anything else as well is the description of a device or a kind. */
  const isShape = ({ properties }: ts.ObjectLiteralExpression): boolean =>
    properties.every((one) =>
      ts.isPropertyAssignment(one)
        ? isSchema(one.initializer)
        : ts.isSpreadAssignment(one) || ts.isShorthandPropertyAssignment(one),
    ) && properties.some((one) => ts.isPropertyAssignment(one));
  const declare = (node: ts.Node): boolean => {
    if (node.parent === undefined || !ts.isObjectLiteralExpression(node.parent) || !isShape(node.parent)) return false;
    // Named by a table; read by the same name.
    if (ts.isPropertyAssignment(node) && ts.isComputedPropertyName(node.name)) return false;
    if (!ts.isPropertyAssignment(node) && !(ts.isShorthandPropertyAssignment(node) && isSchema(node.name))) return false;
    const isMarked = ts.isPropertyAssignment(node) && /^notYet\(/.test(node.initializer.getText());
    declared.push({ key: node.name.getText(), file, place: placeOf(node), isMarked });
    // A kind reads which of its options are written that it does not act upon, to say so.
    return isMarked || (ts.isPropertyAssignment(node) && /\bNOT_YET\b/.test(node.initializer.getText()));
  };
  const walk = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) note(node.name.text, checker.getSymbolAtLocation(node.name));
    if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression)) {
      const { text } = node.argumentExpression;
      note(text, checker.getTypeAtLocation(node.expression).getProperty(text));
    }
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = (node.propertyName ?? node.name).getText();
      // `{ rules: _, ...rest }` takes a key away: that is not reading it.
      if (!node.name.getText().startsWith("_")) note(name, checker.getTypeAtLocation(node.parent).getProperty(name));
    }
    // A list of names that are looked up one by one.
    if (ts.isStringLiteral(node) && ts.isArrayLiteralExpression(node.parent)) note(node.text, undefined);
    // Of what is not yet available nothing inside is either.
    if (isDeclaring && declare(node)) return;
    ts.forEachChild(node, walk);
  };
  let isDeclaring = false;
  for (const source of program.getSourceFiles()) {
    file = relative(ROOT, source.fileName);
    isDeclaring =
      ROOMS.some(({ declares }) => file.startsWith(declares)) && !NO_CONFIGURATION.some((folder) => file.startsWith(folder));
    if (file.startsWith("src/")) walk(source);
  }
  return { read, declared };
}

function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  return `${relative(ROOT, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}:${node.getStart()}`;
}

const isRead = ({ key, file, place }: Key): boolean =>
  read.has(place) ||
  ROOMS.some(({ declares, reads }) => reads !== null && file.startsWith(declares) && read.has(`${reads} ${key}`));

it("each key of the configuration is read, or says that it is not yet available", { timeout: 240_000 }, () => {
  const keys = declared.filter(({ key }) => ![...WHOLE, ...FROM_TEXT].includes(key));
  const named = (these: readonly Key[]) => these.map(({ key, place }) => `${key} (${place})`);
  const silent = named(keys.filter((key) => !isRead(key) && !key.isMarked));
  const idle = named(keys.filter((key) => read.has(key.place) && key.isMarked));
  expect(silent, "keys that are accepted in silence: read them, or mark them notYet(…) in the schema").toEqual([]);
  expect(idle, "keys that are marked, and read all the same: the mark may go").toEqual([]);
  for (const [folder, least] of [
    ["src/config/", 35],
    ["src/drivers/", 80],
    ["src/edge/kinds/", 5],
  ] as const)
    expect(keys.filter(({ file }) => file.startsWith(folder)).length, folder).toBeGreaterThan(least);
});

it("what is marked and written is told at its place, in the reader's language", async () => {
  const text = `gateway: { id: gw, site: { id: s, name: { it: Sito, en: Site } }, place: { lat: 45 }, timezone: Europe/Rome, holidays: { country: IT } }
credentials: { badgeKey: badge.key, trust: keys.json }
sync: { broker: "mqtt://127.0.0.1", uplink: { monthlyBudgetMB: 500 } }
buses: { pins: { gpio: auto } }
devices: { loop: { type: gpio-contact, bus: pins, line: 5, means: presence } }
rules: []
`;
  const { problems } = await checkSite(text, "s.yaml", "it");
  const marked = problems.filter(({ code }) => code === "config.not-yet");
  expect(marked.map((one) => problemLine(one, "it"))).toEqual(
    [
      ["1:35", "gateway.site.name", "name"],
      ["1:67", "gateway.place", "place"],
      ["3:47", "sync.uplink.monthlyBudgetMB", "monthlyBudgetMB"],
    ].map(
      ([at, path, key]) => `s.yaml:${at}: config.not-yet (avviso): ${path}: "${key}": non ancora disponibile in questa versione`,
    ),
  );
});
