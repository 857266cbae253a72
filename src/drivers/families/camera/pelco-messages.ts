/** The Pelco-D language of pan and tilt heads: the question where one looks, and its answer. It is never moved. */

const SYNC = 0xff;
const BYTES = 7;
/** Query pan, and its answer. */
const ASK = 0x51;
const ANSWER = 0x59;

/** The sum of all bytes but the first and itself. */
const sumOf = (bytes: Uint8Array): number => bytes.subarray(1, BYTES - 1).reduce((sum, byte) => sum + byte, 0) & 0xff;

export function panQuery(address: number): Uint8Array {
  const bytes = Uint8Array.of(SYNC, address, 0, ASK, 0, 0, 0);
  bytes[BYTES - 1] = sumOf(bytes);
  return bytes;
}

/** Hundredths of a degree; null: no whole answer of this head is in it. An echo of the question, as of a converter, is none. */
export function panIn(bytes: Uint8Array, address: number): number | null {
  for (let at = 0; at + BYTES <= bytes.length; at += 1) {
    const frame = bytes.subarray(at, at + BYTES);
    if (frame[0] === SYNC && frame[1] === address && frame[3] === ANSWER && frame[BYTES - 1] === sumOf(frame))
      return ((frame[4] ?? 0) << 8) | (frame[5] ?? 0);
  }
  return null;
}
