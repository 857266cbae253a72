/** Follows docs/add-a-kind.md word for word in a copy of the repository, where a kind that did not exist then works. */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporary } from "./support/running/processes.ts";

const ROOT = join(import.meta.dirname, "..");
const run = promisify(execFile);
const PARTS = ["src", "tools", "tests", "docs", "config", "hw-sim", "bench"];
const FILES = ["package.json", "package-lock.json", "tsconfig.json", "vitest.config.ts"];

/** The fenced blocks of one language, in order. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, body = ""]) => body);

it("following the page adds the kind: its test passes, its pages are generated, a site may use it", {
  timeout: 120_000,
}, async () => {
  const page = await readFile(join(ROOT, "docs/add-a-kind.md"), "utf8");
  await using copy = await temporary("kind");
  const at = (file: string) => join(copy.path, file);
  for (const part of [...PARTS, ...FILES]) await cp(join(ROOT, part), at(part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), at("node_modules"));

  // The path of a new file stands on a line of its own before its text.
  const [file = "", test = ""] = [...page.matchAll(/^`((?:src|tests)\/[\w./-]+\.ts)`$/gm)].map(([, path = ""]) => path);
  const [kind = "", line = "", proof = ""] = blocks(page, "ts");
  for (const [path, text] of [
    [file, kind],
    [test, proof],
  ] as const) {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  }
  const registry = at("src/edge/kinds/registered.ts");
  await writeFile(registry, `${await readFile(registry, "utf8")}${line}`);

  const [commands = ""] = blocks(page, "sh");
  expect(commands.trim().split("\n")).toEqual([
    `npx vitest run ${test}`,
    "npm run generate",
    "node dist/cippo.js config check site.yaml",
  ]);
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const lived = await run(process.execPath, [vitest, "run", test, "--root", copy.path]);
  expect(lived.stdout).toMatch(/1 passed/);
  // It compiles as everything here does.
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const compiled = run(process.execPath, [tsc, "--noEmit", "-p", copy.path]);
  expect((await compiled.catch((error: { readonly stdout: string }) => error)).stdout).toBe("");
  // Packages are already there, so the build is all that `npm run generate` has to prepare.
  await run(process.execPath, [at("tools/build.mjs")], { cwd: copy.path });
  const generated = await run(process.execPath, [at("dist/tools/generate.js")], { cwd: copy.path });
  // It names what changed and nothing else, and all of it stands in the page.
  expect(generated.stdout.trim().split("\n").sort()).toEqual([
    "config/schema.json",
    "docs/alarms.md",
    "docs/configuration.md",
    "docs/events.md",
    "docs/kinds/gate.md",
  ]);
  expect(await readFile(at("docs/kinds/gate.md"), "utf8")).toContain("`openFor`");
  expect(await readFile(at("docs/alarms.md"), "utf8")).toContain("`gate.left-open`");
  expect(await readFile(at("config/schema.json"), "utf8")).toContain('"gate"');

  const [whole = ""] = blocks(page, "yaml");
  const check = async (text: string) => {
    await writeFile(at("site.yaml"), text);
    const ran = run(process.execPath, [at("dist/cippo.js"), "config", "check", at("site.yaml"), "--json"], { cwd: copy.path });
    return (await ran.catch((error: { readonly stdout: string }) => error)).stdout;
  };
  expect(await check(whole)).toContain('"ok": true');
  // A reference is checked by its type: this contact has no such point.
  expect(await check(whole.replace("gate-contact.door", "gate-contact.power"))).toContain("config.unknown-name");
  // Nobody can tell a contact to be open.
  expect(await check(whole.replace("gate-lamp.on", "gate-contact.door"))).toContain("config.wrong-reference");
});
