/** A device as its driver opens it, and as the rest of the gateway knows it. */
import type { Place } from "./asset.ts";
import type { Outcome } from "./commands.ts";
import type { WireStatus } from "./gateway-status.ts";
import type { PointSpec, Reading } from "./reading.ts";

/** The ticker that the host hands to a polled device: resolves at the next due moment with its `mono`; late ticks are skipped, never queued. */
export interface Ticks {
  next(stop: AbortSignal): Promise<number>;
  /** Told after each part of a long round: the round goes on. */
  goesOn?(): void;
}

/**
 * An opened device. A dead wire is thrown (the host reopens it with back-off); bad data is a reading of quality `bad`.
 * Polled and pushed devices look alike; an empty batch means "alive, nothing to tell".
 */
export interface Device extends AsyncDisposable {
  readings(ticks: Ticks, stop: AbortSignal): AsyncIterable<readonly Reading[]>;
  /**
   * Sends one effect at most once, and not from `latest` on: kernel monotonic ms, for a wire on which it may have to wait. Never throws after
   * the first byte was sent: then it answers `unknown`.
   */
  perform?(point: string, value: number | boolean, stop: AbortSignal, latest?: number): Promise<Outcome>;
  /** It says of itself that it sends only when something happens: its silence means nothing. Absent: it is expected to be heard. */
  isTriggered?(): boolean;
  /** What of its last message could not be read, though the rest was; an error whose sentences people read. */
  unread?(): (Error & { readonly code: string; readonly context: Readonly<Record<string, unknown>> }) | null;
  /** A person waits for a value: a request that is held back for the sake of other devices may go out now, once. */
  hurry?(): void;
  /** Why nothing can come from it at the moment, though it stays open: what it said last stands until it counts as silent. Null: it can. */
  outage?(): (Error & { readonly code: string; readonly context: Readonly<Record<string, unknown>> }) | null;
  /** What its next opening must know, after a restart too: JSON, small, as of what it yielded last. It becomes durable with that, or with what follows. */
  memory?(): unknown;
}

/** What an opened device may ask of whoever takes its readings. */
export interface DeviceHost {
  /** Resolves when all that it yielded so far is durable; rejects when that cannot be any more in this run. */
  durable(): Promise<void>;
  /** What its former opening, of this run or an earlier one, had in memory; undefined: nothing is known. */
  readonly memory?: unknown;
}

/** A device as the rest of the gateway knows it: main makes it of one entry under `devices:`. */
export interface DeviceInfo {
  readonly id: string;
  readonly type: string;
  readonly bus?: string;
  readonly place?: Place;
  readonly points: Readonly<Record<string, PointSpec>>;
  /** Nothing yielded for this long = `device.down`. */
  readonly silentAfterMs: number;
  /** Absent for a pushed device. */
  readonly everyMs?: number;
  /** How it answers on a wire that it shares; undefined before it was asked. */
  wire?(): WireStatus | undefined;
  /** `host` absent: nobody stores what it yields, so that there is nothing to wait for. */
  open(stop: AbortSignal, host?: DeviceHost): Promise<Device>;
}
