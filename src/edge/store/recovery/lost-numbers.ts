/** Numbers that were given out and are in no file any more: what the ledger must name at the next opening. */
import { absent, setOf } from "../../../kit/range-set.ts";
import type { Range, Stream } from "../../../model/index.ts";
import { decodeBody } from "../../segments/segment.ts";
import type { Database } from "../database/sqlite.ts";
import type { Loaded } from "../load.ts";
import type { Lost } from "../store.ts";
import { keyOf, NUMBERS, type StreamEntry } from "../stream-index.ts";
import { storedIn } from "./body-check.ts";
import type { KnownHeads } from "./head-file.ts";

/** More stretches of one stream are joined: each is an event. What is stored between them is delivered all the same. */
const MOST = 1000;

/** `known`: how far each stream came, as is known beside the file. `salvaged`: any row may be missing; otherwise only the last ones. */
export async function lostOf(
  db: Database,
  loaded: Loaded,
  known: readonly KnownHeads[],
  salvaged: boolean,
): Promise<readonly Lost[]> {
  const heads = new Map<string, { epoch: string; stream: Stream; head: number; entry: StreamEntry | undefined }>();
  const at = (epoch: string, stream: Stream, head: number, entry?: StreamEntry) => {
    const key = `${epoch}/${stream}`;
    const before = heads.get(key);
    heads.set(key, { epoch, stream, head: Math.max(head, before?.head ?? 0), entry: entry ?? before?.entry });
  };
  for (const entry of loaded.entries) at(entry.epoch.id, entry.stream, entry.head, entry);
  for (const { epoch, readings, events } of known) {
    at(epoch, "readings", readings);
    at(epoch, "events", events);
  }
  const named = salvaged ? await namedIn(db, loaded.entries) : new Map<string, Range[]>();
  const lost: Lost[] = [];
  for (const [key, { epoch, stream, head, entry }] of heads) {
    const held: Range[] = entry === undefined ? [] : [[1, entry.upTo], ...entry.held];
    if (entry !== undefined && salvaged) held.push(...(await storedIn(db, entry.epoch, stream)), ...(named.get(key) ?? []));
    else if (entry !== undefined) held.push([1, entry.head]);
    for (const range of joined(absent(setOf(held), [1, head]))) lost.push({ epoch, stream, range });
  }
  return lost;
}

/** What the stored ledger names already. */
async function namedIn(db: Database, entries: readonly StreamEntry[]): Promise<Map<string, Range[]>> {
  const named = new Map<string, Range[]>();
  for (const { epoch } of entries.filter(({ stream }) => stream === "events")) {
    for (let after = keyOf(epoch.n, 0); ; ) {
      const rows = await db.all<{ key: number; body: Uint8Array }>(
        "SELECT key, body FROM events WHERE key > ? AND key <= ? AND worth > 0 ORDER BY key LIMIT 1000",
        [after, keyOf(epoch.n, NUMBERS - 1)],
      );
      for (const { body } of rows) {
        const decoded = decodeBody(body);
        for (const event of decoded.stream === "events" ? decoded.events : []) {
          if (event.kind !== "ledger.gap" || event["kept"] !== 0) continue;
          const key = `${event["epoch"]}/${event["stream"]}`;
          const ranges = named.get(key) ?? [];
          ranges.push([Number(event["from"]), Number(event["to"])]);
          named.set(key, ranges);
        }
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.key;
    }
  }
  return named;
}

function joined(ranges: readonly Range[]): readonly Range[] {
  let runs = ranges;
  for (let near = 2; runs.length > MOST; near *= 2) {
    const wider: [number, number][] = [];
    for (const [from, to] of runs) {
      const last = wider.at(-1);
      if (last !== undefined && from - last[1] <= near) last[1] = to;
      else wider.push([from, to]);
    }
    runs = wider;
  }
  return runs;
}
