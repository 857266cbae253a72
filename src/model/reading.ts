/** What a wire says: values, their quality, and what a point of a device is. */

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
  /** Of a state: it is one word of a few. Absent: it is true or false. */
  readonly isWord?: true;
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
  /** 0 may be written too, though it is less than `min`. */
  readonly orZero?: true;
  readonly maxOnMs?: number;
  readonly minIntervalMs?: number;
}
