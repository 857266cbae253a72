/** Finds the reply to a request among the bytes of a Modbus line; pure. */
import type { Code } from "../../../../kit/errors.ts";

/** Longest RTU frame (Modbus over serial line V1.02, 2.3). */
export const MAX_FRAME = 256;
const EXCEPTION_LENGTH = 5;
const WRITE_REPLY_LENGTH = 8;
const REQUEST_LENGTH = 8;
const CRC_LENGTH = 2;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  return crc;
});

/** CRC-16/MODBUS of bytes[from..to). */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let crc = 0xffff;
  for (let i = from; i < to; i++) crc = (crc >> 8) ^ (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return crc;
}

/** What the reply to one request must look like. */
export interface Expected {
  readonly unit: number;
  readonly fc: number;
  /** Length of a good reply, CRC included. */
  readonly length: number;
  /** Bytes after the function code that a good reply must repeat: byte count of a read, address and value or quantity of a write. */
  readonly repeats: Uint8Array;
}

/** From the request as modbus-serial wrote it (RTU, with CRC). */
export function expectedOf(request: Uint8Array): Expected {
  const unit = request[0] ?? 0;
  const fc = request[1] ?? 0;
  const quantity = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  if (fc <= 4) {
    const bytes = fc <= 2 ? Math.ceil(quantity / 8) : quantity * 2;
    return { unit, fc, length: bytes + 5, repeats: Uint8Array.of(bytes) };
  }
  return { unit, fc, length: WRITE_REPLY_LENGTH, repeats: request.slice(2, 6) };
}

export type Found =
  | { readonly kind: "reply"; readonly at: number; readonly length: number }
  /** A whole frame with the right head, and a wrong CRC. */
  | { readonly kind: "corrupt" }
  | { readonly kind: "nothing" };

/** Looks for the expected reply at any place: phantom bytes and other units' frames may come before it. */
export function findReply(bytes: Uint8Array, expected: Expected): Found {
  let corrupt = false;
  for (let at = 0; at + EXCEPTION_LENGTH <= bytes.length; at++) {
    if (bytes[at] !== expected.unit) continue;
    const length = replyLength(bytes, at, expected);
    if (length === 0 || at + length > bytes.length) continue;
    if (crcHolds(bytes, at, length)) return { kind: "reply", at, length };
    corrupt = true;
  }
  return corrupt ? { kind: "corrupt" } : { kind: "nothing" };
}

/** Length of the reply that could begin here, 0 if none can. */
function replyLength(bytes: Uint8Array, at: number, { fc, length, repeats }: Expected): number {
  if (bytes[at + 1] === (fc | 0x80)) return EXCEPTION_LENGTH;
  if (bytes[at + 1] !== fc) return 0;
  for (let i = 0; i < repeats.length; i++) if (bytes[at + 2 + i] !== repeats[i]) return 0;
  return length;
}

/** Whether a frame that is known to be whole (Modbus TCP) has the form of the reply; its CRC is not looked at. */
export const isReply = (frame: Uint8Array, expected: Expected): boolean =>
  frame[0] === expected.unit && replyLength(frame, 0, expected) === frame.length;

/** Valid frames of any unit and function in what was not the reply, and how many bytes belong to none. */
export function classify(bytes: Uint8Array): { readonly frames: readonly Uint8Array[]; readonly garbage: number } {
  const frames: Uint8Array[] = [];
  let garbage = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = frameLengths(bytes, at).find((n) => at + n <= bytes.length && crcHolds(bytes, at, n));
    if (length === undefined) garbage += 1;
    else frames.push(bytes.slice(at, at + length));
    at += length ?? 1;
  }
  return { frames, garbage };
}

/** What a frame that is not the reply tells of the line, the worst first: it decides what a person is told. */
export type Seen =
  /** A request that we did not send. */
  | { readonly kind: "master"; readonly frame: Uint8Array }
  /** What was asked for, under another transaction (Modbus TCP). */
  | { readonly kind: "transaction"; readonly asked: number; readonly answered: number; readonly frame: Uint8Array }
  /** What was asked for, from another unit. */
  | { readonly kind: "unit"; readonly unit: number; readonly frame: Uint8Array }
  | { readonly kind: "other"; readonly frame: Uint8Array };

const WORST: readonly Seen["kind"][] = ["master", "transaction", "unit", "other"];

/** Null, and at no cost, where nothing strange was seen, which is at nearly every request. */
export function worstOf(seen: readonly Seen[]): Seen | null {
  if (seen.length === 0) return null;
  return seen.toSorted((a, b) => WORST.indexOf(a.kind) - WORST.indexOf(b.kind))[0] ?? null;
}

/** Of a whole frame with two bytes for its CRC; those that are told come without it. */
export function seenIn(whole: Uint8Array, expected: Expected): Seen {
  const frame = whole.subarray(0, -CRC_LENGTH);
  const unit = frame[0] ?? 0;
  if (isRequest(whole)) return { kind: "master", frame };
  const asOurs = Uint8Array.from(whole);
  asOurs[0] = expected.unit;
  return unit !== expected.unit && isReply(asOurs, expected) ? { kind: "unit", unit, frame } : { kind: "other", frame };
}

/**
 * Whether this is a request. A frame of function 3 or 4 with 8 bytes must be one, since replies to those have an odd length; for other functions it
 * cannot be told.
 */
const isRequest = (frame: Uint8Array): boolean => frame.length === REQUEST_LENGTH && (frame[1] === 3 || frame[1] === 4);

/** Lengths that a frame beginning here could have: a reply or a request of the functions in use. */
function frameLengths(bytes: Uint8Array, at: number): readonly number[] {
  const fc = bytes[at + 1] ?? 0;
  if (fc > 0x80) return [EXCEPTION_LENGTH];
  if (fc >= 1 && fc <= 4) return [(bytes[at + 2] ?? 0) + 5, 8];
  if (fc === 5 || fc === 6) return [8];
  if (fc === 15 || fc === 16) return [8, (bytes[at + 6] ?? 0) + 9];
  return [];
}

export function crcHolds(bytes: Uint8Array, at: number, length: number): boolean {
  const end = at + length - 2;
  return crc16(bytes, at, end) === ((bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8));
}

/** The error for bytes that are no valid reply: on serial lines interference is likely, on TCP a far side that does not speak Modbus TCP. */
export const CORRUPT = { rtu: "bus.checksum", "rtu-tcp": "bus.checksum", tcp: "bus.not-modbus-tcp" } as const;
export type Corrupt = (typeof CORRUPT)[keyof typeof CORRUPT];
export const isCorrupt = (code: Code): boolean => Object.values<Code>(CORRUPT).includes(code);
