/** Reads Wiegand numbers as converters write them: hex digits of facility and card, parity checked where it is sent. */

import { overwritable } from "./codec.ts";

/** How a converter writes: the data alone, as hex digits or as one decimal number, or every bit, with both parity bits. */
export type WiegandWriting = "wiegand-hex" | "wiegand-decimal" | "wiegand-bits";
/** All bits of the format, the two of parity among them: H10301 has 8 of facility and 16 of card, H10306 16 and 16. */
export type WiegandBits = 26 | 34;

const [ZERO, NINE, A] = [0x30, 0x39, 0x41];

/** Hex digits of the data, as many as the format has; null for what is no such number. Nothing of it becomes a number or a string, which could not be overwritten. */
export function wiegandDigits(chars: Uint8Array, writing: WiegandWriting, bits: WiegandBits): Uint8Array | null {
  const bytes = overwritable(new Uint8Array((bits - 2) / 8));
  const isRight =
    writing === "wiegand-bits" ? fromBits(chars, bytes) : fromDigits(chars, bytes, writing === "wiegand-hex" ? 16 : 10);
  const digits = isRight ? hexDigits(bytes) : null;
  bytes.fill(0);
  return digits;
}

/** The first bit makes the first half even, the last bit makes the second half odd. */
function fromBits(chars: Uint8Array, bytes: Uint8Array): boolean {
  const length = bytes.length * 8 + 2;
  if (chars.length !== length || !chars.every((char) => char === ZERO || char === ZERO + 1)) return false;
  const half = length / 2;
  let [first, second] = [0, 0];
  for (let i = 0; i < length; i++) {
    const bit = (chars[i] ?? 0) & 1;
    if (i < half) first ^= bit;
    else second ^= bit;
    if (i > 0 && i < length - 1) bytes[(i - 1) >> 3] = ((bytes[(i - 1) >> 3] ?? 0) << 1) | bit;
  }
  return first === 0 && second === 1;
}

/** Digit by digit from the left; false where the number is larger than the format. */
function fromDigits(chars: Uint8Array, bytes: Uint8Array, base: 10 | 16): boolean {
  for (const char of chars) {
    let carry = digitOf(char);
    if (carry >= base) return false;
    for (let i = bytes.length - 1; i >= 0; i--) {
      carry += (bytes[i] ?? 0) * base;
      bytes[i] = carry & 0xff;
      carry >>= 8;
    }
    if (carry > 0) return false;
  }
  return chars.length > 0;
}

/** Of a hex digit, whether large or small; 16 for what is none. */
function digitOf(char: number): number {
  if (char >= ZERO && char <= NINE) return char - ZERO;
  const letter = (char & ~0x20) - A;
  return letter >= 0 && letter < 6 ? letter + 10 : 16;
}

function hexDigits(bytes: Uint8Array): Uint8Array {
  const digits = overwritable(new Uint8Array(bytes.length * 2));
  for (const [i, byte] of bytes.entries())
    for (const [place, nibble] of [byte >> 4, byte & 15].entries())
      digits[i * 2 + place] = nibble < 10 ? ZERO + nibble : A + nibble - 10;
  return digits;
}
