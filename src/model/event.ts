/** What happens: events, from draft to number, and the alarms that stay open. */
import type { Place } from "./asset.ts";
import type { Quality } from "./reading.ts";
import type { Text } from "./text.ts";

export type Severity = "info" | "low" | "medium" | "high" | "critical";
export type EventState = "raised" | "updated" | "acknowledged" | "cleared" | "noted";
export type ClearReason = "normal" | "suspended" | "removed" | "replaced" | "maintenance" | "lost";

/** What happened, before it has a number. `id` is absent on what begins something: it becomes epoch/seq of this record. */
export interface EventDraft {
  readonly kind: string;
  readonly state: EventState;
  readonly severity: Severity;
  /** Copied to `urgent` whatever its severity, during maintenance too. */
  readonly urgent?: true;
  readonly id?: string;
  readonly asset?: string;
  readonly device?: string;
  readonly text: Text;
  /** `mono` of the beginning of what this event speaks of; absent: now. */
  readonly sinceMono?: number;
  readonly sinceWall?: number;
  /** The epoch in whose unsynchronised time `sinceWall` is; absent: it is right. */
  readonly sinceEpoch?: string;
  readonly reason?: ClearReason;
  readonly quality?: Quality;
  readonly cause?: Readonly<Record<string, unknown>>;
  /** Further fields of the event, as the contract names them. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** An event with its number: exactly the object that travels (see docs/mqtt-contract.md, Event). */
export interface EdgeEvent {
  readonly seq: number;
  /** Number of the last reading record before it, 0 if none: orders the two streams for replay. */
  readonly after: number;
  readonly at: number;
  readonly since: number;
  readonly mono: number;
  readonly clock: "synced" | "unsynced";
  readonly id: string;
  readonly kind: string;
  readonly state: EventState;
  readonly severity: Severity;
  readonly urgent?: true;
  readonly asset?: string;
  readonly device?: string;
  readonly urn?: string;
  readonly place?: Place;
  readonly text: Text;
  readonly reason?: ClearReason;
  readonly quality?: Quality;
  readonly cause?: Readonly<Record<string, unknown>>;
  readonly [extra: string]: unknown;
}

export interface OpenAlarm {
  readonly id: string;
  readonly asset?: string;
  readonly device?: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly urgent?: true;
  readonly since: number;
  /** The epoch in whose unsynchronised time `since` is, until that is known; absent: it is right. */
  readonly sinceEpoch?: string;
  readonly ackedBy?: string;
}
