/** A list that comes as a file is judged like one that was sent, and leaves nothing behind where it is refused. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { ListBox, NOW } from "../../../support/lists/list-box.ts";
import { hashOf, inLines } from "../../../support/lists/signer.ts";

const entries = (count: number) => Array.from({ length: count }, (_, i) => ({ key: hashOf(`${i}`), from: 0, to: NOW * 2 }));
const of = (version: number) => ({ name: "disabled", version, kid: "k1" });
const isValid = ({ lists }: ListBox, number: string) => lists.verdict("disabled", `k1:${hashOf(number)}`, "bay-1").verdict;

async function written(box: ListBox, text: string): Promise<string> {
  const file = join(box.signer.folder, "brought-by-hand");
  await writeFile(file, text);
  return file;
}

it("is in force, outlives a restart, and is changed by a delta", async () => {
  await using box = new ListBox();
  await box.lists.import(await written(box, inLines(box.signer, of(3), entries(500))), { keep: true });
  await box.again();
  expect(isValid(box, "499")).toBe("valid");
  const delta = box.signer.list({ ...of(4), base: 3, entries: [{ key: hashOf("499"), from: 0, to: NOW * 2, revoked: true }] });
  expect(await box.lists.import(await written(box, `${JSON.stringify(delta)}\n`), { keep: true })).toMatchObject({
    version: 4,
    entries: 500,
  });
  await box.again();
  expect([isValid(box, "498"), isValid(box, "499")]).toEqual(["valid", "revoked"]);
});

it("changes nothing while it is only checked", async () => {
  await using box = new ListBox();
  const file = await written(box, inLines(box.signer, of(3), entries(5)));
  expect(await box.lists.import(file, { keep: false })).toMatchObject({ name: "disabled", version: 3, entries: 5 });
  expect([box.lists.status(), box.told]).toEqual([[], []]);
});

it.each<readonly [string, string, (good: string) => string]>([
  ["list.damaged", "whose last line is missing", (good) => good.slice(0, good.lastIndexOf("\n", good.length - 2) + 1)],
  ["list.damaged", "whose last line has no end", (good) => good.slice(0, -1)],
  ["list.damaged", "in which an entry is another", (good) => good.replace(hashOf("3"), hashOf("x"))],
  ["list.malformed", "in which a line is none", (good) => good.replace(`{"key":"${hashOf("3")}"`, `{"no":"${hashOf("3")}"`)],
  ["signature.wrong", "whose envelope was changed", (good) => good.replace('"version":3', '"version":9')],
  ["list.malformed", "that is empty", () => ""],
  ["list.malformed", "of nobody knows what", () => "GIF89a\n"],
  ["list.malformed", "with something behind it", (good) => `${good}x\n`],
])("refuses with %s one %s", async (code, _, spoil) => {
  await using box = new ListBox();
  await box.send("disabled", box.signer.list({ ...of(2), entries: entries(1) }));
  const file = await written(box, spoil(inLines(box.signer, of(3), entries(20))));
  await expect(box.lists.import(file, { keep: true })).rejects.toMatchObject({ code });
  expect(box.lists.status()).toMatchObject([{ version: 2 }]);
  expect(await readdir(box.folder)).toEqual(["disabled.list"]);
});

it("lets all else have its turn while a large one is read", async () => {
  await using box = new ListBox();
  const text = inLines(box.signer, of(3), entries(20_000));
  let turns = 0;
  let isOver = false;
  const reading = box.lists.import(await written(box, text), { keep: true }).finally(() => (isOver = true));
  while (!isOver) {
    await setImmediate();
    turns += 1;
  }
  await reading;
  // A turn after each piece of 32 KB, however slow the machine is.
  expect(turns).toBeGreaterThan(text.length / 32_768);
});
