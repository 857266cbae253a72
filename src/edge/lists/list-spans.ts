/** When the entries of a list hold for each asset that they name, and which days it makes holidays. */
import { setImmediate } from "node:timers/promises";
import type { Spans } from "../answers/told-lists.ts";
import type { EntryTable, Found } from "./entry-table.ts";

/** What one event can carry; what lies further ahead is told when a later list comes. */
const MOST_SPANS = 100;
/** So many entries are looked at before all else has its turn. */
const AT_ONCE = 2000;

/** By asset, those of this site that are named. `since`: epoch ms; what ended before it is left out. null: the time is not known. */
export async function spansIn(
  table: EntryTable,
  assets: ReadonlySet<string>,
  since: number | null,
): Promise<ReadonlyMap<string, Spans>> {
  const found = new Map<string, [number, number][]>();
  let seen = 0;
  for (const entry of table.placed()) {
    seen += 1;
    if (seen % AT_ONCE === 0) await setImmediate();
    if (!holds(entry, since)) continue;
    for (const asset of entry.assets ?? []) {
      if (!assets.has(asset)) continue;
      const spans = found.get(asset);
      if (spans === undefined) found.set(asset, [[entry.from, entry.to]]);
      else spans.push([entry.from, entry.to]);
    }
  }
  return new Map([...found].map(([asset, spans]) => [asset, joined(spans)]));
}

const holds = ({ revoked, from, to }: Found, since: number | null): boolean =>
  !revoked && from < to && (since === null || to >= since);

/** In order, those that meet made one. */
function joined(spans: [number, number][]): Spans {
  const apart: [number, number][] = [];
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    const last = apart.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (apart.length < MOST_SPANS) apart.push([from, to]);
    else break;
  }
  return apart;
}
