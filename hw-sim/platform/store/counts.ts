/** Counts what the platform holds, lacks and has been told, for audits and the live view. */
import * as z from "zod";
import { absent, highest, type RangeSet, setOf, union, upTo } from "../../../src/kit/range-set.ts";
import type { Range } from "../../../src/model/index.ts";
import type { Database } from "./database.ts";

const ranges = z.array(z.tuple([z.number(), z.number()]));
export const counts = z.object({
  connected: z.boolean(),
  streams: z.array(
    z.object({
      gateway: z.string(),
      epoch: z.string(),
      stream: z.enum(["readings", "events"]),
      rows: z.number(),
      repeats: z.number(),
      upTo: z.number(),
      /** Numbers whose rows are here, and those that a `ledger.gap` names as lost. */
      held: ranges,
      ledger: ranges,
      /** Below the highest number seen, neither held nor named. */
      gaps: ranges,
    }),
  ),
  events: z.record(z.string(), z.number()),
  urgent: z.number(),
  malformed: z.array(z.object({ topic: z.string(), reason: z.string(), count: z.number() })),
  commands: z.array(z.object({ id: z.string(), state: z.string().nullable() })),
});
export type Counts = z.infer<typeof counts>;

export async function count(db: Database, connected: boolean): Promise<Counts> {
  const found = new Map<string, Record<"record" | "ledger", Range[]>>();
  for (const row of await db.all("SELECT * FROM ranges")) {
    const key = `${row["gateway"]}\n${row["epoch"]}\n${row["stream"]}`;
    const both = found.get(key) ?? { record: [], ledger: [] };
    both[row["by"] === "ledger" ? "ledger" : "record"].push([Number(row["lo"]), Number(row["hi"])]);
    found.set(key, both);
  }
  const streams = [];
  for (const [key, by] of found) {
    const [record, ledger] = [setOf(by.record), setOf(by.ledger)];
    const [gateway = "", epoch = "", name = ""] = key.split("\n");
    const stream = name === "events" ? ("events" as const) : ("readings" as const);
    const all = union(record, ledger);
    const rows = await one(db, `SELECT count(*) AS n FROM ${stream} WHERE gateway = ? AND epoch = ?`, gateway, epoch);
    const repeats = await one(
      db,
      "SELECT count AS n FROM repeats WHERE gateway = ? AND epoch = ? AND stream = ?",
      gateway,
      epoch,
      stream,
    );
    const lists = { held: copy(record), ledger: copy(ledger), gaps: copy(absent(all, [1, highest(all)])) };
    streams.push({ gateway, epoch, stream, rows, repeats, upTo: upTo(all), ...lists });
  }
  const kinds = await db.all("SELECT kind, count(*) AS n FROM events GROUP BY kind ORDER BY kind");
  return counts.parse({
    connected,
    streams,
    events: Object.fromEntries(kinds.map((row) => [String(row["kind"]), row["n"]])),
    urgent: await one(db, "SELECT count(*) AS n FROM urgent"),
    malformed: await db.all("SELECT topic, reason, count FROM malformed ORDER BY count DESC LIMIT 20"),
    commands: await db.all("SELECT id, state FROM commands ORDER BY id DESC LIMIT 20"),
  });
}

async function one(db: Database, sql: string, ...bind: readonly string[]): Promise<number> {
  return Number((await db.all(sql, ...bind))[0]?.["n"] ?? 0);
}

const copy = (set: RangeSet): [number, number][] => set.map(([lo, hi]) => [lo, hi]);
