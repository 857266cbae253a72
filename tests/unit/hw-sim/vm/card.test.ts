/** The judge of the power cuts passes a whole store, and names each thing that a cut must not do. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { Ingest } from "../../../../hw-sim/platform/ingest.ts";
import { Database } from "../../../../hw-sim/platform/store/database.ts";
import { schema } from "../../../../hw-sim/platform/store/schema.ts";
import { allThere, leftIn } from "../../../../hw-sim/vm/card.ts";
import { tables } from "../../../../src/edge/store/migrations/0001-tables.ts";
import { temporary } from "../../../support/running/processes.ts";

const EPOCH = "01K00000000000000000000000";
const N = 2 ** 35;

const batch = (from: number, ...values: readonly number[]) => ({
  ...{ v: 1, epoch: EPOCH, cat: "c", from, to: from + values.length - 1, mono0: 0, t0: 0, clock: "synced" },
  points: [["meter", "power", "W"]],
  rows: values.map((value, i) => [from + i, 0, value]),
});
type Batch = ReturnType<typeof batch>;

async function judged(stored: readonly Batch[], told: readonly Batch[]): Promise<number> {
  await using folder = await temporary("card");
  const [card, city] = [join(folder.path, "card.sqlite"), join(folder.path, "city.sqlite")];
  {
    await using db = await Database.open(card, "writer");
    await db.script(tables);
    await db.run("INSERT INTO epochs VALUES (1, ?, 'boot', 0, 'created', 0)", EPOCH);
    for (const one of stored) {
      const [count, hex] = [one.rows.length, Buffer.from(JSON.stringify(one)).toString("hex")];
      await db.run(`INSERT INTO readings VALUES (?, ?, ?, 0, 0, 0, 1, 0, x'${hex}')`, N + one.from, count, count);
    }
    await using platform = await Database.open(city, "writer");
    await platform.script(schema);
    const ingest = await Ingest.open(platform, () => 0);
    for (const one of told)
      await ingest.take({ gateway: "g", path: "readings", payload: Buffer.from(JSON.stringify(one)), retained: false });
  }
  return await allThere(city, await leftIn(card));
}

it("passes a card that holds all that was told, and more", async () => {
  expect(await judged([batch(1, 10, 11), batch(3, 12)], [batch(1, 10, 11)])).toBe(2);
});

it("names what was told and is lost", async () => {
  await expect(judged([batch(1, 10)], [batch(1, 10), batch(2, 11)])).rejects.toThrow(/readings\/2 was told and is lost/);
});

it("names a number that means two things", async () => {
  await expect(judged([batch(1, 10), batch(2, 99)], [batch(1, 10, 11)])).rejects.toThrow(/readings\/2 means two things/);
});

it("names a hole", async () => {
  await expect(judged([batch(1, 10), batch(3, 12)], [])).rejects.toThrow(/2 is missing, 3 is there/);
});
