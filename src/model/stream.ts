/** Numbered records on their way to the platform: streams, segments, epochs and what is acknowledged. */
import type { Quality, Value } from "./reading.ts";

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

/** What one commit holds of one stream: `body` is exactly what is sent (JSON, or zlib of it when longer than 512 bytes). */
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
