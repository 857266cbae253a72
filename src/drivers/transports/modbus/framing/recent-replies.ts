/** The replies of the last moments, by which one that a repeater or a device server gives twice is known. */

/** A reply is given a second time within this time; and to the very same question only at once. */
const TWICE_MS = 250;
const TWICE_SAME_MS = 50;
/** Replies remembered: more than any line gives in that time. */
const REMEMBERED = 64;

interface Given {
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
  /** CRC of the reply, compared first because it is quick. */
  readonly crc: number;
  readonly mono: number;
}

/** Frames in RTU form, with their CRC. */
export class RecentReplies {
  /** Oldest first. */
  readonly #given: Given[] = [];

  add(request: Uint8Array, reply: Buffer, mono: number): void {
    this.#given.push({ request, reply, crc: crcOf(reply), mono });
  }

  /**
   * Whether these are the same bytes as a reply just given to another question: either the right answer looks the same, or that reply came twice.
   * `sent`: when the request was sent; replies remembered for too long by then no longer count.
   */
  isDoubtful(request: Uint8Array, frame: Buffer, sent: number): boolean {
    this.#forget(sent);
    const crc = crcOf(frame);
    return this.#given.some(
      (given) =>
        given.crc === crc && same(frame, given.reply) && (sent - given.mono <= TWICE_SAME_MS || !same(request, given.request)),
    );
  }

  /** Whether this is a frame of the last moments: a reply for a second time, or the echo of its request. */
  has(frame: Uint8Array, mono: number): boolean {
    this.#forget(mono);
    return this.#given.some((given) => same(frame, given.reply) || same(frame, given.request));
  }

  #forget(mono: number): void {
    while (this.#given.length > REMEMBERED || mono - (this.#given[0]?.mono ?? mono) > TWICE_MS) this.#given.shift();
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

const crcOf = (frame: Buffer): number => frame.readUInt16LE(frame.length - 2);
