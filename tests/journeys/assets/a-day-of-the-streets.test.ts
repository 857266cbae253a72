/** A day of the streets in virtual time tells exactly the events and states that its scenario lists. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Program, temporary } from "../../support/running/processes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const START = join(ROOT, "dist/hw-sim/start.js");

it("none missing, none extra, each at its time", { timeout: 600_000 }, async () => {
  await using folder = await temporary("streets-day");
  const words = [START, "--site", "streets-day", "--json"];
  // Its hours do not pass on this machine's clock: it gives way to tests whose seconds do.
  await using run = new Program("nice", ["-n", "19", process.execPath, ...words], {
    env: { TMPDIR: folder.path, LANG: "C" },
    cwd: ROOT,
  });
  await run.told;
  const { assets, records } = JSON.parse(run.lines.at(-1) ?? "null");
  expect(assets, run.stderr).toMatchObject({ bays: 13, listed: 17, missing: 0, extra: 0, wrong: 0 });
  expect(records).toMatchObject({ gaps: 0, duplicates: 0 });
  expect(run.child.exitCode, run.stderr).toBe(0);
});
