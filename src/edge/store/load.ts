/** Reads at opening what the database holds: epochs with heads and marks, states, commands, and how far it had run. */
import type { Range, Stream } from "../../model/index.ts";
import type { Database } from "./database/sqlite.ts";
import type { InboxRow, Store } from "./store.ts";
import { type Epoch, emptyEntry, grown, keyOf, STREAMS, type StreamEntry, seqOf } from "./stream-index.ts";

export interface Loaded {
  readonly entries: readonly StreamEntry[];
  readonly newest: Epoch | null;
  /** Running time of the file at its last record, ms. */
  readonly ran: number;
  readonly formerEnd: Store["formerEnd"];
  readonly saved: ReadonlyMap<string, unknown>;
  readonly inbox: ReadonlyMap<string, InboxRow>;
}

interface End {
  readonly key: number;
  readonly mono: number;
  readonly wall: number;
  readonly synced: number;
  readonly last: number;
}

const COLUMNS: Readonly<Record<Stream, string>> = {
  readings: "key, mono, t1 AS wall, synced, span - 1 AS last",
  events: "key, mono, t0 AS wall, synced, 0 AS last",
};

export async function load(db: Database): Promise<Loaded> {
  const epochs = await db.all<Epoch>("SELECT n, id, boot, opened, cause, ran0 FROM epochs ORDER BY n");
  const marks = await db.all<{ n: number; stream: Stream; up_to: number; held: string }>(
    "SELECT n, stream, up_to, held FROM marks",
  );
  const entries: StreamEntry[] = [];
  const newest = epochs.at(-1) ?? null;
  let formerEnd: Loaded["formerEnd"] = null;
  for (const epoch of epochs) {
    for (const stream of STREAMS) {
      const { entry, end } = await loadEntry(db, epoch, stream);
      const mark = marks.find((m) => m.n === epoch.n && m.stream === stream);
      // What was acknowledged existed, even where its rows have gone since.
      entry.head = Math.max(entry.head, mark?.up_to ?? 0);
      if (end === undefined) entry.oldest = entry.head + 1;
      if (mark) Object.assign(entry, grown(entry, { upTo: mark.up_to, held: JSON.parse(mark.held) as readonly Range[] }));
      // Held records above the mark may be deleted already; only an earlier run knew which of them are still there.
      entry.goneTo = entry.held.at(-1)?.[1] ?? 0;
      entries.push(entry);
      if (epoch === newest && end !== undefined && epoch.opened + end.mono >= (formerEnd?.mono ?? 0))
        formerEnd = { boot: epoch.boot, mono: epoch.opened + end.mono, wall: end.wall, synced: end.synced === 1 };
    }
  }
  const ran = newest === null ? 0 : newest.ran0 + ((formerEnd?.mono ?? newest.opened) - newest.opened);
  return { entries, newest, ran, formerEnd, saved: await loadStates(db), inbox: await loadInbox(db) };
}

/** Reads the first and the last row by key, because min() and max() in one query would scan the table. */
export async function loadEntry(
  db: Database,
  epoch: Epoch,
  stream: Stream,
): Promise<{ entry: StreamEntry; end: End | undefined }> {
  const find = async (order: "ASC" | "DESC") =>
    (
      await db.all<End>(`SELECT ${COLUMNS[stream]} FROM ${stream} WHERE key BETWEEN ? AND ? ORDER BY key ${order} LIMIT 1`, [
        keyOf(epoch.n, 1),
        keyOf(epoch.n + 1, 0),
      ])
    )[0];
  const entry = emptyEntry(epoch, stream);
  const end = await find("DESC");
  const begin = end && (await find("ASC"));
  if (end && begin) {
    entry.head = seqOf(end.key) + end.last;
    entry.oldest = seqOf(begin.key);
    entry.oldestMono = begin.mono;
  }
  return { entry, end };
}

async function loadStates(db: Database): Promise<ReadonlyMap<string, unknown>> {
  const rows = await db.all<{ key: string; body: string }>("SELECT key, body FROM states");
  return new Map(rows.map(({ key, body }) => [key, JSON.parse(body) as unknown]));
}

async function loadInbox(db: Database): Promise<ReadonlyMap<string, InboxRow>> {
  const rows = await db.all<InboxRow & { body: string }>("SELECT id, received, expires, state, body FROM inbox");
  return new Map(rows.map((row) => [row.id, { ...row, body: JSON.parse(row.body) as unknown }]));
}
