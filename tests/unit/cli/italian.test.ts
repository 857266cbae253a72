/** Italian stays whole: no English word in any text, in any error as it is thrown, or in what the command line prints. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codes } from "../../../src/kit/codes.ts";
import { ALIKE, eachNode, englishIn, LOANS, literal, onBothSides, pairs, productFiles, TYPED } from "../../support/italian.ts";

const CIPPO = join(import.meta.dirname, "../../../dist/cippo.js");

describe("texts in two languages", () => {
  it("share no word but loans, what is spelt alike, and what is typed", () => {
    expect(pairs().length).toBeGreaterThan(600);
    expect(onBothSides().filter((word) => ![LOANS, ALIKE, TYPED].some((known) => known.has(word)))).toEqual([]);
  });

  it("differ, or are one word", () => {
    const same = pairs().filter(({ it: italian, en }) => italian === en && englishIn(italian).length > 0);
    expect(same).toEqual([]);
  });
});

describe("what fills a place of an error's sentence", () => {
  const places = new Map(
    Object.entries(codes).map(([code, { what, hint }]) => [
      code,
      new Set([...`${what.it} ${hint.it}`.matchAll(/\{(\w+)/g)].map(([, name]) => name)),
    ]),
  );

  /** Where the code is chosen while it runs: what can only be a sentence. */
  const SENTENCES = ["reason", "message", "step"];

  it("is never an English sentence alone", () => {
    const foreign = productFiles().flatMap((file) => {
      const found: string[] = [];
      eachNode(file, (node) => {
        if (!ts.isNewExpression(node) || node.expression.getText() !== "EdgeError") return;
        const [code, context] = node.arguments ?? [];
        if (code === undefined || context === undefined || !ts.isObjectLiteralExpression(context)) return;
        const known = ts.isStringLiteral(code) ? places.get(code.text) : undefined;
        for (const one of context.properties) {
          if (!ts.isPropertyAssignment(one)) continue;
          const name = one.name.getText();
          if (known ? !known.has(name) : !SENTENCES.includes(name)) continue;
          const sentence = literal(one.initializer);
          if (sentence !== undefined && englishIn(sentence, ["credentials"]).length > 0)
            found.push(`${file}: ${code.getText()}: ${one.getText()}`);
        }
      });
      return found;
    });
    expect(foreign).toEqual([]);
  });
});

interface Ran {
  readonly out: string;
  readonly code: number;
}

function cippo(...words: readonly string[]): Promise<Ran> {
  const env = { PATH: process.env["PATH"] ?? "", LANG: "it_IT.UTF-8", TZ: "UTC" };
  return new Promise((resolve) => {
    execFile(process.execPath, [CIPPO, ...words], { env, timeout: 30_000 }, (error, out, err) =>
      resolve({ out: `${out}${err}`, code: error === null ? 0 : Number(error.code ?? -1) }),
    );
  });
}

/** What is typed is the same in every language. */
const COMMANDS =
  "run status devices watch read command acknowledge events history config lists aed record show import check schema update install cancel confirm rollback errors simulate fault version help";
const TYPED_HERE = COMMANDS.split(" ");
const isExample = (line: string) => /^ +cippo /.test(line);

describe("without a gateway the command line says nothing in English", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "cippo-it-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    [[]],
    ...TYPED_HERE.filter(
      (name) =>
        ![
          "check",
          "schema",
          "show",
          "record",
          "import",
          "install",
          "cancel",
          "confirm",
          "rollback",
          "simulate",
          "fault",
        ].includes(name),
    ).map((name) => [[name, "--help"]]),
    [["config", "check", "--help"]],
    [["lists", "show", "--help"]],
    [["lists", "import", "--help"]],
    [["aed", "record", "--help"]],
    [["update", "status", "--help"]],
    [["update", "install", "--help"]],
    [["update", "check", "--help"]],
    [["simulate", "--help"]],
    [["simulate", "fault", "--help"]],
  ])("help %j", async (words) => {
    const { out } = await cippo(...words);
    expect(out.length).toBeGreaterThan(50);
    const prose = out.split("\n").filter((line) => !isExample(line));
    expect(englishIn(prose.join("\n"), [...TYPED_HERE, "start", "streets-day", "lang", "sigkill"]), out).toEqual([]);
  });

  it.each([
    [["statsu"]],
    [["help", "statsu"]],
    [["read"]],
    [["read", ""]],
    [["watch", ""]],
    [["command", "a"]],
    [["command", "a", "b", "vero"]],
    [["status", "--jsn"]],
    [["status", "ora"]],
    [["status", "--socket"]],
    [["status", "--lang", "fr"]],
    [["history", "a.b", "--since", "ieri"]],
    [["history", "a.b", "--since", "1h", "--until", "2h"]],
    [["events", "--limit", "tanti"]],
    [["events", "--since", "2999-01-01"]],
    [["errors", "bus.tiemout"]],
    [["run"]],
    [["run", "--log-level", "forte", "--config", "x"]],
    [["config", "check"]],
    [["config", "chekc"]],
    [["simulate", "--for", "presto"]],
    [["simulate", "--per", "presto"]],
    [["simulate", "--broker", "quello"]],
    [["simulate", "fault", "parte", "guasto", "altro"]],
    [["simulate", "fault", "parte", "--for", "presto"]],
  ])("wrong usage %j", async (words) => {
    const { out, code } = await cippo(...words);
    expect(code).not.toBe(0);
    expect(englishIn(out, TYPED_HERE), out).toEqual([]);
  });

  it("what cannot be reached, read or found", async () => {
    const file = join(folder, "testo");
    await writeFile(file, "");
    for (const words of [
      ["status", "--socket", join(folder, "niente")],
      ["status", "--socket", file],
      ["config", "check", join(folder, "niente.yaml")],
      ["config", "check", folder],
      ["errors"],
      ["devices", "--types"],
      ["version"],
    ]) {
      const { out } = await cippo(...words);
      // What an error advises to type or write; wires, and a word in the name of a charging column.
      const typed = words[0] === "errors" ? [...TYPED, "internal"] : ["serial", "start"];
      expect(englishIn(out, [...TYPED_HERE, ...typed]), `${words}: ${out}`).toEqual([]);
    }
  });
});
