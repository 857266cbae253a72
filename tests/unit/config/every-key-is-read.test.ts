/** Every key that a configuration may have is read by some code, or is marked in its schema as not yet available. */
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { checkSite, problemLine } from "../../../src/config/index.ts";

/*
 * How it knows: the types of a checked site are derived from the schemas, and the compiler remembers for each property of such a type the line of the
 * schema that declares it. So each `site.gateway.socket`, `{ socket } = …` and `"socket" in …` anywhere in `src` leads back to one line of a schema,
 * and a line that nothing leads to is a key that nobody reads. A key of the same name elsewhere does not count for it, as it would in a search for words.
 * What it cannot see: a key that is only copied into another object, which nobody asks, counts as read.
 */

const ROOT = join(import.meta.dirname, "../../..");
const SCHEMA = join(ROOT, "src/config/schema/schema.ts");

/** Read from the text itself, entry by entry, before any type is known: `devicesOf`, `assetsOf`, `glance`. */
const FROM_TEXT = ["type", "devices", "assets", "language"];
/** Published as they stand, in the catalog and in the states of assets: their own keys are read by the platform. */
const WHOLE = ["lat", "lon", "hint", "it", "en"];

/** Lines of schema.ts whose key is read somewhere in `src`. */
function readLines(): ReadonlySet<string> {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram([join(ROOT, "src/cli/index.ts"), join(ROOT, "src/main.ts")], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const read = new Set<string>();
  const note = (symbol: ts.Symbol | undefined) => {
    for (const at of symbol?.declarations ?? [])
      if (ts.isPropertyAssignment(at) || ts.isShorthandPropertyAssignment(at)) read.add(placeOf(at));
  };
  const walk = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) note(checker.getSymbolAtLocation(node.name));
    if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression))
      note(checker.getTypeAtLocation(node.expression).getProperty(node.argumentExpression.text));
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      const name = (node.propertyName ?? node.name).getText();
      // `{ rules: _, ...rest }` takes a key away: that is not reading it.
      if (!node.name.getText().startsWith("_")) note(checker.getTypeAtLocation(node.parent).getProperty(name));
    }
    ts.forEachChild(node, walk);
  };
  for (const file of program.getSourceFiles()) if (relative(ROOT, file.fileName).startsWith("src/")) walk(file);
  return read;
}

const placeOf = (node: ts.Node): string => {
  const file = node.getSourceFile();
  return `${relative(ROOT, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}:${node.getStart()}`;
};

/** The keys that schema.ts declares, with the place of each. */
function declared(): readonly { readonly key: string; readonly place: string; readonly isMarked: boolean }[] {
  const file = ts.createSourceFile(SCHEMA, ts.sys.readFile(SCHEMA) ?? "", ts.ScriptTarget.Latest, true);
  const found: { key: string; place: string; isMarked: boolean }[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && isKey(node)) {
      const isMarked = /^notYet\(/.test(node.initializer.getText());
      found.push({ key: node.name.getText(), place: placeOf(node), isMarked });
      // Of what is not yet available nothing inside is either.
      if (isMarked) return;
    }
    if (ts.isShorthandPropertyAssignment(node) && isKey(node))
      found.push({ key: node.name.getText(), place: placeOf(node), isMarked: false });
    ts.forEachChild(node, walk);
  };
  walk(file);
  return found;
}

const isKey = (node: ts.Node): boolean =>
  ts.isCallExpression(node.parent.parent) && /^z\s*\.(strict|loose)Object$/.test(node.parent.parent.expression.getText());

it("each key of the configuration is read, or says that it is not yet available", { timeout: 240_000 }, () => {
  const read = readLines();
  const keys = declared().filter(({ key }) => ![...WHOLE, ...FROM_TEXT].includes(key));
  const silent = keys.filter(({ place, isMarked }) => !read.has(place) && !isMarked).map(({ key, place }) => `${key} (${place})`);
  const idle = keys.filter(({ place, isMarked }) => read.has(place) && isMarked).map(({ key, place }) => `${key} (${place})`);
  expect(silent, "keys that are accepted in silence: read them, or mark them notYet(…) in the schema").toEqual([]);
  expect(idle, "keys that are marked, and read all the same: the mark may go").toEqual([]);
  expect(keys.length).toBeGreaterThan(35);
});

it("what is marked and written is told at its place, in the reader's language", async () => {
  const text = `gateway: { id: gw, site: { id: s, name: { it: Sito, en: Site } }, place: { lat: 45 }, timezone: Europe/Rome, holidays: { country: IT } }
credentials: { badgeKey: badge.key, trust: keys.json }
sync: { broker: "mqtt://127.0.0.1", uplink: { monthlyBudgetMB: 500 } }
buses: { pins: { gpio: auto } }
devices: { loop: { type: gpio-contact, bus: pins, line: 5, means: presence } }
assets: { bay: { kind: parking-bay, occupancy: loop.presence, part: false } }
rules: []
`;
  const { problems } = await checkSite(text, "s.yaml", "it");
  expect(problems.map((one) => problemLine(one, "it"))).toEqual(
    [
      ["1:35", "gateway.site.name", "name"],
      ["1:67", "gateway.place", "place"],
      ["2:37", "credentials.trust", "trust"],
      ["3:47", "sync.uplink.monthlyBudgetMB", "monthlyBudgetMB"],
      ["6:63", "assets.bay.part", "part"],
    ].map(
      ([at, path, key]) => `s.yaml:${at}: config.not-yet (avviso): ${path}: "${key}": non ancora disponibile in questa versione`,
    ),
  );
});
