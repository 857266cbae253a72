/** Garbage is refused in a sentence, whatever it is: never an exception, never a hang. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkSite, loadSite, problemLine } from "../../../../src/config/index.ts";
import type { EdgeError } from "../../../../src/kit/errors.ts";
import { HEAD, ROADMAP, scratch } from "./support.ts";

const folder = scratch();

describe("garbage", () => {
  const bomb = `a: &a [x, x, x, x, x, x, x, x, x]\n${"bcdefghi".replace(
    /./g,
    (c) =>
      `${c}: &${c} [${Array(9)
        .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
        .join(",")}]\n`,
  )}`;
  it.each([
    ["nothing", ""],
    ["only blanks", " \n\n  \n"],
    ["only a comment", "# later\n"],
    ["null", "null\n"],
    ["a word", "hello"],
    ["a number", "42"],
    ["a list", "- a\n- b\n"],
    ["cut in half", HEAD.slice(0, 40)],
    ["an open quote", `${HEAD}store: { file: "abc\n`],
    ["an open bracket", `${HEAD}devices: { a: { type: x\n`],
    ["tabs", "gateway:\n\tid: x\n"],
    ["wrong types everywhere", "gateway: 5\nsync: []\nbuses: no\ndevices: [1]\nassets: x\nrules: {}\nstore: null\n"],
    [
      "devices of wrong types",
      `${HEAD}devices: { a: 1, b: null, c: [], d: { type: 5 }, e: { type: eastron-sdm120, bus: [] } }\n`,
    ],
    ["a merge key", `${HEAD}store:\n  <<: { quotaMB: 10 }\n`],
    ["a prototype", `${HEAD}__proto__: { polluted: true }\n`],
    ["prototypes as names", `${HEAD}devices: { constructor: { type: toString }, toString: { type: __proto__ } }\n`],
    ["prototypes as kinds", `${HEAD}assets: { a: { kind: constructor } }\n`],
    ["keys that are lists", `${HEAD}? [a, b]\n: 1\n`],
    ["aliases that explode", bomb],
    ["an alias of itself", `${HEAD}store: &s { file: *s }\n`],
    ["two documents", `${HEAD}---\n${HEAD}`],
    ["YAML 1.1", `%YAML 1.1\n---\n${HEAD}`],
    ["a tag", `${HEAD}store: !!js/function "x"\n`],
    ["ten thousand brackets", "[".repeat(10_000)],
    ["ten thousand levels", Array.from({ length: 10_000 }, (_, i) => `${" ".repeat(i % 400)}a:`).join("\n")],
    ["forty levels", `${"{a: ".repeat(40)}1${"}".repeat(40)}`],
    ["control characters", `gateway: "\u0001\u001b[2J"\n\u0007`],
    ["more than a megabyte", `${HEAD}# ${"x".repeat(1_100_000)}\n`],
  ])("%s: is refused with a place, and harms nothing", async (_name, text) => {
    const { site: made, problems } = await checkSite(text, "garbage.yaml");
    expect(made).toBeUndefined();
    expect(problems.some((p) => p.severity === "error")).toBe(true);
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1);
      expect(problemLine(problem, "en")).not.toContain("\u001b");
      expect(problem.column).toBeGreaterThanOrEqual(1);
      expect(problemLine(problem, "en")).not.toMatch(/undefined|\[object/);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("reads past a byte order mark", async () => {
    const { problems } = await checkSite(`\uFEFF${HEAD}stroe: {}\n`, "site.yaml");
    expect(problems).toMatchObject([{ line: 6, column: 1, code: "config.unknown-key" }]);
  });

  it.each([
    ["binary", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), { code: "config.not-text", context: { reason: "NUL" } }],
    ["UTF-16", Buffer.from(`\uFEFF${HEAD}`, "utf16le"), { code: "config.encoding", context: { found: "UTF-16 LE" } }],
    ["UTF-16 without its mark", Buffer.from(HEAD, "utf16le"), { code: "config.encoding", context: { found: "UTF-16 LE" } }],
    [
      "UTF-16 the other way round",
      Buffer.from(`\uFEFF${HEAD}`, "utf16le").swap16(),
      { code: "config.encoding", context: { found: "UTF-16 BE" } },
    ],
    [
      "Latin-1",
      Buffer.from(`${HEAD}# già\nstore: { file: caffè }\n`, "latin1"),
      { code: "config.encoding", context: { from: "CP1252", line: 6, column: 5 } },
    ],
    ["ten megabytes", Buffer.alloc(10 << 20, "a: b\n"), { code: "config.not-text", context: { reason: "> 1 MB" } }],
  ])("a file of %s cannot be read, and it is said what it is", async (name, bytes, expected) => {
    const file = join(folder.path, `${name.replaceAll(" ", "-")}.yaml`);
    await writeFile(file, bytes);
    const error = await loadSite(file).catch((e: unknown) => e);
    expect(error).toMatchObject({ ...expected, context: { file, ...expected.context } });
    for (const lang of ["it", "en"] as const)
      expect((error as EdgeError).hint(lang)).not.toMatch(/permess|permission|\{|\? \w+\.yaml/);
    if (expected.code === "config.encoding") expect((error as EdgeError).hint("it")).toContain("Salvarlo come UTF-8");
  });

  it("a file that is not there, or a folder, cannot be read", async () => {
    await expect(loadSite(join(folder.path, "nowhere"))).rejects.toMatchObject({
      code: "config.unreadable",
      context: { reason: { it: "ENOENT (non esiste)", en: "ENOENT (does not exist)" } },
    });
    await expect(loadSite(folder.path)).rejects.toMatchObject({
      code: "config.unreadable",
      context: { reason: { en: "EISDIR (is a folder)" } },
    });
    await expect(loadSite("/dev/zero")).rejects.toMatchObject({ code: "config.not-text" });
  });

  it("any truncation of the example gives a site or problems, never a crash", async () => {
    const text = await readFile(ROADMAP, "utf8");
    for (let end = 0; end < text.length; end += 97) {
      const { site: made, problems } = await checkSite(text.slice(0, end), "cut.yaml");
      expect(made !== undefined || problems.some((p) => p.severity === "error"), `cut at ${end}`).toBe(true);
    }
  });

  it("is refused whole, with all problems in the error", async () => {
    const file = join(folder.path, "bad.yaml");
    await writeFile(file, `${HEAD}stroe: {}\nbusses: {}\n`);
    await expect(loadSite(file)).rejects.toMatchObject({
      code: "config.invalid",
      context: { file, count: 2, problems: [{ line: 6 }, { line: 7 }] },
    });
  });
});
