/** A process that commits is killed again and again: every reported window is there, whole, and no half of another. */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Store } from "../../../../../src/edge/store/store.ts";
import { folder, nothing, open, programIn } from "../support.ts";

const ROUNDS = 8;
const PER_WINDOW = 50;
const ALL = Number.MAX_SAFE_INTEGER;

/** Commits windows for ever; writes a line for each that is durable. */
const WRITER = `
import { events, headOf, open, readings } from "./support.ts";
const store = await open(process.argv[2] ?? "");
process.stdout.write("open\\n");
for (let i = 1; ; i += 1) {
  const from = (i - 1) * ${PER_WINDOW} + 1;
  await store.commit({ ...readings(store, from, i * ${PER_WINDOW}), events: events(store, i).events, states: { window: [store.epoch.n, i] } });
  process.stdout.write(i + "\\n");
  if (i % 20 === 0) await store.tend(store.epoch.opened + i);
}`;

/** Runs the writer and kills it some ms after it opened; answers the last window that it reported. */
async function killed(program: string, file: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [program, file], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), afterMs);
    output += text;
  });
  await new Promise((resolve) => child.once("close", resolve));
  return Math.max(0, ...output.split("\n").map((line) => Number(line) || 0));
}

it("keeps what was reported, and windows are whole", { timeout: 60_000 }, async () => {
  await using at = await folder();
  const program = await programIn(at.path, WRITER);
  await mkdir(join(at.path, "data"));
  const file = join(at.path, "data", "cippo.sqlite");
  const reported: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) reported.push(await killed(program, file, 5 + ((round * 37) % 90)));
  await using store = await open(file);
  // A round that was killed before its first commit leaves no epoch.
  const epochs = store.streams().filter((line) => line.stream === "readings" && line.epoch !== store.epoch.id);
  const stored = epochs.map(({ head }) => head / PER_WINDOW);
  expect(stored.length).toBeGreaterThanOrEqual(reported.filter((windows) => windows > 0).length);
  await Promise.all(epochs.map(({ epoch, head }) => whole(store, epoch, head)));
  // One window may have become durable without being reported; the rounds without any are left out on both sides.
  let at0 = 0;
  for (const windows of reported.filter((count) => count > 0)) {
    while (at0 < stored.length && (stored[at0] ?? 0) !== windows && (stored[at0] ?? 0) !== windows + 1) at0 += 1;
    expect(at0).toBeLessThan(stored.length);
    at0 += 1;
  }
  await store.commit(nothing);
});

async function whole(store: Store, epoch: string, head: number): Promise<void> {
  const windows = head / PER_WINDOW;
  expect(Number.isInteger(windows)).toBe(true);
  const froms = (await store.read(epoch, "readings", 1, ALL, ALL)).map(({ from }) => from);
  expect(froms).toEqual(Array.from({ length: windows }, (_, i) => i * PER_WINDOW + 1));
  const seqs = (await store.read(epoch, "events", 1, ALL, ALL)).map(({ from }) => from);
  expect(seqs).toEqual(Array.from({ length: windows }, (_, i) => i + 1));
}
