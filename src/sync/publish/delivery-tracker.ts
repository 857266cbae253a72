/** Which numbers are sent, proved and still to be sent; in memory only, so a restart makes unproved ones pending. */

import {
  add,
  firstGap,
  highest,
  none,
  type RangeSet,
  remove,
  setOf,
  subtract,
  union,
  upTo,
  within,
} from "../../kit/range-set.ts";
import type { EpochInfo, Mark, Range, Segment, Stream, StreamState } from "../../model/index.ts";

/** A range is resent at most this often, however often it is asked for (contract, topic `ack`). */
const RESEND_EVERY_MS = 60_000;
/** Pending stretches that `reported` names; further ones are merged, which only delays a resend. */
const MOST_PENDING = 64;
const MOST_FORMER = 64;
/**
 * Most ranges kept of one stream, for `held` and for `wanted`. Of more, the highest held ones are forgotten and sent again; wanted ones
 * the platform asks for again.
 */
const MOST_RANGES = 500;

/** One stream of one epoch. */
interface Entry {
  readonly epoch: string;
  readonly stream: Stream;
  head: number;
  oldest: number;
  /** Proved by the platform (or, in broker mode, by the broker). */
  held: RangeSet;
  /** Accepted by the broker, or no longer stored and so not to be sent. */
  sent: RangeSet;
  /** In flight, or waiting to go live. */
  taken: RangeSet;
  /** Asked for again. */
  wanted: RangeSet;
  resent: { readonly range: Range; readonly mono: number }[];
  /** Asked for but no longer stored, and reported as such. */
  expired: RangeSet;
}

/** A stretch to be sent on history. `asked`: the platform wants it although it was sent before. */
export interface PendingRange {
  readonly epoch: string;
  readonly stream: Stream;
  readonly range: Range;
  readonly asked: boolean;
}

/** One entry of `down/ack`. */
export interface Ack {
  readonly epoch: string;
  readonly stream: Stream;
  readonly upTo: number;
  readonly held?: readonly (readonly [number, number])[] | undefined;
  readonly missing?: readonly (readonly [number, number])[] | undefined;
}

export interface ReportedStream {
  readonly epoch: string;
  readonly stream: Stream;
  readonly head: number;
  readonly oldest: number;
  readonly sentUpTo: number;
  readonly pending: readonly Range[];
}

export class DeliveryTracker {
  readonly #current: EpochInfo;
  readonly #entries = new Map<string, Entry>();

  constructor(current: EpochInfo) {
    this.#current = current;
  }

  /** Takes over what the store says; marks only ever grow. */
  refresh(streams: readonly StreamState[]): void {
    const listed = new Set<string>();
    for (const state of streams) {
      const entry = this.#entry(state.epoch, state.stream);
      listed.add(key(state.epoch, state.stream));
      entry.head = Math.max(entry.head, state.head);
      entry.oldest = state.oldest;
      entry.held = union(add(entry.held, [1, state.upTo]), state.held);
    }
    // What the store no longer lists is wholly proved.
    for (const [name, entry] of this.#entries) if (!listed.has(name)) entry.held = add(entry.held, [1, entry.head]);
  }

  committed(segments: readonly Segment[]): void {
    for (const { epoch, stream, to } of segments) {
      const entry = this.#entry(epoch, stream);
      entry.head = Math.max(entry.head, to);
    }
  }

  /**
   * The next stretch for history: what was asked for, then events, then readings, each with earlier epochs first. So a `ledger.gap` of
   * today arrives before the platform misses the numbers of yesterday that it names.
   */
  next(barred: (stream: Stream) => boolean): PendingRange | null {
    const entries = [...this.#entries.values()].filter(({ stream }) => !barred(stream));
    for (const { epoch, stream, wanted, taken } of entries) {
      const [range] = subtract(wanted, taken);
      if (range !== undefined) return { epoch, stream, range, asked: true };
    }
    const rank = ({ epoch, stream }: Entry) => 2 * Number(stream === "readings") + Number(epoch === this.#current.id);
    const ordered = [...entries].sort((a, b) => rank(a) - rank(b));
    for (const { epoch, stream, head, held, sent, taken } of ordered) {
      const range = firstGap(1, head, [held, sent, taken]);
      if (range !== null) return { epoch, stream, range, asked: false };
    }
    return null;
  }

  take(epoch: string, stream: Stream, range: Range): void {
    const entry = this.#entry(epoch, stream);
    entry.taken = add(entry.taken, range);
    entry.wanted = remove(entry.wanted, range);
  }

  /** The link ended or the broker said "not now": it is pending again. */
  release(epoch: string, stream: Stream, range: Range, asked = false): void {
    const entry = this.#entry(epoch, stream);
    entry.taken = remove(entry.taken, range);
    if (asked) entry.wanted = add(entry.wanted, range);
  }

  /** The broker accepted it, or nothing is left to be sent. */
  settle(epoch: string, stream: Stream, range: Range): void {
    const entry = this.#entry(epoch, stream);
    entry.taken = remove(entry.taken, range);
    entry.sent = add(entry.sent, range);
  }

  /** Broker mode: a PUBACK is the proof. */
  prove(epoch: string, stream: Stream, range: Range): Mark {
    const entry = this.#entry(epoch, stream);
    entry.held = add(entry.held, range);
    return markOf(entry);
  }

  /** True the first time that this stretch is found missing in the store. */
  expire(epoch: string, stream: Stream, range: Range): RangeSet {
    const entry = this.#entry(epoch, stream);
    const fresh = subtract([range], entry.expired);
    entry.expired = add(entry.expired, range);
    return fresh;
  }

  /** The mark that an acknowledgement proves, or null when it cannot be true: an unknown epoch, or numbers that do not exist yet. */
  acknowledge(ack: Ack, mono: number): Mark | null {
    const entry = this.#entries.get(key(ack.epoch, ack.stream));
    if (entry === undefined) return null;
    const top = [...(ack.held ?? []), ...(ack.missing ?? [])].reduce((most, [, to]) => Math.max(most, to), ack.upTo);
    if (top > entry.head && ack.epoch === this.#current.id) return null;
    // The platform may name a number beyond the last of a former epoch: it means the last.
    const whole: Range = [1, entry.head];
    const held = union(add(entry.held, [1, Math.min(ack.upTo, entry.head)]), within(setOf(ack.held ?? []), whole));
    // The range that begins at the first number is `upTo`, and not listed again.
    entry.held = held.slice(0, MOST_RANGES + Number(upTo(held) > 0));
    this.#ask(entry, within(setOf(ack.missing ?? []), whole), mono);
    return markOf(entry);
  }

  sentUpTo(epoch: string, stream: Stream): number {
    const entry = this.#entries.get(key(epoch, stream));
    return entry === undefined ? 0 : sentUpTo(entry);
  }

  head(epoch: string, stream: Stream): number | null {
    return this.#entries.get(key(epoch, stream))?.head ?? null;
  }

  /** Former epochs first; where there are too many, those that are sent next, since `reported` must fit into one message. */
  reported(): readonly ReportedStream[] {
    const all = [...this.#entries.values()];
    const former = all.filter((entry) => entry.epoch !== this.#current.id && upTo(entry.held) < entry.head);
    return [...former.slice(0, MOST_FORMER), ...all.filter((entry) => entry.epoch === this.#current.id)].map((entry) => {
      const { epoch, stream, head, oldest } = entry;
      const top = sentUpTo(entry);
      const pending = top === 0 ? none : subtract([[1, top]], union(entry.sent, entry.held));
      return { epoch, stream, head, oldest, sentUpTo: top, pending: merged(union(pending, within(entry.wanted, [1, top]))) };
    });
  }

  /** Whether the broker took something that the platform has not proved to hold. */
  get unproved(): boolean {
    return [...this.#entries.values()].some(({ sent, held }) => subtract(sent, held).length > 0);
  }

  #ask(entry: Entry, missing: RangeSet, mono: number): void {
    entry.resent = entry.resent.filter((r) => mono - r.mono < RESEND_EVERY_MS);
    const places = MOST_RANGES - Math.max(entry.resent.length, entry.wanted.length);
    const fresh = subtract(missing, setOf(entry.resent.map((r) => r.range))).slice(0, Math.max(0, places));
    for (const range of fresh) entry.resent.push({ range, mono });
    entry.wanted = union(entry.wanted, fresh);
  }

  #entry(epoch: string, stream: Stream): Entry {
    const found = this.#entries.get(key(epoch, stream));
    if (found !== undefined) return found;
    const blank = { held: none, sent: none, taken: none, wanted: none, expired: none };
    const entry: Entry = { epoch, stream, head: 0, oldest: 1, resent: [], ...blank };
    this.#entries.set(key(epoch, stream), entry);
    return entry;
  }
}

const key = (epoch: string, stream: Stream): string => `${epoch}/${stream}`;
const sentUpTo = ({ sent, held }: Entry): number => Math.max(highest(sent), highest(held));

function markOf({ epoch, stream, held }: Entry): Mark {
  const proved = upTo(held);
  return { epoch, stream, upTo: proved, held: held.filter(([from]) => from > proved) };
}

function merged(ranges: RangeSet): RangeSet {
  const last = ranges.at(-1);
  if (ranges.length <= MOST_PENDING || last === undefined) return ranges;
  const first = ranges.slice(0, MOST_PENDING - 1);
  const rest = ranges[MOST_PENDING - 1];
  return rest === undefined ? first : [...first, [rest[0], last[1]]];
}
