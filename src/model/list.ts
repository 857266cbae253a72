/** What is known of a list that the platform pushes. */
import type { Told } from "./text.ts";

export interface ListStatus {
  readonly name: string;
  /** null: none is in force. */
  readonly version: number | null;
  /** Name of the badge key that the keys of its entries were hashed with. */
  readonly kid?: string;
  /** Epoch ms. */
  readonly issuedAt?: number;
  readonly maxAgeMs?: number;
  readonly entries?: number;
  /** Older than its sender allows. */
  readonly isStale?: true;
  /** The last one that did not come into force, and why. */
  readonly refused?: { readonly version: number; readonly code: string; readonly told: Told };
  /** The one whose entries are being fetched: how many bytes of how many are there, and why the last try brought no more. */
  readonly fetching?: {
    readonly version: number;
    readonly have: number;
    readonly bytes: number;
    readonly code?: string;
    readonly told?: Told;
  };
}

/** A piece of the file of a list that a person brings, in order. */
export interface ListPiece {
  /** Tells one file from another. */
  readonly file: string;
  /** Its place in the file, in bytes. */
  readonly at: number;
  readonly base64: string;
  readonly isLast: boolean;
  /** False: only say whether it would be taken. */
  readonly keep: boolean;
}
