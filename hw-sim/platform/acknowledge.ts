/** Sends `down/ack` when records have waited 5 s, when 500 of them wait, or at once in answer to `reported`. */

import { absent, type RangeSet, setOf, subtract, upTo } from "../../src/kit/range-set.ts";
import type { Range, Stream } from "../../src/model/index.ts";
import type { Holdings, StreamName } from "./store/holdings.ts";

export interface Ack {
  readonly epoch: string;
  readonly stream: Stream;
  /** Every number ≤ upTo is held, or named as lost by a held `ledger.gap`. */
  readonly upTo: number;
  readonly held?: RangeSet;
  readonly missing?: RangeSet;
}

export interface Reported {
  readonly epoch: string;
  readonly stream: Stream;
  readonly sentUpTo: number;
  /** What the gateway still has to send: not missing, only late. */
  readonly pending: readonly Range[];
}

export interface AckTimes {
  readonly afterMs: number;
  readonly atRecords: number;
}

/** Bounds an acknowledgement far below the packet limit; the next one tells the rest. */
const MAX_RANGES = 500;

export function ackOf(holdings: Holdings, name: StreamName, reported?: Reported): Ack {
  const { epoch, stream } = name;
  const accounted = holdings.accounted(name);
  const whole = upTo(accounted);
  const held = accounted.filter(([lo]) => lo > whole).slice(0, MAX_RANGES);
  const missing = reported
    ? subtract(absent(accounted, [1, reported.sentUpTo]), setOf(reported.pending)).slice(0, MAX_RANGES)
    : [];
  return { epoch, stream, upTo: whole, ...(held.length > 0 && { held }), ...(missing.length > 0 && { missing }) };
}

interface Due {
  readonly names: Map<string, StreamName>;
  records: number;
  timer: NodeJS.Timeout;
}

export class Acknowledger {
  readonly #holdings: Holdings;
  readonly #times: AckTimes;
  readonly #send: (gateway: string, acks: readonly Ack[]) => void;
  readonly #due = new Map<string, Due>();

  constructor(holdings: Holdings, times: AckTimes, send: (gateway: string, acks: readonly Ack[]) => void) {
    this.#holdings = holdings;
    this.#times = times;
    this.#send = send;
  }

  grew(grown: readonly (StreamName & { readonly fresh: number })[]): void {
    for (const { fresh, ...name } of grown) {
      const due = this.#due.get(name.gateway) ?? this.#begin(name.gateway);
      due.names.set(`${name.epoch}/${name.stream}`, name);
      due.records += fresh;
      if (due.records >= this.#times.atRecords) this.#flush(name.gateway, []);
    }
  }

  /** The answer comes at once: it is how a gateway learns that the tail of what it sent was lost behind the broker's PUBACK. */
  answer(gateway: string, reported: readonly Reported[]): void {
    this.#flush(gateway, reported);
  }

  #begin(gateway: string): Due {
    const due: Due = { names: new Map(), records: 0, timer: setTimeout(() => this.#flush(gateway, []), this.#times.afterMs) };
    this.#due.set(gateway, due);
    return due;
  }

  #flush(gateway: string, reported: readonly Reported[]): void {
    const due = this.#due.get(gateway);
    if (due) clearTimeout(due.timer);
    this.#due.delete(gateway);
    const asked = new Map(reported.map((one) => [`${one.epoch}/${one.stream}`, one]));
    const names = new Map(due?.names);
    for (const [key, { epoch, stream }] of asked) names.set(key, { gateway, epoch, stream });
    const acks = [...names].map(([key, name]) => ackOf(this.#holdings, name, asked.get(key)));
    if (acks.length > 0) this.#send(gateway, acks);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
  }
}
