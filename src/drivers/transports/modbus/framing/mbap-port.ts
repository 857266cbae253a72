/** Modbus TCP framing: of all frames on a connection only the one that answers the request in flight is let through. */

import type { ByteWire } from "../../serial/byte-wire.ts";
import { LateReplies } from "./late-replies.ts";
import { crc16, type Expected, isReply, type Seen, seenIn, worstOf } from "./modbus-frame.ts";
import { FramePort, type Leftover } from "./rtu-port.ts";

/** What a site may let a gateway do that does not keep to Modbus TCP. */
export type Tolerance = "unit-echo" | "transaction-echo";

const MBAP = 7;
const MAX_LENGTH = 254;
/** So many of our last transactions are remembered: a reply with one of them answers that request, late or a second time, and not the present one. */
const RECENT = 64;
/** Strange frames kept for one request: what they tell is told by the first. */
const KEPT = 8;
const NOTHING = new Uint8Array(0);

/** Modbus TCP (Messaging Implementation Guide V1.0b, 3.1.3): transaction identifiers are 16 bits and come round after 65,536 requests. */
export class MbapPort extends FramePort {
  #bytes: Uint8Array = NOTHING;
  #transaction: number;
  #frames = 0;
  #garbage = 0;
  #seen: Seen[] = [];
  readonly #anyUnit: boolean;
  readonly #anyTransaction: boolean;
  /** Of a gateway that returns one of its own. */
  #foreign: number | null = null;
  /** The stream is out of step: nothing on this connection can be trusted any more. */
  broken = false;

  constructor(wire: ByteWire, firstTransaction: number, tolerate: readonly Tolerance[] = [], owed = new LateReplies()) {
    super(wire, owed);
    this.#transaction = firstTransaction;
    this.#anyUnit = tolerate.includes("unit-echo");
    this.#anyTransaction = tolerate.includes("transaction-echo");
  }

  get transaction(): number {
    return this.#transaction;
  }

  protected get sentAs(): number {
    return this.#transaction;
  }

  /** Half a frame is in the buffer: the beginning of the next reply would be taken for its end. */
  get halfway(): boolean {
    return this.#bytes.length > 0;
  }

  protected send(request: Buffer): void {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    // If the gateway always returns a transaction of its own, ours are kept away from it, or its replies would look like answers to our recent
    // requests.
    if (this.#foreign !== null && this.#isRecent(this.#foreign)) this.#transaction = (this.#foreign + RECENT + 1) & 0xffff;
    const adu = Buffer.allocUnsafe(request.length + 4);
    adu.writeUInt16BE(this.#transaction, 0);
    adu.writeUInt16BE(0, 2);
    adu.writeUInt16BE(request.length - 2, 4);
    request.copy(adu, 6, 0, request.length - 2);
    this.wire.write(adu);
  }

  received(chunk: Uint8Array, mono: number): void {
    this.lastByte = mono;
    if (this.broken) return;
    let bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (bytes.length >= MBAP) {
      const length = word(bytes, 4);
      if (word(bytes, 2) !== 0 || length < 2 || length > MAX_LENGTH) {
        this.#garbage += bytes.length;
        this.broken = true;
        bytes = NOTHING;
        this.corrupted();
        break;
      }
      if (bytes.length < 6 + length) break;
      this.#take(word(bytes, 0), bytes.subarray(6, 6 + length), mono);
      bytes = bytes.subarray(6 + length);
    }
    this.#bytes = bytes;
  }

  #take(transaction: number, unitAndPdu: Uint8Array, mono: number): void {
    const expected = this.expected;
    const frame = Buffer.allocUnsafe(unitAndPdu.length + 2);
    frame.set(unitAndPdu);
    if (expected && this.#anyUnit) frame[0] = expected.unit;
    if (!expected || !this.#isAnswer(transaction) || !isReply(frame, expected)) {
      frame.set(unitAndPdu);
      this.#strange(transaction, frame, expected, mono);
      return;
    }
    if (transaction !== this.#transaction) this.#foreign = transaction;
    this.judge(withCrc(frame), mono, expected, this.#anyTransaction ? withCrc(Buffer.from([...unitAndPdu, 0, 0])) : null);
  }

  #isAnswer(transaction: number): boolean {
    return transaction === this.#transaction || (this.#anyTransaction && !this.#isRecent(transaction));
  }

  /** Of the request in flight or of one of the last before it. */
  #isRecent(transaction: number): boolean {
    return ((this.#transaction - transaction) & 0xffff) <= RECENT;
  }

  #strange(transaction: number, frame: Buffer, expected: Expected | null, mono: number): void {
    this.#frames += 1;
    const isLate = this.owed.answers(transaction, mono);
    if (!expected || isLate || this.#seen.length >= KEPT) return;
    const seen = seenIn(frame, expected);
    if (this.#isAnswer(transaction) && seen.kind === "unit") this.#seen.push(seen);
    else if (!this.#isRecent(transaction) && (seen.kind === "unit" || isReply(frame, expected)))
      this.#seen.push({ kind: "transaction", asked: this.#transaction, answered: transaction, frame: seen.frame });
    else this.#seen.push({ kind: "other", frame: seen.frame });
  }

  settle(): Leftover {
    this.expected = null;
    this.trusts = false;
    const left = { frames: this.#frames, garbage: this.#garbage, seen: worstOf(this.#seen) };
    this.#frames = 0;
    this.#garbage = 0;
    if (left.seen !== null) this.#seen = [];
    return left;
  }
}

/** Writes the CRC that modbus-serial expects into the last two bytes, which were left free for it. */
function withCrc(frame: Buffer): Buffer {
  frame.writeUInt16LE(crc16(frame, 0, frame.length - 2), frame.length - 2);
  return frame;
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
