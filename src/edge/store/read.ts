/** Ranges and filters go in; stored segments, urgent events and decoded history come out, in the order of their numbers. */
import type { EdgeEvent, Segment, Stream } from "../../model.ts";
import type { StoredRecord } from "../parts.ts";
import { decodeBody } from "../segment.ts";
import type { Database } from "./sqlite.ts";
import { type Epoch, keyOf, NUMBERS, seqOf } from "./standing.ts";

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

export async function readUrgent(db: Database): Promise<readonly EdgeEvent[]> {
  const rows = await db.all<{ body: Uint8Array }>(`SELECT body FROM events WHERE urgent = 1 ORDER BY key LIMIT ${MOST}`);
  return rows.flatMap(({ body }) => {
    const decoded = decodeBody(body);
    return decoded.stream === "events" ? decoded.events : [];
  });
}

export interface HistoryFilter {
  readonly source?: string;
  readonly name?: string;
  readonly sinceWall?: number;
}

const SLICE = 256;
const HISTORY = `SELECT key, CASE WHEN t1 >= ?2 THEN body END AS body FROM readings WHERE key > ?1 ORDER BY key LIMIT ${SLICE}`;

/** In slices, each a turn of its own: commits go on meanwhile. `turn` runs one query; `epochs` by their n. */
export async function* readHistory(
  slice: (
    sql: string,
    after: number,
    since: number,
  ) => Promise<readonly { readonly key: number; readonly body: Uint8Array | null }[]>,
  epochs: ReadonlyMap<number, Epoch>,
  { source, name, sinceWall = Number.MIN_SAFE_INTEGER }: HistoryFilter,
): AsyncGenerator<StoredRecord> {
  let after = 0;
  for (;;) {
    const rows = await slice(HISTORY, after, sinceWall);
    for (const { key, body } of rows) {
      after = key;
      const decoded = body === null ? null : decodeBody(body);
      if (decoded?.stream !== "readings") continue;
      const { epoch, clock } = decoded;
      const opened = epochs.get(Math.floor(key / NUMBERS))?.opened ?? 0;
      for (const record of decoded.records) {
        const named =
          name === undefined || record.name === name || (decoded.thinned !== null && record.name.startsWith(`${name}.`));
        if (named && (source === undefined || record.source === source) && record.wall >= sinceWall)
          yield { ...record, mono: opened + record.mono, epoch, clock };
      }
    }
    if (rows.length < SLICE) return;
  }
}
