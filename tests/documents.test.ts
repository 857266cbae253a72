/** What the documents name exists: files, headings, rules of the contract, identifiers, the ways of reading and command. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const text = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const filesUnder = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => `${folder}/${String(name)}`)
    .filter((name) => ending.test(name));

const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"].filter((file) => existsSync(join(ROOT, file))),
  ...filesUnder("docs", /\.md$/),
];
const sources = ["src", "hw-sim", "bench", "tools"].flatMap((folder) => filesUnder(folder, /\.ts$/));

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): ReadonlySet<string> {
  const headings = text(page)
    .replaceAll(/^```.*?^```/gms, "")
    .matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = ""]) =>
      heading
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

it("every link leads to a file, and to a heading in it", () => {
  const broken = pages.flatMap((page) =>
    [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^(https?:|mailto:)/.test(link)) return [];
      const [path = "", anchor] = link.split("#");
      const to = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, to))) return [`${page}: ${link}`];
      return anchor === undefined || anchors(to).has(anchor) ? [] : [`${page}: ${link} (no such heading)`];
    }),
  );
  expect(broken).toEqual([]);
});

it("a source that is named without its folder exists", () => {
  const names = new Set([...sources, ...filesUnder("tests", /\.ts$/)].map((file) => file.slice(file.lastIndexOf("/") + 1)));
  const gone = pages.flatMap((page) =>
    [...text(page).matchAll(/`([\w.-]+\.ts)`/g)].flatMap(([, name = ""]) => (names.has(name) ? [] : [`${page}: ${name}`])),
  );
  expect(gone).toEqual([]);
});

it("a file that a reader is to write imports what is there", () => {
  const written = pages.flatMap((page) =>
    [...text(page).matchAll(/^`([\w./-]+\.ts)`\n\n```ts\n(.*?)^```/gms)].map(([, file = "", code = ""]) => ({
      page,
      file,
      code,
    })),
  );
  expect(written.length).toBeGreaterThan(2);
  const there = (path: string) => existsSync(join(ROOT, path)) || written.some(({ file }) => file === path);
  const lost = written.flatMap(({ page, file, code }) =>
    [...code.matchAll(/from "(\.[^"]+)"/g)]
      .map(([, name = ""]) => relative(ROOT, join(ROOT, dirname(file), name)))
      .flatMap((path) => (there(path) ? [] : [`${page}: ${path}`])),
  );
  expect(lost).toEqual([]);
});

it("every command in a block for the shell is one of cippo's, and every script one of npm's", () => {
  const commands = new Set([
    "help",
    ...[...text("src/cli/program.ts").matchAll(/\bgroup\("([a-z]+)"/g)].map(([, name]) => name),
    ...[...text("src/cli/command-groups.ts").matchAll(/\badd\(\s*"([a-z]+)"/g)].map(([, name]) => name),
  ]);
  const { scripts } = JSON.parse(text("package.json")) as { readonly scripts: object };
  expect(commands.size).toBeGreaterThan(10);
  const wrong = pages.flatMap((page) => {
    const shell = [...text(page).matchAll(/^```sh\n(.*?)^```/gms)].map(([, code = ""]) => code).join("\n");
    const asked = [...shell.matchAll(/^(?:sudo )?cippo ([a-z]+)/gm)].filter(([, name = ""]) => !commands.has(name));
    const run = [...text(page).matchAll(/\bnpm run (?:--?\S+ )*([a-z][\w:-]*)/g)].filter(
      ([, name = ""]) => !Object.hasOwn(scripts, name),
    );
    return [...asked, ...run].map(([found]) => `${page}: ${found}`);
  });
  expect(wrong).toEqual([]);
});

it("every rule of the contract that is cited stands there under its own heading", () => {
  const rules = new Set([...text("docs/mqtt-contract.md").matchAll(/^#### (CT-[A-Z]\d+)$/gm)].map(([, rule]) => rule));
  expect(rules.size).toBeGreaterThan(30);
  const citing = [...pages, ...sources, ...filesUnder("tests", /\.ts$/)];
  const unknown = citing.flatMap((file) =>
    [...text(file).matchAll(/\bCT-[A-Z]\d+\b/g)].flatMap(([rule]) => (rules.has(rule) ? [] : [`${file}: ${rule}`])),
  );
  expect(unknown).toEqual([]);
});

it("every key of a configuration has a meaning", () => {
  const pages = ["docs/configuration.md", ...filesUnder("docs/devices", /\.md$/)];
  const silent = pages.flatMap((page) =>
    [...text(page).matchAll(/^\| (`[^|]+`) \|.*\| {2}\|$/gm)].map(([, key]) => `${page}: ${key}`),
  );
  expect(silent).toEqual([]);
});

it("the glossary names identifiers and keys that exist", () => {
  const all = [...sources.map(text), text("config/schema.json")].join("\n");
  const named = [...text("docs/glossary.md").matchAll(/`([A-Za-z][\w.]*)`/g)].flatMap(([, name = ""]) => name.split("."));
  expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
});
describe.each(["docs/the-way-of-a-reading.md", "docs/the-way-of-a-command.md"])("%s", (page) => {
  const imports = (file: string): ReadonlySet<string> =>
    new Set(
      ts
        .preProcessFile(text(file), true, true)
        .importedFiles.map(({ fileName }) => relative(ROOT, join(ROOT, dirname(file), fileName))),
    );
  /** Rows of its tables: file, what it does, where it goes on. */
  const rows = [...text(page).matchAll(/^\| `(src\/[\w/.-]+\.ts)` \| ([^|]+) \| ([^|]*)\|$/gm)].map(
    ([, file = "", verb = "", next = ""]) => ({
      file,
      verb,
      next: [...next.matchAll(/`(src\/[\w/.-]+\.ts)`/g)].map(([, to = ""]) => to),
    }),
  );
  const named = new Set(rows.map(({ file }) => file));

  it("names files that exist, each once, and one after another", () => {
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.map(({ file }) => file).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(named.size).toBe(rows.length);
    expect(rows.flatMap(({ next }) => next).filter((to) => !named.has(to))).toEqual([]);
    const reached = new Set(rows.flatMap(({ next }) => next));
    expect(
      rows
        .slice(1)
        .map(({ file }) => file)
        .filter((file) => !reached.has(file)),
    ).toEqual([]);
  });

  it("agrees with the imports: one of two that follow each other knows the other, or a third on the way knows both", () => {
    const known = new Map([...named].map((file) => [file, imports(file)]));
    const knows = (a: string, b: string) => known.get(a)?.has(b) === true || known.get(b)?.has(a) === true;
    const joined = (a: string, b: string) =>
      [...named].some((by) => known.get(by)?.has(a) === true && known.get(by)?.has(b) === true);
    const apart = rows.flatMap(({ file, next }) =>
      next.filter((to) => !knows(file, to) && !joined(file, to)).map((to) => `${file} → ${to}`),
    );
    expect(apart).toEqual([]);
  });
});

it("the gateway tells no event of its own that the table of docs/events.md lacks", () => {
  const written: string[] = [];
  const drafts: string[] = [];
  for (const file of sources.filter((name) => /^src\/(edge|sync|gateway)\//.test(name) && !name.startsWith("src/edge/kinds/"))) {
    const walk = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === "hostEvent") drafts.push(file);
      if (ts.isObjectLiteralExpression(node)) {
        const value = (name: string) =>
          node.properties.find((one): one is ts.PropertyAssignment => ts.isPropertyAssignment(one) && one.name.getText() === name)
            ?.initializer;
        const kind = value("kind");
        // A draft is told by its severity; a kind that is no constant comes from an asset kind, or from the table.
        if (value("severity") !== undefined && kind !== undefined && ts.isStringLiteralLike(kind))
          written.push(`${file}: ${kind.text}`);
      }
      ts.forEachChild(node, walk);
    };
    walk(ts.createSourceFile(file, text(file), ts.ScriptTarget.Latest, true));
  }
  expect(written, "take kind and severity from hostEvent()").toEqual([]);
  expect(drafts.length).toBeGreaterThan(10);
});
