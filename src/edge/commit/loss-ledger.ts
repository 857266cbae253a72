/** Chooses what goes when there is no room, and makes the event that names the loss (CT-I5). */
import { pluralise } from "../../kit/text/pluralise.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { EdgeEvent, EventDraft, Range, Stream, Text } from "../../model/index.ts";
import { worthOf } from "../segments/event-worth.ts";
import type { Shed } from "../store/store.ts";
import { type Content, dropEvents, dropRecords, dropRefusals, dropUnstorable, isUrgent } from "./buffer-content.ts";

/** Records that wait in memory while the store cannot be written; the oldest beyond go to the ledger. */
const RECORDS_MAX = 50_000;
/** Events that wait so; those that never go stay. */
const EVENTS_MAX = 10_000;
/** Urgent ones among them (CT-U9): of more than that the oldest go, which had the most time to leave as copies. */
const URGENT_MAX = 1000;
/** So many stay then, so that not every new one pushes out another, each with an event of its own. */
const URGENT_LEFT = 900;
/** Share of the oldest that goes at once, so that the content is encoded a few times and not once for each record. */
const LIGHTER = 0.25;

export interface Loss {
  readonly stream: Stream;
  readonly ranges: readonly Range[];
  readonly reason: Shed["reason"];
}

export const isFull = (stream: Stream, { records, events }: Content): boolean =>
  stream === "readings" ? records > RECORDS_MAX : events.length > EVENTS_MAX || urgentIn(events) > URGENT_MAX;

const urgentIn = (events: readonly EdgeEvent[]): number =>
  events.length > URGENT_MAX ? events.reduce((count, event) => count + Number(isUrgent(event)), 0) : 0;

/** The oldest tenth of what may wait: the memory of the box is bounded, and the platform learns of it. */
export function relieve(stream: Stream, content: Content): Loss {
  const urgent = stream === "events" ? urgentIn(content.events) : 0;
  if (urgent > URGENT_MAX) {
    let left = urgent - URGENT_LEFT;
    const ranges = dropEvents(content, content.events.length, (event) => isUrgent(event) && left-- > 0);
    return { stream, ranges, reason: "disk" };
  }
  const ranges =
    stream === "readings"
      ? dropRecords(content, RECORDS_MAX / 10)
      : // Only of those that may go: the oldest thousand may all have to stay.
        dropEvents(
          content,
          content.events.length,
          oldest(
            content.events.filter((event) => !spared(event)),
            0.1,
          ),
        );
  return { stream, ranges, reason: "disk" };
}

const spared = (event: EdgeEvent): boolean => isUrgent(event) || worthOf(event.kind) === 2;

/** Where there is no room, refused commands go first, all of them. */
export const withoutRefusals = (content: Content): Loss => ({ stream: "events", ranges: dropRefusals(content), reason: "quota" });

/** For content that is larger than the room that can be made for it: readings go, then events. Null: nothing more can go. */
export function lighten(content: Content): Loss | null {
  const { records, events } = content;
  if (records > 0) return { stream: "readings", ranges: dropRecords(content, Math.ceil(records * LIGHTER)), reason: "quota" };
  const ranges = dropEvents(
    content,
    events.length,
    oldest(
      events.filter((event) => !spared(event)),
      LIGHTER,
    ),
  );
  return ranges.length > 0 ? { stream: "events", ranges, reason: "quota" } : null;
}

/** Whether an event is among that share of the oldest. */
function oldest(events: readonly EdgeEvent[], share: number): (event: EdgeEvent) => boolean {
  const last = events[Math.ceil(events.length * share) - 1]?.seq ?? 0;
  return (event) => event.seq <= last && !spared(event);
}

/**
 * Drops a part of the content, so that the rest can be stored. Content known to be unstorable goes alone. Otherwise what has numbers goes first,
 * because the ledger can name it. Commands go last: an order that is forgotten is never carried out, or twice; so whoever waits for it learns that
 * it was not kept. Null: what was dropped had no numbers.
 */
export function purge(content: Content, error: Error): Loss | null {
  const { states, inbox, events, groups, records } = content;
  if (dropUnstorable(content)) return null;
  if (groups.length > 0) return { stream: "readings", ranges: dropRecords(content, records), reason: "refused" };
  const others = dropEvents(content, events.length, ({ kind }) => worthOf(kind) < 2);
  if (others.length > 0) return { stream: "events", ranges: others, reason: "refused" };
  if (states.size > 0) states.clear();
  else if (inbox.size > 0) {
    inbox.clear();
    for (const { reject } of content.waiters.splice(0)) reject(error);
  } else return { stream: "events", ranges: dropEvents(content, events.length, () => true), reason: "refused" };
  return null;
}

/**
 * A loss that directly follows one whose event is not stored yet is added to that event: a disk that fails for weeks must not fill the memory with
 * such events. Answers the number of that event; null: there is none.
 */
export function widenGap({ events }: Content, gap: Omit<Shed, "replacement">): number | null {
  const { epoch, stream, range, count, reason } = gap;
  const same: Readonly<Record<string, unknown>> = { kind: "ledger.gap", epoch, stream, to: range[0] - 1, kept: 0, reason };
  const at = events.findLastIndex(
    (event: Readonly<Record<string, unknown>>) =>
      event["policy"] === undefined && Object.entries(same).every(([key, value]) => event[key] === value),
  );
  const event = events[at];
  if (event === undefined) return null;
  const { text, extra } = gapEvent({ ...gap, range: [Number(event["from"]), range[1]], count: Number(event["count"]) + count });
  events[at] = { ...event, text, ...extra };
  return event.seq;
}

/** A stored gap as a new event. */
export const draftOf = (gap: EdgeEvent): EventDraft =>
  gapEvent({
    epoch: String(gap["epoch"]),
    stream: gap["stream"] as Stream,
    range: [Number(gap["from"]), Number(gap["to"])],
    count: Number(gap["count"]),
    kept: Number(gap["kept"]),
    reason: gap["reason"] as Shed["reason"],
  });

const WHY: Readonly<Record<Shed["reason"], Text>> = {
  quota: { it: "quota esaurita", en: "quota used up" },
  disk: { it: "disco", en: "disk" },
  thinned: { it: "sfoltiti con l'età", en: "thinned with age" },
  expired: { it: "scaduti", en: "expired" },
  refused: { it: "rifiutati", en: "refused" },
};

export function gapEvent({ epoch, stream, range, count, kept, reason, policy }: Omit<Shed, "replacement">): EventDraft {
  return {
    ...hostEvent("ledger.gap"),
    ...(reason === "thinned" && { severity: "low" }),
    state: "noted",
    text: {
      it: `${pluralise(count, "dato non conservato|dati non conservati")} (${WHY[reason].it})`,
      en: `${pluralise(count, "record|records")} not kept (${WHY[reason].en})`,
    },
    extra: { epoch, stream, from: range[0], to: range[1], count, kept, reason, ...(policy !== undefined && { policy }) },
  };
}
