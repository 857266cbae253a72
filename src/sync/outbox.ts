/** What sync needs from the rest of the gateway, as types only: stored records, documents, and where commands go. */
import type { ContextOf } from "../kit/errors.ts";
import type {
  AssetState,
  CommandResult,
  EdgeEvent,
  EpochInfo,
  EventDraft,
  Mark,
  OpenAlarm,
  Origin,
  Range,
  Segment,
  Stream,
  StreamState,
} from "../model/index.ts";

/** What one commit made durable, in order. Bodies are in memory: live sending reads nothing back. */
export interface Committed {
  readonly segments: readonly Segment[];
  /** Assets whose retained state changed. */
  readonly assets: readonly AssetState[];
  /** The list of open alarms changed. */
  readonly alarms: boolean;
  /** The clock was found, lost or set: all that is retained is told anew. */
  readonly restated?: boolean;
  /** Events to be copied to `urgent`, with the topic's message fields added by sync. */
  readonly urgent: readonly EdgeEvent[];
}

export interface Outbox {
  readonly epoch: EpochInfo;
  /** False: nothing can be stored now. */
  readonly writable?: boolean;
  /** Called after each commit, in order; returns the function that ends it. */
  onCommitted(listener: (committed: Committed) => void): () => void;
  /** CT-U9: told of each urgent event that the store could not take, at once; its record follows when the store can be written again. */
  onUnstored?(listener: (event: EdgeEvent) => void): () => void;
  /** Every stream of every epoch that the store knows and that is not wholly acknowledged, earlier epochs first; the present epoch always. */
  streams(): readonly StreamState[];
  /** Stored segments that meet from..to, in order, at most about `maxBytes` of bodies (at least one segment). Gaps of numbers are simply absent. */
  read(epoch: string, stream: Stream, from: number, to: number, maxBytes: number): Promise<readonly Segment[]>;
  /** Whether the database still has a row of this epoch, wholly acknowledged ones included. Absent: sync knows only those it has seen. */
  knows?(epoch: string): boolean;
  /** The platform's (or, in broker mode, the broker's) proof; durable within a second. Marks only ever grow. */
  acknowledge(marks: readonly Mark[]): void;
  /** Events not yet given to the broker as urgent, oldest first, whatever their age; `sentUrgent` ends them. One of an earlier epoch carries the field `epoch`. */
  urgentPending(): Promise<readonly EdgeEvent[]>;
  sentUrgent(seq: { readonly epoch: string; readonly seq: number }): void;
  /** These numbers will not come: writes `ledger.gap` with this reason. */
  giveUp(epoch: string, stream: Stream, range: Range, reason: "refused" | "expired", detail: string): void;
  /** A note that is an event of its own, at most once an hour per kind. */
  note<Kind extends "sync.not-authorised" | "sync.ack-refused" | "sync.message-too-large">(
    kind: Kind,
    detail: ContextOf<Kind>,
  ): void;
  /** An event of the uplink's own: outages, a platform that is silent. */
  raise?(draft: EventDraft): void;
  /** What `keepUplink` was given last, in an earlier run: of an outage that was not over. */
  readonly uplink?: unknown;
  keepUplink?(value: unknown): void;
}

/** The retained documents, built afresh at each call. */
export interface Documents {
  catalog(): { readonly hash: string; readonly body: Readonly<Record<string, unknown>> };
  assets(): readonly AssetState[];
  /** Assets that are no longer in the configuration and whose retained state was not cleared yet. */
  removedAssets(): readonly string[];
  /** The broker has taken the empty payload: its retained state is cleared. */
  clearedAsset(asset: string): void;
  alarms(): { readonly asOf: number; readonly open: readonly OpenAlarm[] };
  /** Fields of `reported` beyond `streams`: running config, buffer, versions. */
  reported(): Readonly<Record<string, unknown>>;
  /** Fields of `state` beyond what sync knows: version, configRev, clock, since. */
  state(): Readonly<Record<string, unknown>>;
}

/** A command as it came, untouched: edge checks it. Resolves when it is durable (then the broker gets its PUBACK). */
export interface Commands {
  receive(message: { readonly body: unknown; readonly retained: boolean; readonly origin: Origin }): Promise<void>;
  /** Each change of a command's state that is an answer (not `accepted`/`executing`), in order. */
  onResult(listener: (result: CommandResult) => void): () => void;
}

/** Lists as they came, untouched: edge checks them. */
export interface Lists {
  /** `list`: its name, or `name/delta`. Resolves when it is durable or refused; rejects where it could not be stored. */
  receive(list: string, payload: Uint8Array): Promise<void>;
}

/** The order to update as it came; edge checks it. */
export interface Updates {
  /** Resolves when it is taken or refused; never rejects. */
  receive(payload: Uint8Array): Promise<void>;
}

export type { AssetState, CommandResult, EdgeEvent, EpochInfo, Mark, OpenAlarm, Range, Segment, Stream, StreamState };
