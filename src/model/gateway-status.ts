/** What people are shown of the running gateway: devices, buses, streams, the uplink. */
import type { AssetState } from "./asset.ts";
import type { CommandTarget } from "./commands.ts";
import type { OpenAlarm } from "./event.ts";
import type { PointSpec, Quality, Value } from "./reading.ts";
import type { EpochInfo, StreamState } from "./stream.ts";
import type { Text } from "./text.ts";

/** Of a device that is down `value` is the last one it had, and `last` says so: its quality is then never `good`. */
export interface PointStatus {
  readonly point: string;
  readonly kind: PointSpec["kind"];
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
    /** What can be done about it. */
    readonly next?: Text;
    readonly uplink?: UplinkStatus;
  };
  readonly store: {
    readonly file: string;
    readonly bytes: number;
    readonly quotaBytes: number;
    readonly unacknowledged: number;
    readonly writable: boolean;
    /** Records and events that are not committed yet, those included that wait for a failed disk. */
    readonly waiting: number;
  };
  readonly streams: readonly StreamStatus[];
}
