/** Reads from the gateway's own database what it stored and holds as acknowledged. */
import * as z from "zod";
import { add, none, type RangeSet, size, within } from "../../../src/kit/range-set.ts";
import type { GatewayStatus, Stream } from "../../../src/model/index.ts";
import type { Database } from "../../platform/store/database.ts";

export interface StoredStream {
  readonly epoch: string;
  readonly stream: Stream;
  readonly head: number;
  /** Records, and how many of them the gateway knows to be acknowledged. */
  readonly stored: number;
  readonly acknowledged: number;
}

/** The last number of a stream that is to be counted; a stream that is not in it is counted whole. */
export type Heads = ReadonlyMap<string, number>;
export const streamKey = (epoch: string, stream: string): string => `${epoch}/${stream}`;

/** How far every stream of a running gateway has come. */
export const headsOf = ({ streams }: Pick<GatewayStatus, "streams">): Heads =>
  new Map(streams.map(({ epoch, stream, head }) => [streamKey(epoch, stream), head]));

/**
 * The first stream that is not yet acknowledged up to the head that was noted; undefined: all are. A stream that is no longer listed is acknowledged
 * whole.
 */
export const lagging = ({ streams }: Pick<GatewayStatus, "streams">, heads: Heads) =>
  streams.find(({ epoch, stream, upTo }) => upTo < (heads.get(streamKey(epoch, stream)) ?? 0));

/** key = epoch's n · 2^35 + first number: the layout of the store. */
const EPOCH = 2 ** 35;
const ranges = z.array(z.tuple([z.number(), z.number()]));

export async function stored(db: Database, heads: Heads): Promise<readonly StoredStream[]> {
  const found: StoredStream[] = [];
  for (const row of await db.all("SELECT n, id FROM epochs ORDER BY n")) {
    const n = Number(row["n"]);
    const epoch = String(row["id"]);
    for (const stream of ["events", "readings"] as const) {
      const head = heads.get(streamKey(epoch, stream)) ?? Number.POSITIVE_INFINITY;
      found.push({ epoch, stream, ...(await streamOf(db, n, stream, head)) });
    }
  }
  return found;
}

async function streamOf(db: Database, n: number, stream: Stream, head: number): Promise<Omit<StoredStream, "epoch" | "stream">> {
  const held = await marks(db, n, stream);
  const columns = stream === "readings" ? "key, span, count" : "key, 1 AS span, 1 AS count";
  const rows = await db.all(
    `SELECT ${columns} FROM ${stream} WHERE key > ? AND key < ? ORDER BY key`,
    n * EPOCH,
    (n + 1) * EPOCH,
  );
  let [top, records, acknowledged] = [0, 0, 0];
  for (const row of rows) {
    const from = Number(row["key"]) - n * EPOCH;
    const to = from + Number(row["span"]) - 1;
    const count = Number(row["count"]);
    if (to > head) break;
    top = to;
    records += count;
    const known = size(within(held, [from, to]));
    // A thinned segment counts as acknowledged only when all of its numbers are.
    acknowledged += count === to - from + 1 ? known : known === to - from + 1 ? count : 0;
  }
  return { head: top, stored: records, acknowledged };
}

async function marks(db: Database, n: number, stream: Stream): Promise<RangeSet> {
  const [row] = await db.all("SELECT up_to, held FROM marks WHERE n = ? AND stream = ?", n, stream);
  if (!row) return none;
  return ranges.parse(JSON.parse(String(row["held"]))).reduce(add, add(none, [1, Number(row["up_to"])]));
}
