/** What the documents name is there: files, headings, rules of the contract and identifiers. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";

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

it("every rule of the contract that is cited stands there under its own heading", () => {
  const rules = new Set([...text("docs/mqtt-contract.md").matchAll(/^#### (CT-[A-Z]\d+)$/gm)].map(([, rule]) => rule));
  expect(rules.size).toBeGreaterThan(30);
  const citing = [...pages, ...sources, ...filesUnder("tests", /\.ts$/)];
  const unknown = citing.flatMap((file) =>
    [...text(file).matchAll(/\bCT-[A-Z]\d+\b/g)].flatMap(([rule]) => (rules.has(rule) ? [] : [`${file}: ${rule}`])),
  );
  expect(unknown).toEqual([]);
});

it("the glossary names identifiers and keys that exist", () => {
  const all = [...sources.map(text), text("config/schema.json")].join("\n");
  const named = [...text("docs/glossary.md").matchAll(/`([A-Za-z][\w.]*)`/g)].flatMap(([, name = ""]) => name.split("."));
  expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
});
