/** Whether a stored body is the one that was written for its row: SQLite checks its pages, not what lies in them. */
import { isPlain, plainBody } from "../../../contract/message-body.ts";
import { append, type RangeSet } from "../../../kit/range-set.ts";
import type { Range, Stream } from "../../../model/index.ts";
import type { Database } from "../database/sqlite.ts";
import { type Epoch, keyOf, NUMBERS, seqOf } from "../stream-index.ts";

/** Every body begins with what it is; its numbers stand within so many bytes. */
const HEAD_BYTES = 256;

/** A compressed body carries a checksum, one that is not must be whole JSON. */
export function isIntact(body: Uint8Array, from: number, to: number): boolean {
  try {
    const plain = plainBody(body);
    const whole = isPlain(body) ? numbersIn(plain.toString("utf8")) : null;
    const named = `"from":${from},"to":${to},`;
    if (plain.subarray(0, HEAD_BYTES).includes(named)) return true;
    const { from: a, to: b } = whole ?? numbersIn(plain.toString("utf8"));
    return a === from && b === to;
  } catch {
    return false;
  }
}

const numbersIn = (json: string) => JSON.parse(json) as { readonly from?: unknown; readonly to?: unknown };

/** Segments looked at in one turn: some 2 ms and 64 KB each five seconds, so that 256 MB are read in about six hours. */
const SLICE = 64;
const COLUMNS: Readonly<Record<Stream, string>> = { readings: "key, span, body", events: "key, 1 AS span, body" };

/** Goes through everything stored, a little at each look, and begins anew at its end. */
export class BodyScrubber {
  readonly #db: Database;
  #stream: Stream = "readings";
  #after = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What is not as it was written; null: nothing was found. What SQLite itself finds damaged rejects. */
  async scrub(slice = SLICE): Promise<string | null> {
    const rows = await this.#db.all<{ key: number; span: number; body: Uint8Array }>(
      `SELECT ${COLUMNS[this.#stream]} FROM ${this.#stream} WHERE key > ? ORDER BY key LIMIT ${slice}`,
      [this.#after],
    );
    for (const { key, span, body } of rows)
      if (!isIntact(body, seqOf(key), seqOf(key) + span - 1)) return `${this.#stream} ${seqOf(key)} is not what was written`;
    this.#after = rows.at(-1)?.key ?? 0;
    if (rows.length < slice) {
      this.#after = 0;
      this.#stream = this.#stream === "readings" ? "events" : "readings";
    }
    return null;
  }
}

/** Numbers of one stream of an epoch that have a row. */
export async function storedIn(db: Database, { n }: Pick<Epoch, "n">, stream: Stream): Promise<RangeSet> {
  const stored: Range[] = [];
  const span = stream === "readings" ? "span" : "1 AS span";
  for (let after = keyOf(n, 0); ; ) {
    const rows = await db.all<{ key: number; span: number }>(
      `SELECT key, ${span} FROM ${stream} WHERE key > ? AND key <= ? ORDER BY key LIMIT 10000`,
      [after, keyOf(n, NUMBERS - 1)],
    );
    for (const row of rows) append(stored, [seqOf(row.key), seqOf(row.key) + row.span - 1]);
    const last = rows.at(-1);
    if (last === undefined) return stored;
    after = last.key;
  }
}
