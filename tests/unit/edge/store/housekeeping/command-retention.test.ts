/** Which commands the file forgets, by state and age, and that it tells all of them. */
import { expect, it } from "vitest";
import { openDatabase } from "../../../../../src/edge/store/database/sqlite.ts";
import { forgetCommands, forgetRefused, INBOX_MOST } from "../../../../../src/edge/store/housekeeping/command-retention.ts";
import { tables } from "../../../../../src/edge/store/migrations/0001-tables.ts";
import type { InboxRow } from "../../../../../src/edge/store/store.ts";
import { Dice } from "../../../../support/memory/dice.ts";
import { folder } from "../support.ts";

const DAY = 86_400_000;
const RUNNING = 100 * DAY;

const rows = (count: number, dice: Dice, expires: () => number): readonly InboxRow[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `c${i}`,
    received: dice.below(1000),
    expires: expires(),
    state: dice.pick("accepted", "executing", "succeeded", "failed", "expired", "refused", "unknown"),
    body: {},
  }));

it.each([
  ["what is old enough", 3000, (dice: Dice) => RUNNING - dice.below(40 * DAY)],
  ["to the very millisecond", 3000, (dice: Dice) => RUNNING - dice.pick(0, DAY, 30 * DAY) + dice.below(3) - 1],
  ["of too many the least needed", INBOX_MOST + 5000, (dice: Dice) => RUNNING + dice.below(2 * DAY) - DAY],
  ["of far too many all that can go", 3 * INBOX_MOST, () => RUNNING + 1],
])("the file tells which commands it forgot: %s", async (_, count, expires) => {
  const dice = new Dice(7);
  const inbox = rows(count, dice, () => expires(dice));
  await using at = await folder();
  const db = await openDatabase(at.file, "create");
  await db.script(tables);
  await db.run("INSERT INTO inbox SELECT value->>0, value->>1, value->>2, value->>3, '{}' FROM json_each(?)", [
    JSON.stringify(inbox.map(({ id, received, expires, state }) => [id, received, expires, state])),
  ]);
  const { ids, left } = await forgetCommands(db, RUNNING);
  const kept = new Set((await db.all<{ id: string }>("SELECT id FROM inbox")).map(({ id }) => id));
  await db.close();
  expect(kept.size).toBe(left);
  expect(left).toBeLessThan(count);
  expect([...ids].sort()).toEqual(
    inbox
      .map(({ id }) => id)
      .filter((id) => !kept.has(id))
      .sort(),
  );
});

it("one that failed is known for 30 days after its end, as its effect may have happened", async () => {
  const inbox: readonly InboxRow[] = ["failed", "refused", "expired"].flatMap((state) =>
    [2, 31].map((days) => ({ id: `${state} ${days}`, received: 0, expires: RUNNING - days * DAY, state, body: {} })),
  );
  await using at = await folder();
  const db = await openDatabase(at.file, "create");
  await db.script(tables);
  for (const { id, received, expires, state } of inbox)
    await db.run("INSERT INTO inbox (id, received, expires, state, body) VALUES (?, ?, ?, ?, '{}')", [
      id,
      received,
      expires,
      state,
    ]);
  const { ids } = await forgetCommands(db, RUNNING);
  expect([...ids].sort()).toEqual(["expired 2", "expired 31", "failed 31", "refused 2", "refused 31"]);
  expect(await forgetRefused(db, 10)).toEqual([]);
  expect(await db.all("SELECT id FROM inbox")).toEqual([{ id: "failed 2" }]);
  await db.close();
});
