/** Recognises a far side that sends more than any line carries; pure. */

const WINDOW_MS = 1000;
/** More than the fastest line that can be configured carries in a second (4 Mbaud). */
const MOST = 524_288;
/** A chunk counts as at least so many bytes, because short chunks cost by their number. A line of 115,200 baud that comes byte by byte still passes. */
const PIECE = 40;
/** What a whole reply counts if it comes byte by byte. */
const REPLY = 256 * PIECE;

/** Bounds what a far side that sends without end may cost: processing 13,107 pieces or half a megabyte a second. */
export class FloodGuard {
  #since = Number.NEGATIVE_INFINITY;
  #count = 0;

  /** Something was sent that may be answered. */
  expectReply(): void {
    this.#count = Math.max(0, this.#count - REPLY);
  }

  /** `mono`: monotonic ms of now. True: this is a flood. */
  floods(bytes: number, mono: number): boolean {
    if (mono - this.#since >= WINDOW_MS) {
      this.#since = mono;
      this.#count = 0;
    }
    this.#count += Math.max(PIECE, bytes);
    return this.#count > MOST;
  }
}
