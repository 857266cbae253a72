/** The nouns of the gateway, as types: what passes between wire, store, rules and broker. Imports nothing, runs nothing. */

// ---------------------------------------------------------------- time

/**
 * One moment, seen by three clocks.
 * `mono`: milliseconds of the kernel's monotonic clock (CLOCK_MONOTONIC; the same for every process of one boot).
 * `wall`: epoch milliseconds UTC, to be trusted only when `synced`.
 */
export interface Now {
  readonly mono: number;
  readonly wall: number;
  readonly synced: boolean;
  /** For how long the clock has gone on without a time server: 0 in contact, infinity before the first. Absent: `synced` says all. */
  readonly heldMs?: number;
}

/** Italian and English text for people. */
export interface Text {
  readonly it: string;
  readonly en: string;
}

// ---------------------------------------------------------------- wire → reading

export type Value = number | boolean | string | null;
export type Quality = "good" | "uncertain" | "bad";

/**
 * One value seen on a wire. `mono` is the moment of the last byte that made it. A `bad` reading has value null and a code;
 * an `uncertain` one has a code. For a point of kind `increments` the value is what was added, never a total.
 */
export interface Reading {
  readonly point: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly code?: string;
  readonly mono: number;
  /** What the sentence of its code names (the number of an exception, a unit); shown to people, never stored. */
  readonly why?: Readonly<Record<string, unknown>>;
}

/** When a reading is worth a row. Any change of quality or code always is. */
export interface Report {
  /** Smallest absolute difference to the last row, in the point's unit. 0 = every difference. */
  readonly change?: number;
  /** Smallest difference in per cent of the last row's value. */
  readonly deadband?: number;
  /** A row at least this often, changed or not. */
  readonly atLeastMs?: number;
}

/** What a point of a device is: unit is a UCUM code ("" for text and boolean). */
export interface PointSpec {
  readonly unit: string;
  /** credential: what a person was identified by. It goes to the permit check alone: no record, status, log or disk ever holds it. */
  readonly kind: "gauge" | "counter" | "increments" | "state" | "text" | "credential";
  /** Absent: every reading is a row. */
  readonly report?: Report;
  /** A value outside is `bad` with code `value.out-of-range`. */
  readonly range?: readonly [min: number, max: number];
  readonly writable?: Writable;
}

export interface Writable {
  readonly value: "number" | "boolean";
  readonly impact: "low" | "high";
  /** May run while the clock is not synchronised. */
  readonly safe?: boolean;
  readonly limits?: Limits;
}

/** Kept by the gateway itself, whoever commands. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly maxOnMs?: number;
  readonly minIntervalMs?: number;
}

export type Args = Readonly<Record<string, string | number | boolean>>;

/**
 * How an effect on the wire ended. `unknown`: it may or may not have happened and could not be read back. `expired`: its time was over
 * before anything was sent.
 */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "expired" | "unknown";
  readonly code?: string;
  /** Where whoever met it knows more than its code. */
  readonly told?: Told;
  readonly value?: Value;
}

/** What happened and the next step, with the names and figures that belong to it. */
export interface Told {
  readonly what: Text;
  readonly next: Text;
}

/** The metronome that the host hands to a polled device: resolves at the next due moment with its `mono`; late ticks are skipped, never queued. */
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
  /** A person waits: what its wire holds back for the others' sake may go now, once. */
  hurry?(): void;
  /** Why nothing can come from it at the moment, though it stays open: what it said last stands until it counts as silent. Null: it can. */
  outage?(): (Error & { readonly code: string; readonly context: Readonly<Record<string, unknown>> }) | null;
}

/** What an opened device may ask of whoever takes its readings. */
export interface DeviceHost {
  /** Resolves when all that it yielded so far is durable; rejects when that cannot be any more in this run. */
  durable(): Promise<void>;
}

/** A device as the rest of the house sees it: what main makes of one line under `devices:`. */
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

// ---------------------------------------------------------------- records, events, segments

export type Stream = "readings" | "events";
/** Both ends belong to the range. */
export type Range = readonly [from: number, to: number];

/** A row of the stream `readings`: `source` is a device or an asset, `name` its point or attribute. `mono` as in Now. */
export interface ReadingRecord {
  readonly source: string;
  readonly name: string;
  readonly unit: string;
  readonly value: Value;
  readonly quality: Quality;
  readonly code?: string;
  readonly mono: number;
}

export type Severity = "info" | "low" | "medium" | "high" | "critical";
export type EventState = "raised" | "updated" | "acknowledged" | "cleared" | "noted";
export type ClearReason = "normal" | "suspended" | "removed" | "replaced" | "maintenance" | "lost";

/** What happened, before it has a number. `id` is absent on what begins something: it becomes epoch/seq of this record. */
export interface EventDraft {
  readonly kind: string;
  readonly state: EventState;
  readonly severity: Severity;
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

/** What one commit window left of one stream: `body` is exactly what is sent (JSON, or zlib of it when longer than 512 bytes). */
export interface Segment {
  readonly epoch: string;
  readonly stream: Stream;
  readonly from: number;
  readonly to: number;
  /** Records inside; less than to - from + 1 only when thinned. */
  readonly count: number;
  /** Kernel monotonic ms of its newest record when it belongs to this boot, else null: only the present boot can be live. */
  readonly mono: number | null;
  readonly body: Uint8Array;
}

export interface EpochInfo {
  readonly id: string;
  readonly n: number;
  readonly boot: string;
  /** Kernel monotonic ms at opening: `mono` in bodies counts from here. */
  readonly opened: number;
  readonly cause: "start" | "created" | "restored" | "salvaged";
  readonly former: { readonly epoch: string; readonly last: { readonly events: number; readonly readings: number } } | null;
}

/** What the platform holds of one stream of one epoch: everything ≤ upTo, and the held ranges above. */
export interface Mark {
  readonly epoch: string;
  readonly stream: Stream;
  readonly upTo: number;
  readonly held: readonly Range[];
}

/** The standing of one stream of one epoch in the store. `oldest`: first number still on the disk, head + 1 when none is. */
export interface StreamState extends Mark {
  readonly head: number;
  readonly oldest: number;
}

// ---------------------------------------------------------------- assets and rules

export interface Place {
  readonly lat?: number;
  readonly lon?: number;
  readonly hint?: Partial<Text>;
}

/** An asset as main makes it of one line under `assets:`; `options` were checked by the schema of its kind. */
export interface Asset<O = unknown> {
  readonly id: string;
  readonly urn: string;
  readonly kind: string;
  readonly name: Text;
  readonly place?: Place;
  readonly options: O;
  /** role → how long its device may be silent. */
  readonly silentAfterMs: Readonly<Record<string, number>>;
}

export interface CommandSpec {
  readonly args: Readonly<
    Record<
      string,
      {
        readonly type: "number" | "boolean" | "string";
        readonly required?: boolean;
        readonly min?: number;
        readonly max?: number;
      }
    >
  >;
  readonly impact: "low" | "high";
  /** May run while the clock is not synchronised. */
  readonly safe: boolean;
  readonly limits?: Limits;
}

/** The retained state of one asset, as built from what its kind shows (contract: assets/{asset}). */
export interface AssetState {
  readonly asset: string;
  readonly urn: string;
  readonly epoch: string;
  /** Number in `readings` of its newest attribute record. */
  readonly seq: number;
  readonly at: number;
  readonly since: number;
  readonly clock: "synced" | "unsynced";
  readonly state: Readonly<Record<string, Value>>;
  readonly quality: Quality;
  readonly alarms: readonly string[];
}

export interface OpenAlarm {
  readonly id: string;
  readonly asset?: string;
  readonly device?: string;
  readonly kind: string;
  readonly severity: Severity;
  readonly since: number;
  /** The epoch in whose unsynchronised time `since` is, until that is known; absent: it is right. */
  readonly sinceEpoch?: string;
  readonly ackedBy?: string;
}

/**
 * What became known of the moments that were noted in the unsynchronised time of an epoch: by how much they were wrong (and, `into`,
 * in whose time they are now), or only between what they lie.
 */
export type Restated =
  | { readonly epoch: string; readonly offsetMs: number; readonly into?: string }
  | { readonly epoch: string; readonly notBefore: number; readonly notAfter: number };

// ---------------------------------------------------------------- commands

export type CommandState = "accepted" | "executing" | "succeeded" | "failed" | "expired" | "refused" | "unknown";
/** Who asks: the platform over MQTT, a person at the admin socket, or a rule of the running configuration. */
export type Origin = "platform" | "local" | "rule";

/** The answer to a command; `code` when it is not `succeeded`. Times are epoch ms. */
export interface CommandResult {
  readonly id: string;
  readonly target: string;
  readonly action: string;
  readonly state: CommandState;
  readonly code?: string;
  /** `told.what` in English: what the platform is sent. */
  readonly detail?: string;
  /** For people at the box; never sent to the platform. */
  readonly told?: Told;
  readonly value?: Value;
  readonly at: number;
}

/** One thing that can be commanded, as the catalog lists it. */
export interface CommandTarget extends CommandSpec {
  readonly target: string;
  readonly action: string;
}

// ---------------------------------------------------------------- what people are shown

/** Of a device that is down `value` is the last one it had, and `last` says so: its quality is then never `good`. */
export interface PointStatus {
  readonly point: string;
  readonly value: Value;
  readonly unit: string;
  readonly quality: Quality;
  readonly code?: string;
  /** Milliseconds since the last byte that made it; null: never seen. */
  readonly ageMs: number | null;
  readonly last?: true;
}

/** `problem`: it is up, but not all is well with it. `down`: nothing it says can be had. */
export type DeviceState = "starting" | "up" | "problem" | "down";

export interface DeviceStatus {
  readonly id: string;
  readonly type: string;
  readonly bus?: string;
  readonly state: DeviceState;
  /** There whenever the device is down or up with a problem; of one that is starting, when it already failed. */
  readonly problem?: DeviceProblem;
  /** Since it last said something; null: never. */
  readonly ageMs: number | null;
  /** Absent on a wire that is its own. */
  readonly wire?: WireStatus;
  readonly points: readonly PointStatus[];
  readonly commands: readonly CommandTarget[];
}

/** The one thing that is most wrong with a device, in words for whoever stands before it. */
export interface DeviceProblem {
  readonly code: string;
  /** How long it has lasted, in milliseconds. */
  readonly forMs: number;
  /** What is wrong, with the figures that were seen. */
  readonly what: Text;
  /** The next step. */
  readonly next: Text;
  /** The points that it concerns; absent: the whole device. */
  readonly points?: readonly string[];
}

/** What a device has cost its wire since the start: one that is asked, or one that speaks by itself. */
export type WireStatus = AskedStatus | HeardStatus | ReceivedStatus;

export interface AskedStatus {
  readonly requests: number;
  readonly timeouts: number;
  readonly checksumErrors: number;
  readonly exceptions: number;
  /** From a request to the last byte of its reply, smoothed; null: never answered. */
  readonly latencyMs: number | null;
  /** Silent so often that it is asked only now and then. */
  readonly held: boolean;
}

export interface HeardStatus {
  /** Whole frames of a line, or advertisements. */
  readonly frames: number;
  /** Bytes that made no frame. */
  readonly strayBytes: number;
  /** What came faster than the gateway took it, and was dropped: bytes of a line, advertisements of a radio. */
  readonly unread: number;
}

/** Messages that a broker sent of it. */
export interface ReceivedStatus {
  readonly messages: number;
  /** Among them: kept by the broker, and perhaps old. */
  readonly retained: number;
  /** That said again what had been taken already. */
  readonly repeated: number;
  /** That could not be understood. */
  readonly malformed: number;
}

/** One physical line that devices share. */
export interface BusStatus {
  readonly bus: string;
  /** Per cent of the last one or two minutes in which the line was taken. */
  readonly occupancy: number;
  readonly requests: number;
  readonly timeouts: number;
  readonly checksumErrors: number;
  /** Replies to something else: late ones, other masters'. */
  readonly foreignReplies: number;
  readonly exceptions: number;
  /** Times that the port or connection was opened anew. */
  readonly rebuilds: number;
}

export interface StreamStatus extends StreamState {
  /** Broker-acknowledged publishes; see the contract's `reported`. */
  readonly sentUpTo: number;
}

/** What is remembered of the way to the platform, in this run. */
export interface UplinkStatus {
  readonly state: "starting" | "up" | "down";
  /** Epoch ms; for how long that has been so, ms. */
  readonly since: number;
  readonly forMs: number;
  /** Outages so far, and how long they were together, ms. */
  readonly outages: number;
  readonly downMs: number;
  /** The last outage that is over. */
  readonly last?: { readonly since: number; readonly durationMs: number; readonly code?: string };
  /** `silent`: the broker is there, and nothing is acknowledged though something waits; `heardAgoMs` null: never heard. */
  readonly platform: { readonly silent: boolean; readonly since?: number; readonly heardAgoMs: number | null };
}

/** One picture of the running gateway: `cippo status`, the live view and `reported` are made of it. */
export interface GatewayStatus {
  readonly gateway: string;
  readonly version: string;
  readonly configRev: string;
  readonly pid: number;
  readonly ready: boolean;
  readonly uptimeMs: number;
  readonly clock: "synced" | "unsynced";
  readonly epoch: EpochInfo;
  readonly devices: readonly DeviceStatus[];
  /** Lines that were used. */
  readonly buses: readonly BusStatus[];
  readonly assets: readonly AssetState[];
  readonly alarms: readonly OpenAlarm[];
  readonly sync: {
    readonly broker: string;
    readonly mode: "platform" | "broker";
    readonly connected: boolean;
    readonly code?: string;
    readonly detail?: Text;
    readonly uplink?: UplinkStatus;
  };
  readonly store: {
    readonly file: string;
    readonly bytes: number;
    readonly quotaBytes: number;
    readonly unacknowledged: number;
    readonly writable: boolean;
    /** Records in the current commit window and in windows that wait for a failed disk. */
    readonly waiting: number;
  };
  readonly streams: readonly StreamStatus[];
}
