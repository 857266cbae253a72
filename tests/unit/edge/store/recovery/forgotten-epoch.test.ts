/** Epochs that the platform holds wholly are forgotten: no later opening names them as lost. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { Store } from "../../../../../src/edge/store/store.ts";
import { folder, HandClock, nothing, open, readings } from "../support.ts";

/** Two former epochs, of which the older is forgotten after all of it was acknowledged; `note`: what lay beside the file before that. */
async function forgotten(file: string, clock: HandClock): Promise<{ store: Store; first: string; note: string }> {
  const ids: string[] = [];
  for (let run = 0; run < 2; run += 1) {
    await using store = await open(file, { clock });
    await store.commit(readings(store, 1, 50));
    ids.push(store.epoch.id);
    clock.at += 10_000;
  }
  const store = await open(file, { clock });
  await store.commit(readings(store, 1, 10));
  const note = await readFile(`${file}.head`, "utf8");
  await store.commit({ ...nothing, marks: ids.map((epoch) => ({ epoch, stream: "readings", upTo: 50, held: [] })) });
  clock.at += 7_200_000;
  await store.tend(clock.at);
  const [first = ""] = ids;
  expect(note).toContain(first);
  expect(store.knows(first)).toBe(false);
  return { store, first, note };
}

it("the note beside the file does not name it any more", async () => {
  await using at = await folder();
  const { store, first } = await forgotten(at.file, new HandClock());
  expect(await readFile(`${at.file}.head`, "utf8")).not.toContain(first);
  await store[Symbol.asyncDispose]();
});

it.each([
  ["a note that was written in time", false],
  ["a note that could not be written", true],
])("after a kill it is not lost, with %s", async (_, stale) => {
  await using at = await folder();
  await using copy = await folder();
  const clock = new HandClock();
  const { store, note } = await forgotten(at.file, clock);
  await store.commit(readings(store, 11, 20));
  await cp(at.path, copy.path, { recursive: true });
  if (stale) await writeFile(`${copy.file}.head`, note);
  await using next = await open(copy.file, { clock });
  expect(next.epoch.cause).toBe("start");
  expect(next.lost).toEqual([]);
  await store[Symbol.asyncDispose]();
});

it("of a file that was removed, all that its note names is lost", async () => {
  await using at = await folder();
  const clock = new HandClock();
  const { store, note, first } = await forgotten(at.file, clock);
  await store[Symbol.asyncDispose]();
  await writeFile(`${at.file}.head`, note);
  await rm(at.file);
  await using next = await open(at.file, { clock });
  expect(next.lost).toContainEqual({ epoch: first, stream: "readings", range: [1, 50] });
});
