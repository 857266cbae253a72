/** Cuts a stream of bytes into frames, however it arrives; how one begins and ends is its codec's affair. */

/** Numbers as they are; what stands for a person as bytes, which can be overwritten. */
export type Fields = Readonly<Record<string, number | Uint8Array>>;

/**
 * What stands at a place of the stream: a frame of `length` bytes; `more`, when further bytes may make one; or so many bytes with which
 * none begins. `isFiller`: what may stand between frames and is no sign of trouble.
 */
export type Next =
  | { readonly frame: Fields; readonly length: number }
  | { readonly skip: number; readonly isFiller?: true }
  | "more";

export interface FrameCodec {
  /** Bytes of the longest frame: no more are ever held. */
  readonly most: number;
  /**
   * Its check passes one wrong frame in 256. So after bytes that made no frame, the first good frame is not used: it only shows that the stream is in
   * step again.
   */
  readonly isWeak: boolean;
  /** Looks at `bytes` from `at` on, where at least one is; keeps nothing. */
  next(bytes: Uint8Array, at: number): Next;
}

/** Bytes in a row that made no frame: this is no noise, it is another baud rate or another device. */
const HOPELESS = 512;
const NONE = new Uint8Array(0);

/** A copy that can be overwritten: outside of V8's heap, where the collector moves small arrays about and leaves what they held. */
export function overwritable(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new ArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

export class FrameStream {
  /** Bytes that made no frame. */
  strayBytes = 0;
  /** Bytes that made frames. */
  frameBytes = 0;
  /** Its bytes stand for persons: what is done with is overwritten. */
  readonly isSecret: boolean;
  readonly #codec: FrameCodec;
  #rest: Uint8Array = NONE;
  #isTrusted = true;
  #badInRow = 0;

  constructor(codec: FrameCodec, isSecret = false) {
    this.#codec = codec;
    this.isSecret = isSecret;
  }

  get hopeless(): boolean {
    return this.#badInRow >= HOPELESS;
  }

  push(bytes: Uint8Array): readonly Fields[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Fields[] = [];
    let at = 0;
    while (at < all.length) {
      const found = this.#codec.next(all, at);
      if (found === "more") {
        if (all.length - at < this.#codec.most) break;
        at += this.#stray(1);
      } else if ("skip" in found) {
        at += found.isFiller ? found.skip : this.#stray(found.skip);
      } else {
        if (this.#isTrusted) frames.push(found.frame);
        this.#isTrusted = true;
        this.#badInRow = 0;
        this.frameBytes += found.length;
        at += found.length;
      }
    }
    const rest = overwritable(all.subarray(at));
    if (this.isSecret) for (const done of [this.#rest, bytes, all]) done.fill(0);
    this.#rest = rest;
    return frames;
  }

  #stray(count: number): number {
    this.strayBytes += count;
    this.#badInRow += count;
    if (this.#codec.isWeak) this.#isTrusted = false;
    return count;
  }
}
