/** A file system of a few MB fills up; the store goes on with its ballast, then waits, then goes on by itself. Needs the right to mount. */
import { execFile } from "node:child_process";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Store } from "../../../../src/edge/parts.ts";
import { folder, HandClock, Heard, headOf, open, readings } from "./support.ts";

const run = promisify(execFile);
const MIB = 2 ** 20;

async function smallDisk(path: string): Promise<AsyncDisposable> {
  await run("mount", ["-t", "tmpfs", "-o", "size=12m", "cippo-test", path]);
  return { [Symbol.asyncDispose]: async () => void (await run("umount", [path])) };
}

/** Commits until one fails; answers why. */
async function untilItFails(store: Store): Promise<unknown> {
  for (;;) {
    const from = headOf(store, "readings") + 1;
    const failed = await store.commit(readings(store, from, from + 999)).then(
      () => null,
      (error: unknown) => error,
    );
    if (failed !== null) return failed;
  }
}

it("frees its ballast, refuses without half a commit, and recovers without a restart", async ({ skip }) => {
  await using at = await folder();
  await using _disk = await smallDisk(at.path).catch(() => skip("cannot mount here"));
  const log = new Heard();
  const clock = new HandClock();
  const file = join(at.path, "cippo.sqlite");
  await using store = await open(file, { log, clock, ballastBytes: MIB });
  await store.commit(readings(store, 1, 1000));
  expect(await readdir(at.path)).toContain("cippo.sqlite.ballast");
  for (let i = 0, bytes = MIB; bytes >= 4096; i += 1)
    await writeFile(join(at.path, `filler-${i}`), Buffer.alloc(bytes)).catch(() => {
      bytes /= 2;
    });

  const error = await untilItFails(store);
  expect(error).toMatchObject({ code: expect.stringMatching(/^store\.(full|unwritable)$/) });
  expect(log.all.map(({ event }) => event)).toContain("store.ballast-freed");
  expect(await readdir(at.path)).not.toContain("cippo.sqlite.ballast");
  const head = headOf(store, "readings");
  const segments = await store.read(store.epoch.id, "readings", head - 999, head, MIB);
  expect(segments.map(({ to }) => to)).toEqual([head]);

  for (const name of await readdir(at.path)) if (name.startsWith("filler")) await rm(join(at.path, name));
  await store.commit(readings(store, head + 1, head + 1000));
  await store.tend(clock.at);
  expect(await readdir(at.path)).toContain("cippo.sqlite.ballast");
  expect(headOf(store, "readings")).toBe(head + 1000);
});
