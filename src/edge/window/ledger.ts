/** What a window holds and cannot keep goes in; the numbers that went come out, and the event that names such a loss (contract, Loss ledger). */
import { counted } from "../../kit/counted.ts";
import type { EdgeEvent, EventDraft, Range, Stream } from "../../model.ts";
import type { Shed } from "../parts.ts";
import { type Content, dropEvents, dropRecords, isUrgent } from "./content.ts";

/** Records that wait in memory while the store cannot be written; the oldest beyond go to the ledger. */
const RECORDS_MAX = 50_000;
/** Events that wait so; urgent ones and those that name a loss stay. */
const EVENTS_MAX = 10_000;

export interface Loss {
  readonly stream: Stream;
  readonly ranges: readonly Range[];
  readonly reason: Shed["reason"];
}

export const isFull = (stream: Stream, { records, events }: Content): boolean =>
  stream === "readings" ? records > RECORDS_MAX : events.length > EVENTS_MAX;

/** The oldest tenth of what may wait: the memory of the box is bounded, and the platform learns of it. */
export function relieve(stream: Stream, content: Content): Loss {
  const spared = (event: EdgeEvent) => isUrgent(event) || event.kind === "ledger.gap";
  const ranges =
    stream === "readings"
      ? dropRecords(content, RECORDS_MAX / 10)
      : dropEvents(content, EVENTS_MAX / 10, (event) => !spared(event));
  return { stream, ranges, reason: "disk" };
}

/** Content that can never be stored must not hold up what can: the likeliest part goes. Null: what went has no number. */
export function purge(content: Content): Loss | null {
  if (content.inbox.size > 0) content.inbox.clear();
  else if (content.states.size > 0) content.states.clear();
  else if (content.groups.length > 0)
    return { stream: "readings", ranges: dropRecords(content, content.records), reason: "refused" };
  else return { stream: "events", ranges: dropEvents(content, content.events.length, () => true), reason: "refused" };
  return null;
}

export function gapEvent({ epoch, stream, range, count, kept, reason, policy }: Omit<Shed, "replacement">): EventDraft {
  return {
    kind: "ledger.gap",
    state: "noted",
    severity: reason === "thinned" ? "low" : "medium",
    text: {
      it: `${counted(count, "dato non conservato|dati non conservati")} (${reason})`,
      en: `${counted(count, "record|records")} not kept (${reason})`,
    },
    extra: { epoch, stream, from: range[0], to: range[1], count, kept, reason, ...(policy !== undefined && { policy }) },
  };
}
