/** Reads from the platform's database what was delivered, missing, doubled, and how fast. */
import * as z from "zod";
import { absent, add, none, type RangeSet } from "../../../src/kit/range-set.ts";
import type { Stream } from "../../../src/model/index.ts";
import type { Database } from "../../platform/store/database.ts";
import type { ReceivedEvent, RetainedBay } from "./bays.ts";
import type { GivenCommand } from "./events.ts";
import type { ReceivedReading } from "./readings.ts";
import { type Heads, streamKey } from "./stored.ts";

export interface DeliveredStream {
  readonly epoch: string;
  readonly stream: Stream;
  readonly rows: number;
  /** Numbers up to the head that are neither held nor named in the ledger. */
  readonly gaps: RangeSet;
}

/** `known`: what the gateway's store says of its streams. Rows of a stream that it does not know are counted too: they would be invented. */
export async function delivered(
  db: Database,
  gateway: string,
  known: readonly { readonly epoch: string; readonly stream: Stream; readonly head: number }[],
  heads: Heads,
): Promise<readonly DeliveredStream[]> {
  const top = new Map(known.map(({ epoch, stream, head }) => [streamKey(epoch, stream), head]));
  const sets = new Map<string, { epoch: string; stream: Stream; held: RangeSet }>();
  for (const { epoch, stream } of known) sets.set(streamKey(epoch, stream), { epoch, stream, held: none });
  for (const row of await db.all("SELECT epoch, stream, lo, hi FROM ranges WHERE gateway = ?", gateway)) {
    const epoch = String(row["epoch"]);
    const stream = row["stream"] === "events" ? ("events" as const) : ("readings" as const);
    const one = sets.get(streamKey(epoch, stream)) ?? { epoch, stream, held: none };
    one.held = add(one.held, [Number(row["lo"]), Number(row["hi"])]);
    sets.set(streamKey(epoch, stream), one);
  }
  const found: DeliveredStream[] = [];
  for (const [key, { epoch, stream, held }] of sets) {
    const bound = Math.min(heads.get(key) ?? Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    const sql = `SELECT count(*) AS n FROM ${stream} WHERE gateway = ? AND epoch = ? AND seq <= ?`;
    const [row] = await db.all(sql, gateway, epoch, bound);
    found.push({ epoch, stream, rows: Number(row?.["n"] ?? 0), gaps: absent(held, [1, top.get(key) ?? 0]) });
  }
  return found;
}

export async function repeats(db: Database, gateway: string): Promise<number> {
  return Number((await db.all("SELECT sum(count) AS n FROM repeats WHERE gateway = ?", gateway))[0]?.["n"] ?? 0);
}

export interface Duplicate {
  readonly what: string;
  readonly times: number;
}

/**
 * The same fact under two numbers. A device tells one value of a point at one time of one boot; an attribute may change twice in a
 * millisecond, but not to the same value. An event is doubled when it begins or ends the same thing twice, or when all its fields are equal.
 * Commands refused without an id cannot be told apart.
 */
export async function duplicates(db: Database, gateway: string, devices: ReadonlySet<string>): Promise<readonly Duplicate[]> {
  const readings = await db.all(
    `SELECT r.source || '.' || r.name || ' at ' || (e.opened + r.mono) AS what, count(*) AS times
     FROM readings r JOIN epochs e USING (gateway, epoch) WHERE r.gateway = ?
     GROUP BY r.source, r.name, e.boot, e.opened + r.mono, CASE WHEN r.source IN (SELECT value FROM json_each(?)) THEN '' ELSE r.value END
     HAVING count(*) > 1`,
    gateway,
    JSON.stringify([...devices]),
  );
  const events = await db.all(
    `SELECT kind || ' ' || coalesce(asset, device, '') || ' ' || state || ' since ' || since AS what, count(*) AS times
     FROM events WHERE gateway = ?
     GROUP BY kind, state, asset, device, since,
       CASE WHEN state IN ('raised', 'cleared') THEN ''
            WHEN kind = 'command.refused' AND body ->> '$.command' IS NULL THEN body
            ELSE json_remove(body, '$.seq', '$.after', '$.id') END
     HAVING count(*) > 1`,
    gateway,
  );
  return [...readings, ...events].map((row) => ({ what: String(row["what"]), times: Number(row["times"]) }));
}

export async function eventKinds(db: Database, gateway: string): Promise<Readonly<Record<string, number>>> {
  const rows = await db.all("SELECT kind, count(*) AS n FROM events WHERE gateway = ? GROUP BY kind ORDER BY kind", gateway);
  return Object.fromEntries(rows.map((row) => [String(row["kind"]), Number(row["n"])]));
}

/** All readings, on the machine's monotonic clock. */
export async function receivedReadings(db: Database, gateway: string): Promise<readonly ReceivedReading[]> {
  const rows = await db.all(
    `SELECT r.source, r.name, r.value, r.quality, e.opened + r.mono AS mono
     FROM readings r JOIN epochs e USING (gateway, epoch) WHERE r.gateway = ? ORDER BY e.n, r.seq`,
    gateway,
  );
  return rows.map((row) => ({
    source: String(row["source"]),
    name: String(row["name"]),
    value: JSON.parse(String(row["value"])),
    quality: row["quality"] === "good" || row["quality"] === "bad" ? row["quality"] : "uncertain",
    mono: Number(row["mono"]),
  }));
}

/** Last wire byte → row in the platform's database, of live records that come from a wire. */
export async function latency(
  db: Database,
  gateway: string,
  devices: ReadonlySet<string>,
): Promise<{ readonly p50: number; readonly p99: number }> {
  const rows = await db.all(
    `SELECT r.arrived - (e.opened + r.mono) AS ms FROM readings r JOIN epochs e USING (gateway, epoch)
     WHERE r.gateway = ? AND r.live = 1 AND r.source IN (SELECT value FROM json_each(?)) ORDER BY ms`,
    gateway,
    JSON.stringify([...devices]),
  );
  const at = (share: number) => Number(rows[Math.min(rows.length - 1, Math.floor(rows.length * share))]?.["ms"] ?? 0);
  return { p50: at(0.5), p99: at(0.99) };
}

/** All events, in the order of their numbers, on the machine's monotonic clock. */
export async function receivedEvents(
  db: Database,
  gateway: string,
): Promise<readonly (ReceivedEvent & { readonly target: string | null })[]> {
  const rows = await db.all(
    `SELECT v.id, v.kind, v.state, v.asset, v.device, v.at - v.since AS age, v.body ->> '$.reason' AS reason,
       v.body ->> '$.command' AS command, v.body ->> '$.target' AS target, v.body ->> '$.origin' AS origin, e.opened + v.mono AS mono
     FROM events v JOIN epochs e USING (gateway, epoch) WHERE v.gateway = ? ORDER BY e.n, v.seq`,
    gateway,
  );
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  return rows.map((row) => ({
    id: String(row["id"]),
    kind: String(row["kind"]),
    state: String(row["state"]),
    reason: text(row["reason"]),
    asset: text(row["asset"]),
    device: text(row["device"]),
    command: text(row["command"]),
    target: text(row["target"]),
    origin: text(row["origin"]),
    mono: Number(row["mono"]),
    since: Number(row["mono"]) - Number(row["age"]),
  }));
}

export async function givenCommands(db: Database, gateway: string): Promise<readonly GivenCommand[]> {
  const rows = await db.all(
    "SELECT id, body ->> '$.target' AS target, body ->> '$.action' AS action FROM commands WHERE gateway = ?",
    gateway,
  );
  return rows.map((row) => ({ id: String(row["id"]), target: String(row["target"]), action: String(row["action"]) }));
}

const retainedBody = z.looseObject({
  state: z.record(z.string(), z.unknown()),
  quality: z.string(),
  alarms: z.array(z.string()).default([]),
});
const alarmsBody = z.looseObject({ open: z.array(z.looseObject({ id: z.string(), asset: z.string().optional() })) });

/** What stands at the broker: asset → its own message, and what the list of alarms has of it. */
export async function retainedBays(db: Database, gateway: string): Promise<ReadonlyMap<string, RetainedBay>> {
  const rows = await db.all("SELECT topic, body FROM current WHERE gateway = ?", gateway);
  const bodies = rows.map((row) => ({ topic: String(row["topic"]), body: JSON.parse(String(row["body"])) as unknown }));
  const open = bodies.flatMap(({ topic, body }) => (topic.startsWith("alarms/") ? alarmsBody.parse(body).open : []));
  const bays = bodies.flatMap(({ topic, body }) => {
    const read = topic.startsWith("assets/") ? retainedBody.safeParse(body) : null;
    if (!read?.success) return [];
    const asset = topic.slice("assets/".length);
    const { state, quality, alarms } = read.data;
    const listed = open.filter((one) => one.asset === asset).map(({ id }) => id);
    return [[asset, { state, quality, alarms, listed }] as const];
  });
  return new Map(bays);
}
