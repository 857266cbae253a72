/** The stored past in the order in which it happened, for whoever must hear it again. */
import type { Args, ReadingRecord } from "../../../model/index.ts";
import type { ListNews } from "../../answers/told-lists.ts";
import type { Verdict } from "../../kinds/kind.ts";
import { isOperatorAction } from "../../operators/operator-actions.ts";
import { decodeBody } from "../../segments/segment.ts";
import type { Store, StoredEvent, StoredRecord } from "../../store/store.ts";

export type Lived = { readonly record: StoredRecord } | { readonly event: StoredEvent };

/** Merges both streams: before an event come the records of earlier epochs, and those of its own up to its `after`. */
export async function* inOrder(records: AsyncIterable<StoredRecord>, events: AsyncIterable<StoredEvent>): AsyncGenerator<Lived> {
  const iterator = records[Symbol.asyncIterator]();
  let next = await iterator.next();
  for await (const stored of events) {
    const { n, event } = stored;
    while (!next.done && (next.value.n < n || (next.value.n === n && next.value.seq <= event.after))) {
      yield { record: next.value };
      next = await iterator.next();
    }
    yield { event: stored };
  }
  for (; !next.done; next = await iterator.next()) yield { record: next.value };
}

/** What of the past an engine hears. */
export type Input =
  | { readonly record: ReadingRecord }
  | { readonly lost: string }
  | { readonly asset: string; readonly action: string; readonly args: Args }
  | BadgeShown
  | ListNews
  | OrderEnd;

/** A badge was shown for an asset; `until` in epoch ms. The number itself is nowhere. */
export interface BadgeShown {
  readonly asset: string;
  readonly reader: string;
  readonly permit: Pick<Verdict, "verdict" | "version">;
  readonly until: number | null;
  /** Of the list that judged it. */
  readonly list?: "stale";
}

/** How what an asset's kind ordered ended. */
export interface OrderEnd {
  readonly order: string;
  readonly by: string;
  readonly isDone: boolean;
}

const ENDS = ["succeeded", "failed", "expired", "refused", "unknown"].map((state) => `command.${state}`);

/** What a stored event means to assets; null: nothing. */
export function inputOf({ event }: StoredEvent): Input | null {
  if (event.kind === "device.down" && event.device !== undefined)
    return event.state === "cleared" ? null : { lost: event.device };
  const { target, action, args, command, origin, by } = event as Readonly<Record<string, unknown>>;
  if (origin === "rule" && ENDS.includes(event.kind))
    return { order: String(command), by: String(by), isDone: event.kind === "command.succeeded" };
  if (event.kind === "badge.shown") return event as unknown as BadgeShown;
  if (event.kind === "list.accepted" || event.kind === "list.told") return newsIn(event);
  // What operators do to alarms is no affair of the kinds.
  if (event.kind !== "command.executing" || isOperatorAction(String(action))) return null;
  return { asset: String(target), action: String(action), args: (args ?? {}) as Args };
}

/** What an event told of a pushed list. */
function newsIn(event: StoredEvent["event"]): ListNews {
  const { asset } = event;
  const { list, version, spans, days, staleAt } = event as unknown as ListNews;
  const more = { ...(spans && { spans }), ...(days && { days }), ...(staleAt !== undefined && { staleAt }) };
  return { list, version, ...(asset !== undefined && { asset }), ...more };
}

const BYTES_AT_ONCE = 262_144;

/** Everything of one epoch above these numbers. `opened`: kernel monotonic ms at which it opened. */
export function tailOf(
  store: Pick<Store, "read">,
  { epoch, readings, events }: { readonly epoch: string; readonly readings: number; readonly events: number },
  opened: number,
): AsyncGenerator<Lived> {
  return inOrder(recordsAbove(store, epoch, readings, opened), eventsAbove(store, epoch, events));
}

async function* recordsAbove(
  store: Pick<Store, "read">,
  epoch: string,
  above: number,
  opened: number,
): AsyncGenerator<StoredRecord> {
  for await (const body of bodies(store, epoch, "readings", above)) {
    const decoded = decodeBody(body);
    if (decoded.stream !== "readings") continue;
    const { clock } = decoded;
    for (const record of decoded.records)
      if (record.seq > above) yield { ...record, mono: opened + record.mono, epoch, n: 0, clock };
  }
}

async function* eventsAbove(store: Pick<Store, "read">, epoch: string, above: number): AsyncGenerator<StoredEvent> {
  for await (const body of bodies(store, epoch, "events", above)) {
    const decoded = decodeBody(body);
    if (decoded.stream === "events") for (const event of decoded.events) if (event.seq > above) yield { epoch, n: 0, event };
  }
}

async function* bodies(store: Pick<Store, "read">, epoch: string, stream: "readings" | "events", above: number) {
  for (let from = above + 1; ; ) {
    const segments = await store.read(epoch, stream, from, Number.MAX_SAFE_INTEGER, BYTES_AT_ONCE);
    for (const { body } of segments) yield body;
    const last = segments.at(-1);
    if (last === undefined) return;
    from = last.to + 1;
  }
}
