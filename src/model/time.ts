/** One moment as three clocks see it, and what became known later of a time that was not known. */

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

/**
 * What became known of the moments that were noted in the unsynchronised time of an epoch: by how much they were wrong (and, `into`,
 * in whose time they are now), or only between what they lie.
 */
export type Restated =
  | { readonly epoch: string; readonly offsetMs: number; readonly into?: string }
  | { readonly epoch: string; readonly notBefore: number; readonly notAfter: number };
