/** What a newcomer's machine lacks: the end of the tests names it, and how it is had. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { NEEDS } from "../../support/machine/needs.ts";
import { temporary } from "../../support/running/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

it("the end says which tests were skipped, and the one line that installs what they need", { timeout: 120_000 }, async () => {
  await using folder = await temporary("bare");
  // A path on which there is nothing but Node: no tmux.
  await mkdir(join(folder.path, "bin"));
  await symlink(process.execPath, join(folder.path, "bin/node"));
  const vitest = (...words: readonly string[]) =>
    run(process.execPath, [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "tests/unit/cli/screens.test.ts", ...words], {
      cwd: ROOT,
      env: { PATH: join(folder.path, "bin"), HOME: folder.path, NO_COLOR: "1" },
    });
  const { stdout } = await vitest();
  expect(stdout).toMatch(
    /\n (\d+) tests were skipped:\n +\1 {2}tests\/unit\/cli\/screens\.test\.ts {2}without tmux\n Debian has all that they need:\n {2}sudo apt install tmux\n/,
  );
  // Who asks for one test misses none of the others.
  expect((await vitest("-t", "watch shows")).stdout).not.toContain("were skipped");
});

it("every file in which a test may be skipped says what it needs", async () => {
  const files = (await readdir(join(ROOT, "tests"), { recursive: true })).filter((name) => name.endsWith(".test.ts"));
  const skipping = [];
  for (const name of files) {
    const text = await readFile(join(ROOT, "tests", name), "utf8");
    if (/\b(it|test|describe)\.(skipIf|runIf)\(/.test(text) && !/^it\.runIf\(name ===/m.test(text))
      skipping.push(`tests/${name}`);
  }
  const unconditional = ["tests/unit/drivers/families/gpio/settled.test.ts", "tests/unit/tools/skipped.test.ts"];
  expect(skipping.filter((file) => !unconditional.includes(file)).sort()).toEqual(Object.keys(NEEDS).sort());
});
