/** A file system of a few MB fills up: the store uses its ballast, waits, and goes on by itself. Needs the right to mount. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { CommitBuffer } from "../../../../../src/edge/commit/commit-buffer.ts";
import type { Store } from "../../../../../src/edge/store/store.ts";
import { systemClock } from "../../../../../src/kit/clock.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { folder, HandClock, Heard, headOf, open, readings } from "../support.ts";

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

/** Until not even a page finds room. */
async function fillUp(path: string): Promise<void> {
  for (let i = 0, bytes = MIB; bytes >= 4096; i += 1)
    await writeFile(join(path, `filler-${i}`), Buffer.alloc(bytes)).catch(() => {
      bytes /= 2;
    });
}

it("what a full disk never saw is named by the next opening of the same boot, and of no other", async ({ skip }) => {
  await using at = await folder();
  await using runtime = await folder();
  await using _disk = await smallDisk(at.path).catch(() => skip("cannot mount here"));
  const clock = systemClock("assumed");
  const file = join(at.path, "cippo.sqlite");
  const run = async (boot: string, work: (window: CommitBuffer, store: Store) => Promise<void>) => {
    await using store = await open(file, { clock: { mono: clock.mono, boot }, runtime: runtime.path, walBytes: 0 });
    const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 10, cat: "cat" });
    const stop = new AbortController();
    const running = window.run(stop.signal);
    await work(window, store);
    window.leave();
    stop.abort();
    await running;
  };
  const add = (window: CommitBuffer, count: number) => {
    for (let i = 0; i < count; i += 1) {
      const value = randomBytes(40).toString("base64");
      window.add({ source: "m", name: "text", unit: "", value, quality: "good", mono: clock.mono() });
    }
    window.raise({ kind: "test.happened", state: "noted", severity: "info", text: { it: "", en: "" } });
  };
  let stored = { epoch: "", readings: 0, events: 0 };
  await run("boot-a", async (window, store) => {
    add(window, 100);
    await window.flush();
    await fillUp(at.path);
    for (let i = 0; window.writable && i < 200; i += 1) {
      add(window, 1000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(window.writable).toBe(false);
    stored = { epoch: store.epoch.id, readings: headOf(store, "readings"), events: headOf(store, "events") };
  });
  // The disk is still full: nothing can be named yet, and nothing is forgotten.
  await run("boot-a", async (_, store) => {
    expect(store.lost).toHaveLength(2);
  });
  for (const name of await readdir(at.path)) if (name.startsWith("filler")) await rm(join(at.path, name));
  await run("boot-b", async (_, store) => {
    expect(store.lost).toEqual([]);
  });
  await run("boot-a", async (window, store) => {
    const { epoch } = stored;
    expect(store.lost).toEqual([
      { epoch, stream: "readings", range: [stored.readings + 1, expect.any(Number)] },
      { epoch, stream: "events", range: [stored.events + 1, expect.any(Number)] },
    ]);
    expect((store.lost[0]?.range[1] ?? 0) - stored.readings).toBeGreaterThanOrEqual(1000);
    add(window, 1);
    await window.flush();
  });
  await run("boot-a", async (_, store) => {
    expect(store.lost).toEqual([]);
  });
});

it("frees its ballast, refuses without half a commit, and recovers without a restart", async ({ skip }) => {
  await using at = await folder();
  await using _disk = await smallDisk(at.path).catch(() => skip("cannot mount here"));
  const log = new Heard();
  const clock = new HandClock();
  const file = join(at.path, "cippo.sqlite");
  await using store = await open(file, { log, clock, ballastBytes: MIB });
  await store.commit(readings(store, 1, 1000));
  expect(await readdir(at.path)).toContain("cippo.sqlite.ballast");
  await fillUp(at.path);

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
