/** Follows docs/add-a-device.md word for word in a copy of the repository: the gateway knows two more devices then. */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporary } from "./support/running/processes.ts";

const ROOT = join(import.meta.dirname, "..");
const run = promisify(execFile);

/** The fenced blocks of one language, in order. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, body = ""]) => body);

it("following the page adds the devices: goldens pass, pages are generated, the config takes them", {
  timeout: 120_000,
}, async () => {
  const page = await readFile(join(ROOT, "docs/add-a-device.md"), "utf8");
  await using copy = await temporary("sixth");
  const at = (file: string) => join(copy.path, file);
  for (const part of [
    "src",
    "tools",
    "tests",
    "docs",
    "config",
    "hw-sim",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vitest.config.ts",
  ])
    await cp(join(ROOT, part), at(part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), at("node_modules"));

  // 2 and 3. Write the tables: each path stands on a line of its own before the code.
  const code = blocks(page, "ts");
  const lines = code.pop() ?? "";
  const files = [...page.matchAll(/^`(src\/drivers\/devices\/[\w-]+\.ts)`$/gm)].map(([, file = ""]) => file);
  expect(files).toHaveLength(code.length);
  for (const [i, file] of files.entries()) {
    await mkdir(dirname(at(file)), { recursive: true });
    await writeFile(at(file), code[i] ?? "");
  }

  // 4. Register them: among the others, and no longer planned.
  const types = code.map((table) => /type: "([\w-]+)"/.exec(table)?.[1] ?? "");
  const registry = await readFile(at("src/drivers/index.ts"), "utf8");
  const first = /^ {2}"?[\w-]+"?: async \(\) => /m.exec(registry)?.[0] ?? "nothing";
  const unplanned = types.reduce((text, type) => text.replace(new RegExp(`^ {2}"${type}",\n`, "m"), ""), registry);
  const registered = unplanned.replace(first, `${lines}${first}`);
  expect(registered).not.toBe(registry);
  await writeFile(at("src/drivers/index.ts"), registered);

  // 5. See them live: the commands of the page. Packages are already there, so the build is all that `npm run generate` has to prepare.
  const [commands = ""] = blocks(page, "sh");
  expect(commands.trim().split("\n")).toEqual([
    "npx vitest run tests/goldens.test.ts",
    "npm run generate",
    "node dist/cippo.js devices --types",
    "node dist/cippo.js config check site.yaml",
  ]);
  const goldens = await run(process.execPath, [
    join(ROOT, "node_modules/vitest/vitest.mjs"),
    "run",
    "tests/goldens.test.ts",
    "--root",
    copy.path,
  ]);
  expect(goldens.stdout).toMatch(/passed/);
  await run(process.execPath, [at("tools/build.mjs")], { cwd: copy.path });
  await run(process.execPath, [at("dist/tools/generate.js")], { cwd: copy.path });
  const listed = await run(process.execPath, [at("dist/cippo.js"), "devices", "--types"], { cwd: copy.path });
  const schema = await readFile(at("config/schema.json"), "utf8");
  for (const [type, point] of [
    ["example-m3", "energy-import"],
    ["example-f7", "distance"],
  ] as const) {
    expect(types).toContain(type);
    expect(await readFile(at(`docs/devices/${type}.md`), "utf8")).toContain(`\`${point}\``);
    expect(schema).toContain(`"${type}"`);
    expect(listed.stdout).toContain(type);
  }

  // And the site of the page is accepted.
  const [site = ""] = blocks(page, "yaml");
  await writeFile(at("site.yaml"), site);
  const checked = await run(process.execPath, [at("dist/cippo.js"), "config", "check", at("site.yaml"), "--json"], {
    cwd: copy.path,
  });
  expect(checked.stdout).toContain('"ok": true');
  expect(checked.stdout).not.toContain("type-not-yet");
});
