/** Checks a copied store against the platform's database: sound, without holes, still saying all that was ever told. */

import * as read from "../platform/messages.ts";
import { Database } from "../platform/store/database.ts";
import { expect } from "../table.ts";

/** key = epoch's n · 2^35 + number: the layout of the store. */
const NUMBERS = 2 ** 35;

export interface Left {
  readonly epochs: readonly string[];
  /** epoch/stream/number → what it says. */
  readonly records: ReadonlyMap<string, string>;
}

/** Sound, and each stream's segments follow one another. Nothing is forgotten yet: all is younger than `store.keep`. */
export async function leftIn(file: string): Promise<Left> {
  await using db = await Database.open(file, "writer");
  const check = await db.all("PRAGMA quick_check");
  expect(check.length === 1 && check[0]?.["quick_check"] === "ok", `quick_check: ${JSON.stringify(check).slice(0, 200)}`);
  const epochs = new Map((await db.all("SELECT n, id FROM epochs")).map(({ n, id }) => [Number(n), String(id)]));
  const records = new Map<string, string>();
  for (const stream of ["readings", "events"] as const) {
    const next = new Map<number, number>();
    for (const row of await db.all(
      `SELECT key, ${stream === "readings" ? "span" : "1 AS span"}, hex(body) AS body FROM ${stream} ORDER BY key`,
    )) {
      const n = Math.floor(Number(row["key"]) / NUMBERS);
      const from = Number(row["key"]) - n * NUMBERS;
      const expected = next.get(n) ?? 1;
      expect(from === expected, `${epochs.get(n)}/${stream}: ${expected} is missing, ${from} is there`);
      next.set(n, from + Number(row["span"]));
      const batch = read.open(Buffer.from(String(row["body"]), "hex"));
      const list = stream === "readings" ? read.readings(batch).rows : read.events(batch).events;
      for (const record of list) records.set(`${epochs.get(n)}/${stream}/${record.seq}`, wordsOf(record));
    }
  }
  return { epochs: [...epochs.values()], records };
}

/** Every record that reached the platform, acknowledged or not, must be on the card and say the same. Answers how many. */
export async function allThere(platformDb: string, left: Left): Promise<number> {
  await using db = await Database.open(platformDb, "readonly");
  let count = 0;
  const judge = (number: string, told: string) => {
    count += 1;
    const kept = left.records.get(number);
    expect(kept !== undefined, `${number} was told and is lost: ${told}`);
    expect(kept === told, `${number} means two things: ${told}, on the card ${kept}`);
  };
  for (const row of await db.all("SELECT * FROM readings"))
    judge(`${row["epoch"]}/readings/${row["seq"]}`, wordsOf({ ...row, value: JSON.parse(String(row["value"])) }));
  for (const row of await db.all("SELECT epoch, body FROM events")) {
    const event = JSON.parse(String(row["body"]));
    judge(`${row["epoch"]}/events/${event.seq}`, wordsOf(event));
  }
  return count;
}

/** What a record says, its time included; of an event, all. */
function wordsOf(record: object): string {
  const { source, name, value, quality, mono, wall, kind, state, since, at } = Object.fromEntries(Object.entries(record));
  return JSON.stringify({ source, name, value, quality, mono, wall, kind, state, since, at });
}
