/** What is stored and what the platform holds, for each stream of each epoch, in memory. */
import { covers, meets, setOf, size, upTo, within } from "../../kit/range-set.ts";
import type { EpochInfo, Mark, Range, Stream, StreamState } from "../../model/index.ts";

/** key = n · 2^35 + number: n < 2^18 and numbers < 2^35 keep it inside 2^53. */
export const NUMBERS = 2 ** 35;
export const EPOCHS = 2 ** 18;
export const keyOf = (n: number, seq: number): number => n * NUMBERS + seq;
export const seqOf = (key: number): number => key % NUMBERS;
export const STREAMS: readonly Stream[] = ["readings", "events"];

export interface Epoch {
  readonly n: number;
  readonly id: string;
  readonly boot: string;
  readonly opened: number;
  readonly cause: EpochInfo["cause"];
  readonly ran0: number;
}

/** One stream of one epoch. */
export interface StreamEntry {
  readonly epoch: Epoch;
  readonly stream: Stream;
  head: number;
  /** First number on the disk, and when it was made (ms since its epoch's opening); head + 1 and infinity when there is none. */
  oldest: number;
  oldestMono: number;
  upTo: number;
  held: readonly Range[];
  /** Records up to this number may be deleted already because the platform holds them. */
  goneTo: number;
}

/** Held ranges that are kept of an entry: they travel with each acknowledgement that is stored. */
const HELD_MOST = 500;

export class StreamIndex {
  readonly entries: StreamEntry[] = [];
  readonly #current: Epoch;
  #streams: readonly StreamState[] | null = null;

  constructor(entries: readonly StreamEntry[], current: Epoch) {
    this.#current = current;
    this.entries.push(...entries, ...STREAMS.map((stream) => emptyEntry(current, stream)));
  }

  entry(epoch: string, stream: Stream): StreamEntry | undefined {
    return this.entries.findLast((entry) => entry.epoch.id === epoch && entry.stream === stream);
  }

  /** The highest numbers of an epoch that are stored, 0 where none. */
  heads(epoch: string): Readonly<Record<Stream, number>> {
    const head = (stream: Stream): number => this.entry(epoch, stream)?.head ?? 0;
    return { readings: head("readings"), events: head("events") };
  }

  /** Earlier epochs first; of the present one always both streams, of others those with something unacknowledged. */
  streams(): readonly StreamState[] {
    this.#streams ??= this.entries
      .filter(({ epoch, head, upTo }) => epoch === this.#current || upTo < head)
      .map(({ epoch, stream, head, oldest, upTo, held }) => ({ epoch: epoch.id, stream, head, oldest, upTo, held }));
    return this.#streams;
  }

  /** How many stored numbers the platform has not yet acknowledged. */
  unacknowledged(): number {
    let count = 0;
    for (const { head, upTo, held } of this.entries) count += Math.max(0, head - upTo) - size(held);
    return count;
  }

  /** After anything in an entry changed. */
  changed(): void {
    this.#streams = null;
  }

  forget(epoch: Epoch): void {
    this.entries.splice(0, this.entries.length, ...this.entries.filter((entry) => entry.epoch !== epoch));
    this.changed();
  }
}

export const emptyEntry = (epoch: Epoch, stream: Stream): StreamEntry => ({
  epoch,
  stream,
  head: 0,
  oldest: 1,
  oldestMono: Number.POSITIVE_INFINITY,
  upTo: 0,
  held: [],
  goneTo: 0,
});

/**
 * An entry after one more mark. Marks only grow, and one beyond the last number means the last. Where there are too many held ranges, the highest
 * are forgotten while their records are still stored: that only means that they are sent again.
 */
export function grown(
  entry: Pick<StreamEntry, "head" | "upTo" | "held" | "goneTo">,
  mark: Pick<Mark, "upTo" | "held">,
): Pick<StreamEntry, "upTo" | "held"> {
  const proved: Range = [1, Math.max(entry.upTo, mark.upTo)];
  const all = within(setOf([proved, ...entry.held, ...mark.held]), [1, entry.head]);
  const done = upTo(all);
  const held = done === 0 ? all : all.slice(1);
  return { upTo: done, held: held.length <= HELD_MOST ? held : fewer(held, entry) };
}

function fewer(held: readonly Range[], entry: Pick<StreamEntry, "held" | "goneTo">): readonly Range[] {
  let surplus = held.length - HELD_MOST;
  const kept: Range[] = [];
  for (const range of held.toReversed())
    if (surplus > 0 && (range[0] > entry.goneTo || !meets(entry.held, range))) surplus -= 1;
    else kept.push(range);
  return kept.reverse();
}

/** Whether the platform holds every number of the range. */
export const isHeld = (entry: StreamEntry, from: number, to: number): boolean =>
  to <= entry.upTo || covers(entry.held, [from, to]);
