/** The streets' bays under every kind of sensor tell exactly the events and states that their scenario lists. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Program, temporary } from "../../support/running/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const START = join(ROOT, "dist/hw-sim/start.js");

it("none missing, none extra, each at its time", { timeout: 180_000 }, async () => {
  await using folder = await temporary("streets");
  const words = [START, "--site", "streets", "--for", "50s", "--json"];
  await using run = new Program(process.execPath, words, { env: { TMPDIR: folder.path, LANG: "C" }, cwd: ROOT });
  await run.told;
  const report = JSON.parse(run.lines.at(-1) ?? "null") as { readonly assets: unknown };
  expect(report.assets, run.stderr).toMatchObject({ bays: 13, listed: 18, missing: 0, extra: 0, wrong: 0 });
  expect(run.child.exitCode, run.stderr).toBe(0);
});
