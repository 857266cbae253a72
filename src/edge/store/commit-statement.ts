/** Turns a commit into the values of one SQL statement, and brings the stream index up to date once it has run. */

import { EdgeError } from "../../kit/errors.ts";
import { systemReason } from "../../kit/text/reasons.ts";
import type { Bound } from "./database/sqlite.ts";
import type { Commit, SegmentRow, Shed } from "./store.ts";
import { type Epoch, grown, keyOf, type StreamEntry, type StreamIndex } from "./stream-index.ts";

export const COMMIT = `INSERT INTO commits (epoch, cut_readings, cut_events, readings, events, bodies, states, marks, inbox, sent)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export interface Prepared {
  readonly values: readonly Bound[];
  readonly bytes: number;
  /** Lines that lose rows. */
  readonly cut: readonly StreamEntry[];
  /** Lets the index follow; to be called once the statement has run. */
  apply(): void;
}

/** `first`: the epoch has no row yet. Throws `store.binding` for what can never be stored: that is a defect of the caller, and no later try cures it. */
export function prepare(commit: Commit, epoch: Epoch, first: boolean, index: StreamIndex): Prepared {
  try {
    return laidOut(commit, epoch, first, index);
  } catch (raw) {
    // JSON.stringify and Buffer.concat throw TypeError and RangeError: a circle, a BigInt, no bytes, too many of them.
    throw raw instanceof EdgeError ? raw : new EdgeError("store.binding", { reason: systemReason(raw) }, raw);
  }
}

function laidOut(commit: Commit, epoch: Epoch, first: boolean, index: StreamIndex): Prepared {
  const bodies: Uint8Array[] = [];
  let offset = 0;
  const place = (body: Uint8Array): readonly [number, number] => {
    bodies.push(body);
    offset += body.length;
    return [offset - body.length + 1, body.length];
  };
  const entryOf = (stream: "readings" | "events") => index.entry(epoch.id, stream);
  inOrder(commit.readings, entryOf("readings")?.head ?? 0, "readings");
  inOrder(commit.events, entryOf("events")?.head ?? 0, "events");
  const cut = cutsOf(commit.shed, index);
  const readings = [
    ...cut.flatMap(({ entry, shed: { replacement } }) =>
      replacement === null ? [] : [readingsRow(replacement, entry.epoch, place)],
    ),
    ...commit.readings.map((row) => readingsRow(row, epoch, place)),
  ];
  const events = commit.events.map((row) => [
    keyOf(epoch.n, row.from),
    row.mono - epoch.opened,
    row.t0,
    Number(row.clock === "synced"),
    Number(row.urgent),
    ...place(row.body),
    row.worth,
  ]);
  const marks = marksOf(commit, index);
  const values: readonly Bound[] = [
    first ? JSON.stringify([epoch.n, epoch.id, epoch.boot, epoch.opened, epoch.cause, epoch.ran0]) : null,
    list(cut.filter(({ entry }) => entry.stream === "readings").map(({ range }) => range)),
    list(cut.filter(({ entry }) => entry.stream === "events").map(({ range }) => range)),
    list(readings),
    list(events),
    bodies.length === 1 ? (bodies[0] ?? null) : bodies.length === 0 ? null : Buffer.concat(bodies),
    statesOf(commit.states),
    list(marks.map(({ entry, next }) => [entry.epoch.n, entry.stream, next.upTo, JSON.stringify(next.held)])),
    list(commit.inbox.map((row) => [row.id, row.received, row.expires, row.state, JSON.stringify(row.body)])),
    list(sentOf(commit, index)),
  ];
  return {
    values,
    bytes: offset,
    cut: [...new Set(cut.map(({ entry }) => entry))],
    apply() {
      for (const { entry, next } of marks) Object.assign(entry, next);
      grow(entryOf("readings"), commit.readings);
      grow(entryOf("events"), commit.events);
      index.changed();
    },
  };
}

/** NULL for an empty list spares SQLite the parsing. */
const list = (rows: readonly unknown[]): string | null => (rows.length === 0 ? null : JSON.stringify(rows));

function inOrder(rows: readonly SegmentRow[], head: number, stream: string): void {
  let last = head;
  for (const { from, to, count } of rows) {
    if (from <= last || to < from || count > to - from + 1)
      throw new EdgeError("store.binding", {
        reason: {
          it: `${stream} ${from}..${to} (${count}) dopo ${last}`,
          en: `${stream} ${from}..${to} (${count}) after ${last}`,
        },
      });
    last = to;
  }
}

/** The newest record of a segment is `t1 - t0` after its first. */
const readingsRow = (
  row: SegmentRow,
  epoch: Epoch,
  place: (body: Uint8Array) => readonly [number, number],
): readonly number[] => [
  keyOf(epoch.n, row.from),
  row.to - row.from + 1,
  row.count,
  row.mono + (row.t1 - row.t0) - epoch.opened,
  row.t0,
  row.t1,
  Number(row.clock === "synced"),
  ...place(row.body),
];

/** Rows that the commit deletes. What the sender gave up (`refused`) stays on the disk and can be sent again; what expired is gone already. */
function cutsOf(shed: readonly Shed[], index: StreamIndex) {
  return shed.flatMap((one) => {
    const entry = index.entry(one.epoch, one.stream);
    if (entry === undefined || one.reason === "refused" || one.reason === "expired") return [];
    const { n } = entry.epoch;
    return [{ entry, shed: one, range: [keyOf(n, one.range[0]), keyOf(n, one.range[1])] as const }];
  });
}

function marksOf(
  commit: Commit,
  index: StreamIndex,
): readonly { entry: StreamEntry; next: Pick<StreamEntry, "upTo" | "held"> }[] {
  const marks = new Map<StreamEntry, Pick<StreamEntry, "upTo" | "held">>();
  for (const mark of commit.marks) {
    const entry = index.entry(mark.epoch, mark.stream);
    if (entry !== undefined) marks.set(entry, grown({ ...entry, ...marks.get(entry) }, mark));
  }
  return [...marks].map(([entry, next]) => ({ entry, next }));
}

/** Each state is JSON text inside the JSON object, so that SQLite passes it on unchanged, whatever its type. */
function statesOf(states: Commit["states"]): string | null {
  const keys = Object.keys(states);
  if (keys.length === 0) return null;
  const texts: Record<string, string | null> = {};
  for (const key of keys) {
    const text = states[key] === null ? null : JSON.stringify(states[key]);
    if (text === undefined)
      throw new EdgeError("store.binding", { reason: { it: `lo stato ${key} non ha JSON`, en: `state ${key} has no JSON` } });
    texts[key] = text;
  }
  return JSON.stringify(texts);
}

const sentOf = (commit: Commit, index: StreamIndex): readonly number[] =>
  commit.sentUrgent.flatMap(({ epoch, seq }) => {
    const entry = index.entry(epoch, "events");
    return entry === undefined ? [] : [keyOf(entry.epoch.n, seq)];
  });

function grow(entry: StreamEntry | undefined, rows: readonly SegmentRow[]): void {
  const first = rows[0];
  const last = rows.at(-1);
  if (entry === undefined || first === undefined || last === undefined) return;
  if (entry.oldest > entry.head) {
    entry.oldest = first.from;
    entry.oldestMono = first.mono - entry.epoch.opened;
  }
  entry.head = last.to;
}
