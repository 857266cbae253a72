/** Reads stored segments, urgent events and decoded history, in the order of their numbers. */
import { CodedError } from "../../kit/errors.ts";
import type { EdgeEvent, Segment, Stream } from "../../model/index.ts";
import { decodeBody } from "../segments/segment.ts";
import type { Database } from "./database/sqlite.ts";
import { isIntact } from "./recovery/body-check.ts";
import type { StoredEvent, StoredRecord } from "./store.ts";
import { type Epoch, keyOf, NUMBERS, seqOf } from "./stream-index.ts";

interface SegmentColumns {
  readonly key: number;
  readonly span: number;
  readonly count: number;
  readonly mono: number;
  readonly body: Uint8Array;
}

const COLUMNS: Readonly<Record<Stream, string>> = {
  readings: "key, span, count, mono",
  events: "key, 1 AS span, 1 AS count, mono",
};
const LAST: Readonly<Record<Stream, string>> = { readings: "key + span - 1", events: "key" };
/** Most segments in one answer. */
const MOST = 1024;

/** Segments that meet from..to, at most about `maxBytes` of bodies, at least one. `boot`: only segments of this boot have a `mono`. */
export async function readSegments(
  db: Database,
  epoch: Epoch,
  stream: Stream,
  [from, to]: readonly [number, number],
  maxBytes: number,
  boot: string,
): Promise<readonly Segment[]> {
  const [lo, hi] = [keyOf(epoch.n, from), keyOf(epoch.n, Math.min(to, NUMBERS - 1))];
  // The segment that `from` lies in began at or before it.
  const start = `coalesce((SELECT key FROM ${stream} WHERE key <= ?1 ORDER BY key DESC LIMIT 1), ?1)`;
  const sizes = await db.all<{ key: number; bytes: number }>(
    `SELECT key, length(body) AS bytes FROM ${stream}
     WHERE key >= ${start} AND key <= ?2 AND ${LAST[stream]} >= ?1 ORDER BY key LIMIT ${MOST}`,
    [lo, hi],
  );
  const first = sizes[0];
  if (first === undefined) return [];
  let last = first.key;
  let bytes = 0;
  for (const row of sizes) {
    bytes += row.bytes;
    if (bytes <= maxBytes) last = row.key;
  }
  const rows = await db.all<SegmentColumns>(
    `SELECT ${COLUMNS[stream]}, body FROM ${stream} WHERE key BETWEEN ? AND ? ORDER BY key`,
    [first.key, last],
  );
  const { opened } = epoch;
  for (const { key, span, body } of rows) {
    const [first, last] = [seqOf(key), seqOf(key) + span - 1];
    if (!isIntact(body, first, last))
      throw new CodedError("store.corrupt", { reason: `${stream} ${first} to ${last} are not what was written` });
  }
  return rows.map(({ key, span, count, mono, body }) => ({
    epoch: epoch.id,
    stream,
    from: seqOf(key),
    to: seqOf(key) + span - 1,
    count,
    mono: epoch.boot === boot ? opened + mono : null,
    body,
  }));
}

/** Those of an epoch other than `current` carry its name: their number alone would mean another event. */
export async function readUrgent(db: Database, current: string): Promise<readonly EdgeEvent[]> {
  const rows = await db.all<{ body: Uint8Array }>(`SELECT body FROM events WHERE urgent = 1 ORDER BY key LIMIT ${MOST}`);
  return rows.flatMap(({ body }) => {
    const decoded = decodeBody(body);
    if (decoded.stream !== "events") return [];
    const { epoch, events } = decoded;
    return epoch === current ? events : events.map((event) => ({ ...event, epoch }));
  });
}

export interface HistoryFilter {
  readonly source?: string;
  readonly name?: string;
  readonly sinceWall?: number;
}

/** Runs one query in a turn of its own: commits go on between two slices. */
type Query = <R>(sql: string, values: readonly number[]) => Promise<readonly R[]>;
interface Slice {
  readonly key: number;
  readonly body: Uint8Array | null;
}

const SLICE = 256;
const ANY_TIME = Number.MIN_SAFE_INTEGER;
const newer = (stream: Stream, time: string): string =>
  `SELECT key, CASE WHEN ${time} >= ?2 THEN body END AS body FROM ${stream} WHERE key > ?1 ORDER BY key LIMIT ${SLICE}`;
const HISTORY = newer("readings", "t1");
const EVENTS = newer("events", "t0");
const BEFORE_NEWEST = "SELECT key FROM events WHERE t0 >= ? ORDER BY key DESC LIMIT 1 OFFSET ?";

/** `opened`: kernel monotonic ms at the opening of each epoch, by n. */
export async function* readHistory(
  query: Query,
  opened: ReadonlyMap<number, number>,
  { source, name, sinceWall = ANY_TIME }: HistoryFilter,
): AsyncGenerator<StoredRecord> {
  for await (const { key, body } of slices(query, HISTORY, 0, sinceWall)) {
    const decoded = decodeBody(body);
    if (decoded.stream !== "readings") continue;
    const { epoch, clock, thinned } = decoded;
    const n = Math.floor(key / NUMBERS);
    const began = opened.get(n) ?? 0;
    for (const record of decoded.records) {
      if (record.wall < sinceWall || (source !== undefined && record.source !== source)) continue;
      const named = name === undefined || record.name === name || (thinned !== null && record.name.startsWith(`${name}.`));
      if (named) yield { ...record, mono: began + record.mono, epoch, n, clock };
    }
  }
}

export async function* readEvents(
  query: Query,
  { sinceWall = ANY_TIME, limit }: { readonly sinceWall?: number; readonly limit?: number },
): AsyncGenerator<StoredEvent> {
  const [before] = limit === undefined ? [] : await query<{ key: number }>(BEFORE_NEWEST, [sinceWall, limit]);
  for await (const { key, body } of slices(query, EVENTS, before?.key ?? 0, sinceWall)) {
    const decoded = decodeBody(body);
    const n = Math.floor(key / NUMBERS);
    if (decoded.stream === "events") for (const event of decoded.events) yield { epoch: decoded.epoch, n, event };
  }
}

async function* slices(
  query: Query,
  sql: string,
  after: number,
  sinceWall: number,
): AsyncGenerator<{ key: number; body: Uint8Array }> {
  for (let last = after; ; ) {
    const rows = await query<Slice>(sql, [last, sinceWall]);
    for (const { key, body } of rows) if (body !== null) yield { key, body };
    last = rows.at(-1)?.key ?? last;
    if (rows.length < SLICE) return;
  }
}
