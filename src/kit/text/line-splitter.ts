/** Makes whole lines of text that comes in pieces, and keeps no more of one than a line may be long. */

export class LineSplitter {
  readonly #most: number;
  #rest = "";
  /** The line that has begun is too long: told already, and passed over to its end. */
  #isTooLong = false;

  /** `most`: characters of the longest line. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The lines that have come to their end. Null stands for one that is too long, as soon as it is. */
  push(text: string): readonly (string | null)[] {
    const pieces = (this.#rest + text).split("\n");
    const rest = pieces.pop() ?? "";
    const lines = pieces.map((line) => (line.length > this.#most ? null : line));
    if (this.#isTooLong && pieces.length > 0) lines.shift();
    const begunBefore = this.#isTooLong && pieces.length === 0;
    this.#isTooLong = begunBefore || rest.length > this.#most;
    if (this.#isTooLong && !begunBefore) lines.push(null);
    this.#rest = this.#isTooLong ? "" : rest;
    return lines;
  }
}
