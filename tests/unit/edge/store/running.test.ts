/** How long the gateway has run is told by its newest record: whatever is acknowledged, a kill must not turn it back. */
import { cp } from "node:fs/promises";
import { expect, it } from "vitest";
import type { Store } from "../../../../src/edge/store/store.ts";
import { folder, HandClock, nothing, open, readings } from "./support.ts";

const HOUR = 3_600_000;

const acknowledged = (store: Store, epoch: string, upTo: number) =>
  store.commit({ ...nothing, marks: [{ epoch, stream: "readings", upTo, held: [] }] });

/** What is on the disk when the process dies. */
async function killed(store: Store, path: string) {
  const copy = await folder();
  await cp(path, copy.path, { recursive: true });
  await store[Symbol.asyncDispose]();
  return copy;
}

it.each([
  ["its time is over", { keepMs: 60_000 }, 0],
  ["room is needed", { keepMs: 14 * 24 * HOUR, quotaMB: 1 }, 900_000],
])("all is acknowledged and goes because %s: the newest stays, and with it the running time", async (_, options, more) => {
  await using dir = await folder();
  const clock = new HandClock();
  const store = await open(dir.file, { clock, ...options });
  await store.commit(readings(store, 1, 10));
  clock.at += 10 * HOUR;
  await store.commit(readings(store, 11, 11, (10 * HOUR) / 11));
  const before = store.running(clock.at);
  await acknowledged(store, store.epoch.id, 11);
  await store.commit({ ...nothing, states: { rule: "x".repeat(more) } });
  clock.at += 90_000;
  const { deleted } = await store.tend(clock.at);
  expect(deleted).toBe(1);
  await using copy = await killed(store, dir.path);
  clock.at += 5000;
  await using next = await open(copy.file, { clock, ...options });
  expect(next.running(clock.at)).toBeGreaterThanOrEqual(before);
  expect(next.formerEnd).toMatchObject({ mono: 1000 + 10 * HOUR });
});

it("a run that is killed before it stored anything leaves the newest record of the one before", async () => {
  await using dir = await folder();
  const clock = new HandClock();
  let first: string;
  let before: number;
  {
    await using store = await open(dir.file, { clock, keepMs: 60_000 });
    first = store.epoch.id;
    clock.at += 10 * HOUR;
    await store.commit(readings(store, 1, 10, HOUR));
    await acknowledged(store, first, 10);
    before = store.running(clock.at);
  }
  const second = await open(dir.file, { clock, keepMs: 60_000 });
  clock.at += HOUR;
  await second.tend(clock.at);
  await using copy = await killed(second, dir.path);
  await using third = await open(copy.file, { clock, keepMs: 60_000 });
  expect(third.running(clock.at)).toBeGreaterThanOrEqual(before);
});
