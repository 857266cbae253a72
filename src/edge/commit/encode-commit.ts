/** Makes the commit of what was collected, and what listeners hear of it once it is durable. */
import type { AssetState, EdgeEvent, EpochInfo, Segment, Stream } from "../../model/index.ts";
import { encodeEvent, encodeReadings } from "../segments/segment.ts";
import type { Commit, SegmentRow } from "../store/store.ts";
import { type Content, type Group, isUrgent } from "./buffer-content.ts";

export interface Committed {
  readonly segments: readonly Segment[];
  readonly assets: readonly AssetState[];
  readonly alarms: boolean;
  /** The time of what stands has changed. */
  readonly restated: boolean;
  readonly events: readonly EdgeEvent[];
  readonly urgent: readonly EdgeEvent[];
}

/** `cat`: hash of the catalog in force. */
export function commitOf(closed: Content, { id, opened }: EpochInfo, cat: string): Commit {
  const epoch = { id, opened, cat };
  return {
    readings: closed.groups.filter((g) => g.records.length > 0).map((g) => encodeReadings(epoch, g)),
    events: closed.events.map((event) => encodeEvent(epoch, event, isUrgent(event))),
    states: Object.fromEntries(closed.states),
    marks: [...closed.marks.values()],
    inbox: [...closed.inbox.values()],
    shed: closed.shed,
    sentUrgent: closed.sentUrgent,
  };
}

/** Whether records and an event can be encoded, whatever they hold. */
export function encodable({ id, opened }: EpochInfo, cat: string) {
  const epoch = { id, opened, cat };
  const can = (work: () => unknown): boolean => {
    try {
      work();
      return true;
    } catch {
      return false;
    }
  };
  return {
    records: (group: Group) => group.records.length === 0 || can(() => encodeReadings(epoch, group)),
    event: (event: EdgeEvent) => can(() => encodeEvent(epoch, event, false)),
  };
}

/** What may be committed before the rest: no number of a stream is in it. */
export const marksOnly = ({ marks, sentUrgent }: Content): Commit => ({
  readings: [],
  events: [],
  states: {},
  marks: [...marks.values()],
  inbox: [],
  shed: [],
  sentUrgent: [...sentUrgent],
});

export function committedOf(closed: Content, { readings, events }: Commit, { id: epoch }: EpochInfo): Committed {
  const segment = (stream: Stream) => (row: SegmentRow) => ({
    epoch,
    stream,
    from: row.from,
    to: row.to,
    count: row.count,
    mono: row.mono + (row.t1 - row.t0),
    body: row.body,
  });
  return {
    segments: [...events.map(segment("events")), ...readings.map(segment("readings"))],
    assets: [...closed.assets.values()],
    alarms: closed.alarms !== null,
    restated: closed.restated,
    events: closed.events,
    urgent: closed.events.filter(isUrgent),
  };
}
