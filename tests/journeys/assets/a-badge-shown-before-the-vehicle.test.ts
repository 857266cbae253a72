/** Badges confirmed before a vehicle comes, at every moment around the last that counts: the judge finds each bay right. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Program, temporary } from "../../support/running/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const START = join(ROOT, "dist/hw-sim/start.js");
const SITE = join(ROOT, "hw-sim/sites/badges.yaml");

it("a badge counts for the vehicle that comes in time, and not for a later one", { timeout: 180_000 }, async () => {
  await using folder = await temporary("badges");
  const words = [START, "--scenario", SITE, "--for", "40s", "--json"];
  await using run = new Program(process.execPath, words, { env: { TMPDIR: folder.path, LANG: "C" }, cwd: ROOT });
  await run.told;
  const report = JSON.parse(run.lines.at(-1) ?? "null") as {
    readonly assets: unknown;
    readonly events: Readonly<Record<string, number>>;
  };
  expect(report.assets).toMatchObject({ bays: 6, missing: 0, extra: 0, wrong: 0 });
  // Some came in time, and some did not.
  const confirmed = report.events["command.succeeded"] ?? 0;
  const accused = report.events["bay.illegal-occupation"] ?? 0;
  expect(accused).toBeGreaterThan(0);
  expect(confirmed).toBeGreaterThan(accused);
  expect(run.child.exitCode, run.stderr).toBe(0);
});
