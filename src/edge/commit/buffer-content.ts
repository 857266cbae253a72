/** What one commit will hold: joined when a commit failed, and relieved of its oldest when it grows too large. */
import { setOf } from "../../kit/range-set.ts";
import type { AssetState, EdgeEvent, Mark, OpenAlarm, Range, ReadingRecord, Stream } from "../../model/index.ts";
import { isWithoutEffect, worthOf } from "../segments/event-worth.ts";
import type { InboxRow, Shed } from "../store/store.ts";

/** Records that make one batch: none spans a clock step, a change of clock or of catalog. */
export interface Group {
  readonly clock: "synced" | "unsynced";
  /** wall − mono for every record in it. */
  readonly offset: number;
  readonly from: number;
  readonly records: ReadingRecord[];
}

/** Whoever waits until what was added so far is durable. */
export interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export interface Content {
  readonly groups: Group[];
  readonly events: EdgeEvent[];
  readonly states: Map<string, unknown>;
  readonly marks: Map<string, Mark>;
  readonly inbox: Map<string, InboxRow>;
  readonly shed: Shed[];
  readonly sentUrgent: { epoch: string; seq: number }[];
  readonly assets: Map<string, AssetState>;
  alarms: readonly OpenAlarm[] | null;
  /** The time of what stands has changed. */
  restated: boolean;
  readonly waiters: Waiter[];
  records: number;
}

/** Copied to `urgent` (contract, topic `urgent`): what is said to be urgent always, what is critical but during maintenance. */
export const isUrgent = (event: EdgeEvent): boolean =>
  event.urgent === true || (event.severity === "critical" && event["maintenance"] !== true);

/** Records and events. */
export const weightOf = ({ records, events }: Content): number => records + events.length;

export const emptyContent = (): Content => ({
  groups: [],
  events: [],
  states: new Map(),
  marks: new Map(),
  inbox: new Map(),
  shed: [],
  sentUrgent: [],
  assets: new Map(),
  alarms: null,
  restated: false,
  waiters: [],
  records: 0,
});

/** Two successive contents as one: later states, marks and documents win. */
export function joined(first: Content, second: Content): Content {
  return {
    groups: [...first.groups, ...second.groups],
    events: [...first.events, ...second.events],
    states: new Map([...first.states, ...second.states]),
    marks: new Map([...first.marks, ...second.marks]),
    inbox: new Map([...first.inbox, ...second.inbox]),
    shed: [...first.shed, ...second.shed],
    sentUrgent: [...first.sentUrgent, ...second.sentUrgent],
    assets: new Map([...first.assets, ...second.assets]),
    alarms: second.alarms ?? first.alarms,
    restated: first.restated || second.restated,
    waiters: [...first.waiters, ...second.waiters],
    records: first.records + second.records,
  };
}

/** Takes out what is stored: numbers up to these. */
export function takeStored(content: Content, heads: Readonly<Record<Stream, number>>): Content {
  const stored = emptyContent();
  for (const group of content.groups.splice(0)) {
    const records = group.records.splice(0, Math.max(0, heads.readings - group.from + 1));
    if (records.length > 0) stored.groups.push({ ...group, records });
    if (group.records.length > 0) content.groups.push({ ...group, from: group.from + records.length });
    stored.records += records.length;
  }
  content.records -= stored.records;
  for (const event of content.events.splice(0)) (event.seq <= heads.events ? stored : content).events.push(event);
  return stored;
}

/** Takes out the records and events that are not `sound`; answers the numbers that went. */
export function dropUnsound(
  content: Content,
  sound: { readonly records: (group: Group) => boolean; readonly event: (event: EdgeEvent) => boolean },
): Readonly<Record<Stream, readonly Range[]>> {
  const gone: number[] = [];
  for (const group of content.groups.splice(0)) {
    if (sound.records(group)) {
      content.groups.push(group);
      continue;
    }
    for (const [at, record] of group.records.entries()) {
      const one: Group = { ...group, from: group.from + at, records: [record] };
      const last = content.groups.at(-1);
      if (!sound.records(one)) gone.push(one.from);
      else if (last !== undefined && at > 0 && last.from + last.records.length === one.from) last.records.push(record);
      else content.groups.push(one);
    }
  }
  content.records -= gone.length;
  return { readings: rangesOf(gone), events: dropEvents(content, content.events.length, (event) => !sound.event(event)) };
}

/** Takes out states and commands that no store could write, whatever else goes with them. True: there were some. */
export function dropUnstorable({ states, inbox }: Content): boolean {
  const before = states.size + inbox.size;
  for (const [key, state] of states) if (!isStorable(state)) states.delete(key);
  for (const [id, { received, expires, body }] of inbox)
    if (id === "" || !Number.isSafeInteger(received) || !Number.isSafeInteger(expires) || !isStorable(body)) inbox.delete(id);
  return states.size + inbox.size < before;
}

/** SQLite reads no JSON that is nested deeper. */
const DEEPEST = 1000;

function isStorable(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined && isShallow(value, DEEPEST);
  } catch {
    return false;
  }
}

const isShallow = (value: unknown, left: number): boolean =>
  typeof value !== "object" || value === null || (left > 0 && Object.values(value).every((inner) => isShallow(inner, left - 1)));

/** Takes out the oldest records; answers the numbers that went. */
export function dropRecords(content: Content, most: number): readonly Range[] {
  const gone: Range[] = [];
  let left = most;
  const { groups } = content;
  while (left > 0 && groups[0] !== undefined) {
    const group = groups[0];
    const dropped = group.records.splice(0, left).length;
    if (dropped > 0) gone.push([group.from, group.from + dropped - 1]);
    left -= dropped;
    groups.shift();
    if (group.records.length > 0) groups.unshift({ ...group, from: group.from + dropped });
    content.records -= dropped;
  }
  return gone;
}

/** Takes out the oldest events that `may` go; answers the numbers that went. */
export function dropEvents(content: Content, most: number, may: (event: EdgeEvent) => boolean): readonly Range[] {
  const gone = new Set(
    content.events
      .slice(0, most)
      .filter(may)
      .map(({ seq }) => seq),
  );
  const left = content.events.filter(({ seq }) => !gone.has(seq));
  content.events.splice(0, content.events.length, ...left);
  return rangesOf([...gone]);
}

/** Takes out refused and expired commands with their events; answers the numbers that went. */
export function dropRefusals(content: Content): readonly Range[] {
  for (const [id, { state }] of content.inbox) if (isWithoutEffect(state)) content.inbox.delete(id);
  return dropEvents(content, content.events.length, ({ kind }) => worthOf(kind) === 0);
}

const rangesOf = (numbers: readonly number[]): readonly Range[] => setOf(numbers.map((n) => [n, n]));
