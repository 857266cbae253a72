/** Finds what may go of records that nobody acknowledged: first thinned, then dropped, oldest first. */

import { worthOf } from "../../segments/event-worth.ts";
import { type DecodedReadings, decodeBody } from "../../segments/segment.ts";
import { type KindOf, thin } from "../../segments/thin.ts";
import type { Database } from "../database/sqlite.ts";
import type { SegmentRow, Shed } from "../store.ts";
import { isHeld, keyOf, type StreamEntry, type StreamIndex, seqOf } from "../stream-index.ts";

/** Segments looked at for one thinned batch, and records that one may stand for: its JSON stays under the message limit of 128 KiB. */
const GROUP_SEGMENTS = 128;
const GROUP_RECORDS = 2000;
/** Groups thinned and rows looked at for dropping at one time. */
const GROUPS = 8;
const DROP = 500;
/** A stretch of fewer bytes is left: the event that names it would take as much. */
const NAMED_BYTES = 1024;
/** Looks for what may be dropped in one turn, about 10 ms, unless a commit waits for it. */
const DROP_LOOKS = 20;
/** Groups looked at in one turn, about 0.1 s of decoding: commits wait meanwhile. */
const LOOKS = 64;
/** The newest records of this run stay as they are: they may be on their way. */
const FRESH_MS = 600_000;

interface Row {
  readonly key: number;
  readonly span: number;
  readonly count: number;
  readonly mono: number;
  readonly synced: number;
  readonly body: Uint8Array;
}

interface Whole {
  readonly key: number;
  readonly span: number;
  readonly bytes: number;
}

/** What may be dropped, in this order; of events those of least worth go first (`event-worth.ts`). */
type Dropped = "refusals" | "readings" | "events";

const ROWS: Readonly<Record<Dropped, string>> = {
  refusals: "SELECT key, 1 AS span, length(body) AS bytes FROM events WHERE worth = 0 AND",
  readings: "SELECT key, span, length(body) AS bytes FROM readings WHERE",
  // Rows written before the column `worth` existed are judged by their bodies.
  events:
    "SELECT key, 1 AS span, length(body) AS bytes, CASE WHEN worth = 1 THEN body END AS body FROM events WHERE worth < 2 AND",
};

/** A stretch of neighbouring batches that can become one. */
interface Group {
  readonly entry: StreamEntry;
  readonly batches: readonly DecodedReadings[];
  readonly bytes: number;
}

export class Shedder {
  readonly #db: Database;
  readonly #index: StreamIndex;
  readonly #kindOf: KindOf;
  /** Everything before it has been thinned, or found not worth it. */
  #thinnedTo = 0;

  constructor(db: Database, index: StreamIndex, kindOf: KindOf) {
    this.#db = db;
    this.#index = index;
    this.#kindOf = kindOf;
  }

  /** `running`: running time of the file. `more`: not everything has been looked at. */
  async thinned(running: number): Promise<{ readonly shed: readonly Shed[]; readonly more: boolean }> {
    const shed: Shed[] = [];
    let looks = 0;
    for (const entry of this.#open("readings")) {
      for (;;) {
        if (shed.length >= GROUPS || looks >= LOOKS) return { shed, more: true };
        const group = await this.#group(entry, running - FRESH_MS - entry.epoch.ran0);
        if (group === null) break;
        looks += 1;
        const row = thin(group.batches, entry.epoch.opened, group.bytes, this.#kindOf);
        if (row !== null) shed.push(replaced(entry, row, group.bytes));
      }
    }
    return { shed, more: false };
  }

  /**
   * The oldest that nobody holds and nobody is about to shed, whole, until at least `bytes` of them or none is left. The newest of each epoch
   * stays: the head is read from it. `full`: a commit waits, and nothing may remain unseen.
   */
  async dropped(
    what: Dropped,
    reason: Shed["reason"],
    { bytes, pending, full }: { readonly bytes: number; readonly pending: readonly Shed[]; readonly full: boolean },
  ): Promise<readonly Shed[]> {
    const shed: Shed[] = [];
    let left = bytes;
    let looks = full ? Number.POSITIVE_INFINITY : DROP_LOOKS;
    for (const entry of this.#open(what === "readings" ? "readings" : "events")) {
      const end = keyOf(entry.epoch.n, entry.head - 1);
      const going = pending.filter(({ epoch, stream }) => epoch === entry.epoch.id && stream === entry.stream);
      for (let from = keyOf(entry.epoch.n, entry.upTo + 1); left > 0 && looks > 0; looks -= 1) {
        const rows = await this.#db.all<Whole & { readonly body?: Uint8Array | null }>(
          `${ROWS[what]} key BETWEEN ? AND ? ORDER BY key LIMIT ${DROP}`,
          [from, end],
        );
        const last = rows.at(-1);
        if (last === undefined) break;
        from = last.key + last.span;
        const found = runs(
          entry,
          rows.filter(({ body }) => body === undefined || body === null || mayGo(body)),
          going,
          reason,
          left,
        );
        shed.push(...found);
        left -= freedBy(found);
      }
      if (left <= 0) break;
    }
    return shed;
  }

  #open(stream: "readings" | "events"): readonly StreamEntry[] {
    return this.#index.entries.filter(
      (entry) => entry.stream === stream && entry.upTo < entry.head && entry.oldest <= entry.head,
    );
  }

  /** The next stretch after what was looked at before; null at the end of the entry. */
  async #group(entry: StreamEntry, before: number): Promise<Group | null> {
    const { n } = entry.epoch;
    const rows = await this.#db.all<Row>(
      `SELECT key, span, count, mono, synced, body FROM readings
       WHERE key BETWEEN ? AND ? AND mono < ? ORDER BY key LIMIT ${GROUP_SEGMENTS}`,
      [Math.max(this.#thinnedTo, keyOf(n, entry.upTo + 1)), keyOf(n, entry.head - 1), Math.max(0, before)],
    );
    const batches: DecodedReadings[] = [];
    let bytes = 0;
    let records = 0;
    for (const row of rows) {
      const [from, to] = [seqOf(row.key), seqOf(row.key) + row.span - 1];
      const fits = row.count === row.span && to < entry.head && !isHeld(entry, from, to);
      const decoded = fits ? decodeBody(row.body) : null;
      const joins = decoded?.stream === "readings" && follows(batches.at(-1), decoded) && records + row.count <= GROUP_RECORDS;
      if (!joins && batches.length > 0) break;
      this.#thinnedTo = row.key + row.span;
      if (!joins || decoded?.stream !== "readings") continue;
      batches.push(decoded);
      bytes += row.body.length;
      records += row.count;
    }
    return batches.length > 0 ? { entry, batches, bytes } : null;
  }
}

/** Never across a gap, a clock step, a change of clock or of catalog (contract). */
const follows = (last: DecodedReadings | undefined, next: DecodedReadings): boolean =>
  last === undefined ||
  (next.from === last.to + 1 && next.cat === last.cat && next.clock === last.clock && Math.abs(next.offset - last.offset) < 1);

const replaced = (entry: StreamEntry, row: SegmentRow, bytes: number): Shed => ({
  epoch: entry.epoch.id,
  stream: "readings",
  range: [row.from, row.to],
  count: row.to - row.from + 1,
  kept: row.count,
  reason: "thinned",
  policy: "1min",
  replacement: row,
  freed: bytes - row.body.length,
});

export const freedBy = (shed: readonly Shed[]): number => shed.reduce((sum, { freed = 0 }) => sum + freed, 0);

/** What cannot be read is no reason to keep it. */
function mayGo(body: Uint8Array): boolean {
  try {
    const decoded = decodeBody(body);
    return decoded.stream === "events" && decoded.events.every(({ kind }) => worthOf(kind) < 2);
  } catch {
    return true;
  }
}

/** Neighbours as one range; no more of them than `enough` bytes, and none that is not worth its name in the ledger. */
function runs(
  entry: StreamEntry,
  rows: readonly Whole[],
  going: readonly Shed[],
  reason: Shed["reason"],
  enough: number,
): readonly Shed[] {
  const stretches: { from: number; to: number; bytes: number }[] = [];
  let sum = 0;
  for (const { key, span, bytes } of rows) {
    const [from, to] = [seqOf(key), seqOf(key) + span - 1];
    if (to >= entry.head || isHeld(entry, from, to) || going.some(({ range: [a, b] }) => from <= b && a <= to)) continue;
    if (sum >= enough && sum >= NAMED_BYTES) break;
    sum += bytes;
    const last = stretches.at(-1);
    if (last !== undefined && last.to + 1 === from) Object.assign(last, { to, bytes: last.bytes + bytes });
    else stretches.push({ from, to, bytes });
  }
  return stretches
    .filter(({ bytes }) => bytes >= NAMED_BYTES)
    .map(({ from, to, bytes }) => ({
      epoch: entry.epoch.id,
      stream: entry.stream,
      range: [from, to],
      count: to - from + 1,
      kept: 0,
      reason,
      replacement: null,
      freed: bytes,
    }));
}
