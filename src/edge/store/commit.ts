/** A commit goes in; the one statement's values come out, and after it has run the standing that follows. Pure but for the standing. */
import { EdgeError } from "../../kit/errors.ts";
import type { Commit, SegmentRow, Shed } from "../parts.ts";
import type { Bound } from "./sqlite.ts";
import { type Epoch, grown, keyOf, type Line, type Standing } from "./standing.ts";

export const COMMIT = `INSERT INTO commits (epoch, cut_readings, cut_events, readings, events, bodies, states, marks, inbox, sent)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export interface Prepared {
  readonly values: readonly Bound[];
  readonly bytes: number;
  /** Lines that lose rows. */
  readonly cut: readonly Line[];
  /** Lets the standing follow; to be called once the statement has run. */
  apply(): void;
}

/** `first`: the epoch has no row yet. Throws `store.binding` for what can never be stored: that is a defect of the caller, and no later try cures it. */
export function prepare(commit: Commit, epoch: Epoch, first: boolean, standing: Standing): Prepared {
  try {
    return laidOut(commit, epoch, first, standing);
  } catch (raw) {
    // JSON.stringify and Buffer.concat throw TypeError and RangeError: a circle, a BigInt, no bytes, too many of them.
    throw raw instanceof EdgeError ? raw : new EdgeError("store.binding", { reason: String(raw) }, raw);
  }
}

function laidOut(commit: Commit, epoch: Epoch, first: boolean, standing: Standing): Prepared {
  const bodies: Uint8Array[] = [];
  let offset = 0;
  const place = (body: Uint8Array): readonly [number, number] => {
    bodies.push(body);
    offset += body.length;
    return [offset - body.length + 1, body.length];
  };
  const lineOf = (stream: "readings" | "events") => standing.line(epoch.id, stream);
  inOrder(commit.readings, lineOf("readings")?.head ?? 0, "readings");
  inOrder(commit.events, lineOf("events")?.head ?? 0, "events");
  const cut = cutsOf(commit.shed, standing);
  const readings = [
    ...cut.flatMap(({ line, shed: { replacement } }) =>
      replacement === null ? [] : [readingsRow(replacement, line.epoch, place)],
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
  const marks = marksOf(commit, standing);
  const values: readonly Bound[] = [
    first ? JSON.stringify([epoch.n, epoch.id, epoch.boot, epoch.opened, epoch.cause, epoch.ran0]) : null,
    list(cut.filter(({ line }) => line.stream === "readings").map(({ range }) => range)),
    list(cut.filter(({ line }) => line.stream === "events").map(({ range }) => range)),
    list(readings),
    list(events),
    bodies.length === 1 ? (bodies[0] ?? null) : bodies.length === 0 ? null : Buffer.concat(bodies),
    statesOf(commit.states),
    list(marks.map(({ line, next }) => [line.epoch.n, line.stream, next.upTo, JSON.stringify(next.held)])),
    list(commit.inbox.map((row) => [row.id, row.received, row.expires, row.state, JSON.stringify(row.body)])),
    list(sentOf(commit, standing)),
  ];
  return {
    values,
    bytes: offset,
    cut: [...new Set(cut.map(({ line }) => line))],
    apply() {
      for (const { line, next } of marks) Object.assign(line, next);
      grow(lineOf("readings"), commit.readings);
      grow(lineOf("events"), commit.events);
      standing.changed();
    },
  };
}

/** Nothing, as NULL, spares parsing. */
const list = (rows: readonly unknown[]): string | null => (rows.length === 0 ? null : JSON.stringify(rows));

function inOrder(rows: readonly SegmentRow[], head: number, stream: string): void {
  let last = head;
  for (const { from, to, count } of rows) {
    if (from <= last || to < from || count > to - from + 1)
      throw new EdgeError("store.binding", { reason: `${stream} ${from}..${to} (${count}) after ${last}` });
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

/** What was given up by the sender (`refused`) stays on the disk and can be sent again; what expired is not there any more. */
function cutsOf(shed: readonly Shed[], standing: Standing) {
  return shed.flatMap((one) => {
    const line = standing.line(one.epoch, one.stream);
    if (line === undefined || one.reason === "refused" || one.reason === "expired") return [];
    const { n } = line.epoch;
    return [{ line, shed: one, range: [keyOf(n, one.range[0]), keyOf(n, one.range[1])] as const }];
  });
}

function marksOf(commit: Commit, standing: Standing): readonly { line: Line; next: Pick<Line, "upTo" | "held"> }[] {
  const marks = new Map<Line, Pick<Line, "upTo" | "held">>();
  for (const mark of commit.marks) {
    const line = standing.line(mark.epoch, mark.stream);
    if (line !== undefined) marks.set(line, grown({ ...line, ...marks.get(line) }, mark));
  }
  return [...marks].map(([line, next]) => ({ line, next }));
}

/** JSON inside JSON, so that SQLite hands a state on as it is, whatever its type. */
function statesOf(states: Commit["states"]): string | null {
  const keys = Object.keys(states);
  if (keys.length === 0) return null;
  const texts: Record<string, string | null> = {};
  for (const key of keys) {
    const text = states[key] === null ? null : JSON.stringify(states[key]);
    if (text === undefined) throw new EdgeError("store.binding", { reason: `state ${key} has no JSON` });
    texts[key] = text;
  }
  return JSON.stringify(texts);
}

const sentOf = (commit: Commit, standing: Standing): readonly number[] =>
  commit.sentUrgent.flatMap(({ epoch, seq }) => {
    const line = standing.line(epoch, "events");
    return line === undefined ? [] : [keyOf(line.epoch.n, seq)];
  });

function grow(line: Line | undefined, rows: readonly SegmentRow[]): void {
  const first = rows[0];
  const last = rows.at(-1);
  if (line === undefined || first === undefined || last === undefined) return;
  if (line.oldest > line.head) {
    line.oldest = first.from;
    line.oldestMono = first.mono - line.epoch.opened;
  }
  line.head = last.to;
}
