/** Seeded random bytes, cuts and choices, for tests of a million inputs. */

/** How many inputs each parser gets, and the number of the first: `CIPPO_INPUTS=1 CIPPO_FIRST=4711` is one case again. */
export const INPUTS = Number(process.env["CIPPO_INPUTS"] ?? 2000);
export const FIRST = Number(process.env["CIPPO_FIRST"] ?? 0);

export class Dice {
  #state: number;

  constructor(number: number) {
    this.#state = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  }

  /** A whole number from 0 to below `n` (mulberry32). */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * n);
  }

  pick<T>(first: T, ...others: readonly T[]): T {
    return [first, ...others][this.below(others.length + 1)] ?? first;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most + 1) }, () => this.below(256)));
  }

  /** Whole, cut short, with one wrong bit, twice, or something else. */
  spoiled(bytes: Buffer): Buffer {
    const kind = this.below(5);
    if (kind === 0) return bytes.subarray(0, this.below(bytes.length));
    if (kind === 1) return bytes.subarray(this.below(bytes.length));
    if (kind === 2) return Buffer.concat([bytes, bytes]);
    if (kind === 3) return this.bytes(20);
    const wrong = Buffer.from(bytes);
    const at = this.below(bytes.length);
    wrong[at] = (wrong[at] ?? 0) ^ (1 << this.below(8));
    return wrong;
  }

  /** Split anywhere. */
  pieces<T extends Buffer | string>(whole: T): T[] {
    const pieces: T[] = [];
    for (let at = 0; at < whole.length; ) {
      const length = 1 + this.below(this.pick(3, 20, whole.length));
      pieces.push((typeof whole === "string" ? whole.slice(at, at + length) : whole.subarray(at, at + length)) as T);
      at += length;
    }
    return pieces;
  }
}

/** Each case by its number; a failure names it. */
export function each(act: (dice: Dice) => void): void {
  for (let number = FIRST; number < FIRST + INPUTS; number++) {
    try {
      act(new Dice(number));
    } catch (error) {
      throw new Error(`case ${number} (again: CIPPO_INPUTS=1 CIPPO_FIRST=${number})`, { cause: error });
    }
  }
}
