/** Everything that an asset kind may raise, or takes as a command, is in the pages and in `cippo errors`. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { alarmsOf } from "../../../../src/edge/kinds/alarm-table.ts";
import { assetKinds } from "../../../../src/edge/kinds/index.ts";
import type { AlarmSpec } from "../../../../src/edge/kinds/kind.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const kinds = Object.values(assetKinds);

it("what may come and go has a key of its own, and it is explained", async () => {
  const flapping = kinds.flatMap(({ alarms }) =>
    Object.entries(alarms as Readonly<Record<string, AlarmSpec>>).flatMap(([key, { unstable }]) => (unstable ? [key] : [])),
  );
  expect(flapping).toContain("paystation.fault");
  for (const key of flapping) expect(kinds.some((kind) => Object.hasOwn(alarmsOf(kind), `${key}.unstable`))).toBe(true);
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "dist/cippo.js"), "errors", "--json"], {
    maxBuffer: 1 << 24,
  });
  const explained = new Set((JSON.parse(stdout) as readonly { readonly code: string }[]).map(({ code }) => code));
  const pages = await Promise.all(["docs/alarms.md", "docs/events.md"].map((file) => readFile(join(ROOT, file), "utf8")));
  for (const kind of kinds)
    for (const key of Object.keys(alarmsOf(kind))) {
      expect(explained.has(key), key).toBe(true);
      for (const page of pages) expect(page).toContain(`\`${key}\``);
    }
});

it("what a kind takes as a command stands on its page with its meaning", async () => {
  for (const { kind, actions, commands = {} } of kinds) {
    const offered = [...String(actions ?? "").matchAll(/"([a-z]+\.[a-z-]+)":/g)].map(([, name]) => name);
    expect(Object.keys(commands)).toEqual(offered);
    const page = await readFile(join(ROOT, `docs/kinds/${kind}.md`), "utf8");
    expect(page.includes("## Commands"), kind).toBe(offered.length > 0);
    for (const name of offered) expect(page).toContain(`| \`${name}\` |`);
  }
});
