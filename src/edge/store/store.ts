/** What a store takes in one commit and what it offers, as types: the joint between the edge and its database. */
import type { EdgeError } from "../../kit/errors.ts";
import type { EdgeEvent, EpochInfo, Mark, Range, ReadingRecord, Segment, Stream, StreamState } from "../../model/index.ts";
import type { Worth } from "../segments/event-worth.ts";

/** One segment as encoded for the commit. `key` parts: epoch number and first number. Times: kernel monotonic ms and epoch ms of its first and last record. */
export interface SegmentRow {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly mono: number;
  readonly t0: number;
  readonly t1: number;
  readonly clock: "synced" | "unsynced";
  readonly body: Uint8Array;
}

export interface EventRow extends SegmentRow {
  readonly urgent: boolean;
  readonly worth: Worth;
}

/** Everything that becomes true together, or not at all. */
export interface Commit {
  readonly readings: readonly SegmentRow[];
  readonly events: readonly EventRow[];
  /** key → JSON, or null to delete. */
  readonly states: Readonly<Record<string, unknown>>;
  readonly marks: readonly Mark[];
  readonly inbox: readonly InboxRow[];
  /** What `tend` asked to shed; the `ledger.gap` that names each is among `events`. */
  readonly shed: readonly Shed[];
  /** Urgent events that the broker acknowledged: their flag goes. */
  readonly sentUrgent: readonly { readonly epoch: string; readonly seq: number }[];
}

/**
 * A command's life, kept until its expiry and 30 days of running time more, or one day where nothing was done for it. `received`, `expires`:
 * running-time ms of this file; `state` as in CommandState.
 */
export interface InboxRow {
  readonly id: string;
  readonly received: number;
  readonly expires: number;
  readonly state: string;
  readonly body: unknown;
}

export interface Store extends AsyncDisposable {
  /** Path of its database. */
  readonly file: string;
  readonly epoch: EpochInfo;
  /** Where the former epoch ended: its last record's kernel monotonic ms in its own boot, and its wall time. Null: a new file. */
  readonly formerEnd: { readonly boot: string; readonly mono: number; readonly wall: number; readonly synced: boolean } | null;
  /** Running time of this file in ms at kernel monotonic `mono`. */
  running(mono: number): number;
  /** What is saved at opening: rule states, counters, open alarms … by key. */
  readonly saved: ReadonlyMap<string, unknown>;
  readonly inbox: ReadonlyMap<string, InboxRow>;
  /** True when the database has no command history from before `epoch` (created, restored, salvaged). */
  readonly historyLost: boolean;
  /** Numbers that former epochs gave out and that are in no file any more, as far as is known: the caller names them in the ledger. */
  readonly lost: readonly Lost[];
  /** Why nothing more can be stored in this run; null: it can. */
  readonly broken: EdgeError | null;
  /**
   * How far numbers were given out that are not stored and may never be; null: all are stored again. Noted where it outlives the process: beside
   * the file if that is damaged, and in the memory of the machine.
   */
  unstored(given: Readonly<Record<Stream, number>> | null): Promise<void>;
  /**
   * One transaction. Rejects with EdgeError `store.*`; nothing of it is then true, and the same commit may be tried again. `room`: a commit that
   * makes room, or proves that something may go, is written above the quota, where `reserveBytes` are kept for it.
   */
  commit(commit: Commit, limit?: WriteLimit): Promise<void>;
  /** A commit of up to half of this always fits above the quota. */
  readonly reserveBytes: number;
  streams(): readonly StreamState[];
  /** The highest numbers of an epoch that the database knows of, 0 where none. */
  heads(epoch: string): Readonly<Record<Stream, number>>;
  /** Whether any row of this epoch is still in the database, acknowledged ones included. */
  knows(epoch: string): boolean;
  read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]>;
  /** Events flagged urgent and not yet sent, of any epoch. */
  urgentPending(): Promise<readonly EdgeEvent[]>;
  /** Local history of one source and point since epoch ms, oldest first, decoded; for `cippo history` and for replay. */
  history(filter: { readonly source?: string; readonly name?: string; readonly sinceWall?: number }): AsyncIterable<StoredRecord>;
  /** Stored events since epoch ms, oldest first; with `limit` the newest so many. For `cippo events` and for replay. */
  events(filter: { readonly sinceWall?: number; readonly limit?: number }): AsyncIterable<StoredEvent>;
  /**
   * Housekeeping, called between commits: checkpoint, expiry of acknowledged history, inbox and former epochs; at 85 % of the quota
   * acknowledged history goes first. At 92 % it answers what must be shed: the caller commits it together with its `ledger.gap` events.
   */
  tend(mono: number, waiting?: Waiting): Promise<Tended>;
  /** Housekeeping must not wait for its turn: another commit would make the WAL grow, which wears the card most. */
  readonly tendDue: boolean;
  /** Bytes and rows, for `status`. */
  size(): { readonly bytes: number; readonly quotaBytes: number; readonly unacknowledged: number };
}

export interface Lost {
  readonly epoch: string;
  readonly stream: Stream;
  readonly range: Range;
}

/** Up to the quota, or into the reserve above it. */
export type WriteLimit = "quota" | "reserve";

/** What the caller holds and could not, or not yet, commit. */
export interface Waiting {
  /** The room that a commit refused as `store.full` would take: as much is then shed. */
  readonly bytes: number;
  /** The part of it for which no reading may go. */
  readonly refusals: number;
  /** What an earlier call asked to shed: it is not asked for again. */
  readonly shed: readonly Shed[];
}

export interface StoredRecord extends ReadingRecord {
  readonly epoch: string;
  /** Number of its epoch: orders the two streams. */
  readonly n: number;
  readonly seq: number;
  readonly wall: number;
  readonly clock: "synced" | "unsynced";
}

export interface StoredEvent {
  readonly epoch: string;
  readonly n: number;
  readonly event: EdgeEvent;
}

/** A loss to be named by `ledger.gap`. `kept` > 0: `replacement` is the thinned batch that stands for the range. */
export interface Shed {
  readonly epoch: string;
  readonly stream: Stream;
  readonly range: Range;
  readonly count: number;
  readonly kept: number;
  readonly reason: "quota" | "thinned" | "expired" | "refused" | "disk";
  readonly policy?: string;
  readonly replacement: SegmentRow | null;
  /** Bytes of bodies that this makes free. */
  readonly freed?: number;
}

export interface Tended {
  readonly checkpointed: boolean;
  /** Commands that are in the inbox no more. */
  readonly forgotten: readonly string[];
  /** Segments deleted because acknowledged and older than `keep`, or first in line at the quota. */
  readonly deleted: number;
  readonly shed: readonly Shed[];
}
