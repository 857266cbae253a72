/** Checks the project's laws: who may import whom, sizes, names, error codes, and that documents name real files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** layer → [layers it may import, why]. */
const MAY: Readonly<Record<string, readonly [readonly string[], string]>> = {
  model: [[], "the nouns import nothing"],
  kit: [["model"], "the kit is free of the domain"],
  mqtt: [
    ["model", "kit"],
    "one connection to a broker, whoever uses it: sync sends up through it, a bus of MQTT devices listens",
  ],
  contract: [["model", "kit"], "how a body is written, for the room that stores it and the one that sends it"],
  drivers: [["model", "kit", "mqtt"], "the three stages are siblings; main joins them"],
  edge: [["model", "kit", "contract"], "the three stages are siblings; main joins them"],
  sync: [["model", "kit", "contract", "mqtt"], "the three stages are siblings; main joins them"],
  cli: [["model", "kit", "main", "config", "drivers", "edge", "sync"], "the command line is outermost"],
  config: [["model", "kit", "drivers", "edge", "sync"], "the schema is composed from each room's own part"],
  main: [["model", "kit", "mqtt", "drivers", "edge", "sync", "config", "cli"], "main joins the rooms"],
  "hw-sim": [["model", "kit", "drivers"], "the simulator knows the wires and the tables, never the product's inside"],
  virtual: [
    ["model", "kit", "contract", "drivers", "config", "main", "hw-sim"],
    "in virtual time simulator and product are one process",
  ],
  bench: [["model", "kit", "contract", "mqtt", "drivers", "edge", "sync", "config", "main", "cli", "hw-sim"], ""],
  tools: [["model", "kit", "mqtt", "drivers", "edge", "sync", "config", "main", "cli"], ""],
};

const filesIn = (folder: string): string[] =>
  existsSync(join(ROOT, folder))
    ? readdirSync(join(ROOT, folder), { recursive: true })
        .map((f) => join(folder, String(f)))
        .filter((f) => f.endsWith(".ts"))
    : [];

const layerOf = (file: string): string => {
  if (/^hw-sim\/virtual\b/.test(file)) return "virtual";
  const top = /^(hw-sim|bench|tools|tests)\//.exec(file)?.[1];
  if (top) return top;
  return /^src\/(drivers|edge|sync|mqtt|contract|kit|cli|model|config|main)\b/.exec(file)?.[1] ?? "main";
};

/** npm packages that only one file may touch. */
const ONLY: Readonly<Record<string, RegExp>> = {
  serialport: /^src\/drivers\/transports\/serial\/serial-port\.ts$/,
  "modbus-serial": /^src\/drivers\/transports\/modbus\/modbus-link\.ts$/,
  onoff: /^src\/drivers\/transports\/gpio\/onoff-chip\.ts$/,
  mqtt: /^src\/mqtt\/client\.ts$/,
  sqlite3: /^src\/edge\/store\/database\/sqlite\.ts$/,
  "node-ble": /^src\/drivers\/ble-child\/bluez\.ts$/,
  "node-ble/src/BusHelper.js": /^src\/drivers\/ble-child\/bluez\.ts$/,
  pino: /^src\/kit\/log\.ts$/,
};

const imports = (file: string): string[] =>
  ts.preProcessFile(readFileSync(join(ROOT, file), "utf8"), true, true).importedFiles.map((f) => f.fileName);
const target = (file: string, name: string): string => relative(ROOT, join(ROOT, dirname(file), name));

/** The texts that a file gives as the code of an error, of a reading or of an answer. */
function codesIn(file: string): readonly string[] {
  const found: string[] = [];
  const texts = (node: ts.Node): void => {
    if (ts.isStringLiteral(node)) found.push(node.text);
    else if (ts.isConditionalExpression(node)) for (const one of [node.whenTrue, node.whenFalse]) texts(one);
    else if (ts.isBinaryExpression(node)) texts(node.right);
    else if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
      texts(node.expression);
  };
  const walk = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === "EdgeError" && node.arguments?.[0]) texts(node.arguments[0]);
    if (ts.isPropertyAssignment(node) && node.name.getText() === "code") texts(node.initializer);
    ts.forEachChild(node, walk);
  };
  walk(ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest, true));
  return found;
}

const product = filesIn("src");
const all = [...product, ...filesIn("hw-sim"), ...filesIn("bench"), ...filesIn("tools")];

describe("who may import whom", () => {
  it.each(all)("%s", (file) => {
    const inDevice = file.startsWith("src/drivers/devices/");
    for (const name of imports(file)) {
      if (!name.startsWith(".")) {
        expect(inDevice, `${file} imports ${name}: a device file is a table; it imports its family and nothing else`).toBe(false);
        const only = product.includes(file) ? ONLY[name] : undefined;
        if (only) expect(file, `${name} may be touched by one file only (${only})`).toMatch(only);
        continue;
      }
      const to = target(file, name);
      if (inDevice) expect(to, `${file}: a device file imports its family and nothing else`).toMatch(/^src\/drivers\/families\//);
      const from = layerOf(file);
      const layer = layerOf(to);
      const [may, why] = MAY[from] ?? [[], "unknown layer"];
      if (from === "hw-sim" && to.startsWith("src/drivers/transports/"))
        expect.fail(`${file} imports ${to}: the simulator speaks bytes, never through the product's transports`);
      expect(from === layer || may.includes(layer), `${file} (${from}) must not import ${to} (${layer}): ${why}`).toBe(true);
    }
  });

  it("has no circles", () => {
    const graph = new Map(
      all.map((f) => [
        f,
        imports(f)
          .filter((n) => n.startsWith("."))
          .map((n) => target(f, n)),
      ]),
    );
    const done = new Set<string>();
    const walk = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) expect.fail(`circle: ${[...path.slice(at), file].join(" → ")}`);
      if (done.has(file)) return;
      for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of all) walk(file, []);
  });
});

describe("laws", () => {
  it("every device file is in the registry", () => {
    const registry = readFileSync(join(ROOT, "src/drivers/index.ts"), "utf8");
    for (const file of filesIn("src/drivers/devices"))
      expect(registry, `${file} is not registered`).toContain(file.replace("src/drivers/", "./"));
  });

  it("wall time is read in kit/clock.ts alone", () => {
    for (const file of product.filter((f) => f !== "src/kit/clock.ts")) {
      const text = readFileSync(join(ROOT, file), "utf8");
      expect(/\bDate\.now\(|new Date\(\)/.test(text), `${file} reads wall time: take a Clock as an argument`).toBe(false);
    }
  });

  it("signals are joined by kit/loop/signals.ts alone", () => {
    for (const file of product) {
      const text = readFileSync(join(ROOT, file), "utf8");
      expect(/\bAbortSignal\.any\(/.test(text), `${file}: AbortSignal.any leaves something behind each time: use AnyOf`).toBe(
        false,
      );
    }
  });

  it("back-off is computed by kit/loop/backoff.ts alone", () => {
    for (const file of [...product, ...filesIn("hw-sim")].filter((f) => f !== "src/kit/loop/backoff.ts"))
      expect(/\* 2 \*\* (?!\d)/.test(textOf(file)), `${file}: use doubling or backoff`).toBe(false);
  });

  it("properties are tried with the seed of tests/support/property.ts", () => {
    for (const file of filesIn("tests").filter((f) => f !== "tests/support/property.ts"))
      expect(/^import .* from "fast-check"/m.test(textOf(file)), `${file}: import fc from tests/support/property.ts`).toBe(false);
  });

  it("native packages are loaded when they are needed, by one file each", () => {
    for (const name of ["onoff", "serialport", "modbus-serial", "sqlite3"]) {
      const touching = product.filter((file) => imports(file).includes(name));
      expect(touching, `${name} is touched by one file (${ONLY[name]})`).toHaveLength(1);
      const text = readFileSync(join(ROOT, touching[0] ?? ""), "utf8");
      const early = new RegExp(`^import (?!type ).*"${name}"`, "m").test(text) || text.includes(`require("${name}")`);
      expect(early, `${touching[0]}: import("${name}") where it is used, so that a missing one is one wire down`).toBe(false);
    }
  });

  it("every error code is thrown or shown somewhere", async () => {
    const { codes } = await import("../src/kit/codes.ts");
    const text = product
      .filter((f) => !f.startsWith("src/kit/codes/"))
      .map((f) => readFileSync(join(ROOT, f), "utf8"))
      .join("\n");
    const unused = Object.keys(codes).filter((code) => !text.includes(`"${code}"`));
    expect(unused, "codes that nobody uses").toEqual([]);
  });

  it("no unknown error code is thrown or shown", async () => {
    const { codes } = await import("../src/kit/codes.ts");
    // Ours have an area before a dot; Node's and zod's have none.
    const named = product.flatMap((file) => codesIn(file).flatMap((code) => (code.includes(".") ? [{ file, code }] : [])));
    expect(named.filter(({ code }) => !Object.hasOwn(codes, code))).toEqual([]);
    expect(named.length).toBeGreaterThan(80);
  });

  it("every file opens with one sentence", () => {
    for (const file of [...all, ...filesIn("tests")])
      expect(readFileSync(join(ROOT, file), "utf8"), `${file} must open with a sentence that says what it is for`).toMatch(
        /^(#!.*\n)?\/\*\*/,
      );
  });

  it("documents name only files that exist", () => {
    const documents = [
      "README.md",
      "CONTRIBUTING.md",
      ...(existsSync(join(ROOT, "docs")) ? readdirSync(join(ROOT, "docs"), { recursive: true }).map((f) => `docs/${f}`) : []),
    ];
    const missing = documents
      .filter((document) => document.endsWith(".md") && existsSync(join(ROOT, document)))
      .flatMap((document) => {
        const text = readFileSync(join(ROOT, document), "utf8");
        const named = text.matchAll(/`((?:src|hw-sim|tests|docs|config|bench|tools|systemd)\/[\w./-]+)`/g);
        // A path alone on its line above code is a file that the reader is to write.
        const written = (path: string) => text.includes(`\n\`${path}\`\n\n\`\`\``);
        return [...named]
          .map(([, path = ""]) => path)
          .filter((path) => !existsSync(join(ROOT, path)) && !written(path))
          .map((path) => `${document}: ${path}`);
      });
    expect(missing, "documents name files that do not exist").toEqual([]);
  });

  it.each([
    ["docs/traps.md", 80],
    ["docs/security.md", 30],
  ])("%s: each row is held by tests of that very title, by a decision that says why, or not yet", (file, least) => {
    const page = readFileSync(join(ROOT, file), "utf8");
    const rows = page
      .split(/\n\n+/)
      .filter((block) => /\| held by \|\n/.test(block))
      .flatMap((table) => table.split("\n").filter((line) => /^\| (?!.*\| held by \|$)[^-]/.test(line)));
    const wrong: string[] = [];
    for (const row of rows) {
      const held = row.slice(row.lastIndexOf(" | ", row.length - 3));
      const named = [...held.matchAll(/`([\w./-]+)` ("[^"]+"(?:, "[^"]+")*)/g)];
      const decided = [...held.matchAll(/\[\d{4} ?([^\]]*)\]\(([\w./-]+)\)/g)];
      if (named.length + decided.length === 0 && !held.startsWith(" | *not yet*")) wrong.push(`held by nothing: ${row}`);
      for (const [, file = "", titles = ""] of named) {
        const text = readFileSync(join(ROOT, file), "utf8");
        for (const [quoted = ""] of titles.matchAll(/"[^"]+"/g)) {
          const title = quoted.slice(1, -1);
          if (!['"', "'", "`"].some((mark) => text.includes(mark + title + mark))) wrong.push(`${file} has no ${quoted}`);
        }
      }
      for (const [, section = "", file = ""] of decided) {
        const text = readFileSync(join(ROOT, "docs", file), "utf8");
        if (section !== "" && !text.includes(`\n## ${section}`) && !text.includes(`\n**${section}`))
          wrong.push(`${file} has no section ${section}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(rows.length).toBeGreaterThan(least);
  });
});

/** Files that may break a law, and why. One that no longer does must go from here. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** A folder of devices is one table a file: it grows with the catalogue. */
const UNBOUNDED = ["src/drivers/devices"];

/** Names that had to be learned; the glossary says what is there instead. */
const OLD_NAMES =
  /\b(House|house|Room|Stage|Window|Desk|Lanes|lanes|Turns|Pulse|Beat|Bell|Shelf|Courier|Book|Post|Standing|Ear|InPlace|sidecar|rightOf|withUs|said|meant|counted|spoken|Said|Meant|Counted|Hearing|Showing|Audience|Retold|Concerned)\b/;

const textOf = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const firstComment = (file: string): string => {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(textOf(file))?.[1] ?? "";
  return comment.replace(/\n\s*\* ?/g, "\n").trim();
};

/** Every file that people read or write; `docs/` has an index, `bench/results/` is written by the benches. */
const everyFile = ["src", "hw-sim", "bench", "tools", "tests", "systemd", "config", ".ci"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !one.parentPath.includes("__pycache__"))
    .map((one) => relative(ROOT, join(one.parentPath, one.name))),
);
/** Of another language than TypeScript. The image of the test machine is built anew when its script changes: vm/image.sh is left alone. */
const isScript = (file: string): boolean => /^(systemd|\.ci)\/|\.(mjs|cjs|py|c)$/.test(file);
/** Without what marks a comment in its language. */
const firstLine = (file: string): string =>
  (/^(?:#!.*\n)?(?:# shellcheck .*\n)?(?:#|\/\*\*?|\/\/|""")(.*)/.exec(textOf(file))?.[1] ?? "")
    .replace(/(\*\/|""")$/, "")
    .trim();

describe("limits", () => {
  /** None over but those that the exceptions name. */
  const none = (law: string, over: readonly string[]) =>
    expect([...over].sort(), law).toEqual(Object.keys(EXCEPTIONS[law] ?? {}).sort());

  it("a folder has at most twelve files, of whatever kind", () => {
    const folders = new Map<string, number>();
    for (const file of everyFile) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
    const over = [...folders].filter(([folder, files]) => files > 12 && !UNBOUNDED.includes(folder));
    expect(over.map(([folder, files]) => `${folder}: ${files}`)).toEqual([]);
  });

  it("a file has at most 300 lines", () => {
    none(
      "300 lines",
      all.filter((file) => textOf(file).split("\n").length > 301),
    );
  });

  it("no two files of the product have one name", () => {
    const named = new Map<string, string[]>();
    for (const file of product) {
      const name = file.slice(file.lastIndexOf("/") + 1);
      if (name !== "index.ts") named.set(name, [...(named.get(name) ?? []), file]);
    }
    expect([...named.values()].filter((files) => files.length > 1)).toEqual([]);
  });

  it("the first sentence is short, and not of one stock form", () => {
    const files = [...all, ...filesIn("tests")].map((file) => [file, firstComment(file)] as const);
    const scripts = everyFile.filter(isScript).map((file) => [file, firstLine(file)] as const);
    const stock = /\bgo(es)? in\b.*\bcomes? out\b/;
    const openers = [...files, ...scripts];
    expect(openers.filter(([, opener]) => stock.test(opener.replace(/\s+/g, " "))).map(([file]) => file)).toEqual([]);
    none(
      "short opener",
      openers.filter(([, opener]) => (opener.split("\n")[0] ?? "").length > 120).map(([file]) => file),
    );
    expect(scripts.filter(([, opener]) => opener === "").map(([file]) => file)).toEqual([]);
    expect(scripts.length).toBeGreaterThan(40);
  });

  it("names are the field's, not our own", () => {
    const old = new RegExp(`^${OLD_NAMES.source}$`);
    const uses = [...all, ...filesIn("tests")].flatMap((file) => {
      const text = textOf(file);
      const found = new Set<string>();
      const walk = (node: ts.Node): void => {
        if (ts.isIdentifier(node) && old.test(node.text)) found.add(node.text);
        ts.forEachChild(node, walk);
      };
      // Comments and sentences may hold the words; only a file that has one is read as a program.
      if (OLD_NAMES.test(text)) walk(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
      return [...found].map((name) => `${file}: ${name}`);
    });
    expect(uses).toEqual([]);
  });
});
