/** The table of entries finds what a plain map would, however many there are, whatever their keys look like. */
import { expect, it } from "vitest";
import { EntryTable } from "../../../../src/edge/lists/entry-table.ts";
import type { ListEntry } from "../../../../src/edge/lists/list-entry.ts";
import { Dice } from "../../../support/memory/dice.ts";

const PLACES = [null, ["bay-1"], ["bay-1", "bay-2"]];

function random(dice: Dice): ListEntry {
  const number = dice.below(40);
  const key = dice.pick(`permit-${number}`, number.toString(16).padStart(32, "0"), `${"f".repeat(30)}${10 + number}`);
  return {
    key,
    assets: PLACES[dice.below(3)] ?? null,
    from: dice.below(1000),
    to: dice.below(1000),
    revoked: dice.below(4) === 0,
  };
}

it("adds, finds and replaces as a map of lists does", () => {
  for (let number = 0; number < 200; number += 1) {
    const dice = new Dice(number);
    const table = new EntryTable(dice.below(100));
    const model = new Map<string, ListEntry[]>();
    for (let step = 0; step < 150; step += 1) {
      const entry = random(dice);
      const { key } = entry;
      if (dice.below(4) === 0) {
        table.remove(key);
        model.delete(key);
      } else {
        expect(table.add(entry)).toBeNull();
        model.set(key, [entry, ...(model.get(key) ?? [])]);
      }
      const found = [...table.find(key)];
      expect(found).toEqual((model.get(key) ?? []).map(({ key: _, ...rest }) => rest));
    }
    expect(table.size).toBe([...model.values()].flat().length);
  }
});

it("has a hundred thousand entries in less than 20 MB, keys that follow one another included", () => {
  const many = 100_000;
  const table = new EntryTable(many);
  const key = (i: number) => i.toString(16).padStart(32, "0");
  for (let i = 0; i < many; i += 1) table.add({ key: key(i), assets: null, from: i, to: i, revoked: false });
  expect(table.bytes).toBeLessThan(20e6);
  for (let i = 0; i < many; i += 997) expect([...table.find(key(i))]).toEqual([{ assets: null, from: i, to: i, revoked: false }]);
  expect([...table.find(key(many))]).toEqual([]);
});
