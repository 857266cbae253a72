/** A build replaces dist/ under running programs: no file is ever missing, and nothing changes when nothing changed. */
import { execFile } from "node:child_process";
import { appendFile, cp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporary } from "../../support/running/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

describe("a build of dist/", { timeout: 120_000 }, () => {
  let copy: Awaited<ReturnType<typeof temporary>>;
  const at = (file: string) => join(copy.path, file);
  const build = () => run(process.execPath, [at("tools/build.mjs")]);
  beforeAll(async () => {
    copy = await temporary("build");
    for (const part of ["src", "tools", "hw-sim", "bench", "package.json", "package-lock.json"])
      await cp(join(ROOT, part), at(part), { recursive: true });
    await symlink(join(ROOT, "node_modules"), at("node_modules"));
    await build();
  }, 120_000);
  afterAll(() => copy[Symbol.asyncDispose]());

  /** name → when it was written and its inode. */
  const picture = async () => {
    const files = (await readdir(at("dist"), { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    const seen = files.map(async ({ parentPath, name }) => {
      const { mtimeMs, ino } = await stat(join(parentPath, name));
      return [join(parentPath, name), `${mtimeMs} ${ino}`] as const;
    });
    return Object.fromEntries(await Promise.all(seen));
  };

  it("touches nothing when nothing changed, and only what is different otherwise", async () => {
    const before = await picture();
    await build();
    expect(await picture()).toEqual(before);
    await appendFile(at("hw-sim/broker.ts"), "\nprocess.title = 'another';\n");
    await build();
    const after = await picture();
    expect(after[at("dist/cippo.js")]).toBe(before[at("dist/cippo.js")]);
    expect(after[at("dist/hw-sim/broker.js")]).not.toBe(before[at("dist/hw-sim/broker.js")]);
  });

  it.each([
    ["a file that was taken away", () => rm(at("dist/cippo.js"))],
    ["a file that was cut", () => writeFile(at("dist/hw-sim/site.js"), "cut")],
    ["a stamp that was cut", () => writeFile(at("dist/.made-of.json"), "{")],
    ["no dist/ at all", () => rm(at("dist"), { recursive: true })],
  ])("mends %s", async (_, spoil) => {
    const before = Object.keys(await picture()).sort();
    await spoil();
    await build();
    expect(Object.keys(await picture()).sort()).toEqual(before);
    expect((await run(process.execPath, [at("dist/cippo.js"), "version"])).stdout).toMatch(/^cippo /);
  });

  it("takes away what is no longer made, and what a build left that was ended", async () => {
    await writeFile(at("dist/hw-sim/former.js"), "");
    // No process has this number: it is above the kernel's greatest.
    await cp(at("dist/hw-sim"), at("dist/.fresh-99999999"), { recursive: true });
    await appendFile(at("src/cli/commands/offline/show-version.ts"), "\n// again\n");
    await build();
    const left = await readdir(at("dist"), { recursive: true });
    expect(left.filter((name) => /former|fresh/.test(name))).toEqual([]);
  });

  it("leaves dist/ as it was when the sources do not compile", async () => {
    const before = await picture();
    const file = at("src/cli/commands/offline/show-version.ts");
    const source = await readFile(file, "utf8");
    await writeFile(file, "this is no program");
    await expect(build()).rejects.toThrow(/version\.ts/);
    expect(await picture()).toEqual(before);
    await writeFile(file, source);
  });

  it("never breaks a command line beside it", async () => {
    let building = true;
    const builds = (async () => {
      for (let i = 0; i < 4; i += 1) {
        await writeFile(
          at("src/kit/build-version.ts"),
          `${await readFile(join(ROOT, "src/kit/build-version.ts"), "utf8")}// ${i}\n`,
        );
        await writeFile(
          at("package.json"),
          (await readFile(at("package.json"), "utf8")).replace(/"version": ".*"/, `"version": "0.1.${i}"`),
        );
        await build();
      }
      building = false;
    })();
    let asked = 0;
    while (building) {
      const { stdout } = await run(process.execPath, [at("dist/cippo.js"), "version"]);
      expect(stdout).toMatch(/^cippo 0\.1\.\d /);
      // Every program of the demonstration, too: a run starts them one after the other.
      await Promise.all(["start", "site", "broker", "platform"].map((name) => stat(at(`dist/hw-sim/${name}.js`))));
      asked += 1;
    }
    await builds;
    expect(asked).toBeGreaterThan(0);
    expect((await run(process.execPath, [at("dist/cippo.js"), "version"])).stdout).toMatch(/^cippo 0\.1\.3 /);
  });
});
