/** What a kind wants another thing to be, and the order that tells it so. */

/** One thing that is to be told to be something. */
export interface Order {
  readonly id: string;
  /** `device.point` */
  readonly target: string;
  readonly value: boolean | number;
  /** The asset whose kind wants it. */
  readonly by: string;
}

/** JSON, saved with its asset. Times in ms of observation. */
export interface Want {
  readonly value: boolean | number;
  /** The order that is under way; absent: it succeeded, or waits for `again`. */
  readonly id?: string;
  /** So many orders in a row did not succeed. */
  readonly failed?: number;
  /** When it is ordered again. */
  readonly again?: number;
}
