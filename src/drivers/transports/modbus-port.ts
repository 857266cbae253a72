/** Requests as modbus-serial writes them go in; only the one verified reply to each comes out, in the same RTU form. Framing of RTU and of MBAP. */
import { EventEmitter } from "node:events";
import { classify, crc16, type Expected, expectedOf, findReply, isReply } from "../modbus-frame.ts";
import type { ByteWire } from "./byte-wire.ts";

/** What was on the line beside the reply. */
export interface Leftover {
  /** Valid frames of other units, functions, lengths or transactions. */
  readonly frames: number;
  /** Bytes that belong to no frame. */
  readonly garbage: number;
}

/** What modbus-serial asks of a port (its ports/*.js), and what the queue asks beside: the leftover, and word of a corrupt reply. */
export abstract class FramePort extends EventEmitter {
  // One request is in flight at a time, so the library's own transaction table needs one slot only.
  _transactionIdRead = 1;
  _transactionIdWrite = 1;
  /** Kernel monotonic ms of the last chunk. */
  lastByte = Number.NEGATIVE_INFINITY;
  /** Called when the reply arrived whole and corrupt: waiting longer is of no use. */
  corrupted: () => void = () => undefined;
  /** Called when what arrived may be an earlier reply for a second time: only asking again can tell. */
  doubted: () => void = () => undefined;
  protected expected: Expected | null = null;
  protected readonly wire: ByteWire;

  constructor(wire: ByteWire) {
    super();
    this.wire = wire;
  }

  get isOpen(): boolean {
    return this.wire.isOpen;
  }

  open(done: (error: Error | null) => void): void {
    done(null);
  }

  close(done?: (error: Error | null) => void): void {
    void this.wire.close().then(() => done?.(null));
  }

  abstract write(request: Buffer): void;
  abstract received(chunk: Uint8Array, mono: number): void;
  /** Ends the request, answered or not. */
  abstract settle(): Leftover;

  protected deliver(frame: Buffer): void {
    this.expected = null;
    this.emit("data", frame);
  }
}

const KEPT = 512;
/** A reply is given a second time, by a repeater or a device server, within this time; and to the very same question only at once. */
const TWICE_MS = 250;
const TWICE_SAME_MS = 50;
/** Replies remembered: more than any line gives in that time. */
const REMEMBERED = 64;
const NOTHING = new Uint8Array(0);

interface Given {
  readonly request: Uint8Array;
  readonly reply: Uint8Array;
  /** Of the reply: two that differ here need not be compared. */
  readonly crc: number;
  readonly mono: number;
}

/** RTU over any byte wire: the end of a frame is known by its length and CRC, never by silence (USB and networks cannot keep t1.5). */
export class RtuPort extends FramePort {
  #bytes: Uint8Array = NOTHING;
  #request: Uint8Array = NOTHING;
  #stripped = false;
  /** Whether the adapter hands back what we send; null until a read has shown it. */
  #echoes: boolean | null = null;
  /** Of the last moments, oldest first. */
  readonly #given: Given[] = [];
  /** Believes the next reply even if it was said before. */
  trusts = false;

  write(request: Buffer): void {
    this.#request = request;
    this.#stripped = false;
    this.#bytes = NOTHING;
    this.expected = expectedOf(request);
    this.wire.write(request);
  }

  received(chunk: Uint8Array, mono: number): void {
    this.lastByte = mono;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#bytes.length > KEPT * 2) this.#bytes = this.#bytes.subarray(-KEPT);
    const expected = this.expected;
    if (!expected) return;
    this.#stripEcho(expected);
    const found = findReply(this.#bytes, expected);
    if (found.kind === "corrupt") this.corrupted();
    if (found.kind !== "reply") return;
    if (this.#stripped || !sameReply(expected)) this.#echoes = this.#stripped;
    const frame = Buffer.from(this.#bytes.subarray(found.at, found.at + found.length));
    this.#bytes = without(this.#bytes, found.at, found.length);
    if (this.#isDoubtful(frame, mono, expected)) this.#doubt(expected);
    else {
      this.#given.push({ request: this.#request, reply: frame, crc: crcOf(frame), mono });
      this.deliver(frame);
    }
  }

  /** The very bytes of a reply that was just given, mostly to another question: the right answer, or that reply for a second time. */
  #isDoubtful(frame: Buffer, mono: number, expected: Expected): boolean {
    while (this.#given.length > REMEMBERED || mono - (this.#given[0]?.mono ?? mono) > TWICE_MS) this.#given.shift();
    if (this.trusts || sameReply(expected)) return false;
    const crc = crcOf(frame);
    return this.#given.some(
      (given) =>
        given.crc === crc &&
        same(frame, given.reply) &&
        (mono - given.mono <= TWICE_SAME_MS || !same(this.#request, given.request)),
    );
  }

  /** A read is asked again. A write is not: either its own reply still comes, or its register is read back. */
  #doubt({ fc }: Expected): void {
    this.trusts = true;
    if (fc <= 4) this.doubted();
  }

  /**
   * The good reply to a single write is the request itself, so an echo could pass for it and a dead unit for an obedient one. Until a read
   * has shown that this line does not echo, the first copy counts as echo: at worst the write is read back.
   */
  #stripEcho(expected: Expected): void {
    if (this.#stripped || (sameReply(expected) && this.#echoes === false)) return;
    const at = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).indexOf(this.#request);
    if (at < 0) return;
    this.#stripped = true;
    this.#bytes = without(this.#bytes, at, this.#request.length);
  }

  settle(): Leftover {
    this.expected = null;
    this.trusts = false;
    const left = classify(this.#bytes);
    this.#bytes = NOTHING;
    return left;
  }
}

const without = (bytes: Uint8Array, at: number, length: number): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

const crcOf = (frame: Buffer): number => frame.readUInt16LE(frame.length - 2);

const sameReply = ({ fc }: Expected): boolean => fc === 5 || fc === 6;

const MBAP = 7;
const MAX_LENGTH = 254;

/** Modbus TCP (Messaging Implementation Guide V1.0b, 3.1.3): transaction identifiers are 16 bits and come round after 65,536 requests. */
export class MbapPort extends FramePort {
  #bytes: Uint8Array = NOTHING;
  #transaction: number;
  #frames = 0;
  #garbage = 0;
  /** The stream is out of step: nothing on this connection can be trusted any more. */
  broken = false;

  constructor(wire: ByteWire, firstTransaction: number) {
    super(wire);
    this.#transaction = firstTransaction;
  }

  get transaction(): number {
    return this.#transaction;
  }

  /** Half a frame waits for its end: the next reply would be taken for it. */
  get halfway(): boolean {
    return this.#bytes.length > 0;
  }

  write(request: Buffer): void {
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.expected = expectedOf(request);
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
      this.#take(word(bytes, 0), bytes.subarray(6, 6 + length));
      bytes = bytes.subarray(6 + length);
    }
    this.#bytes = bytes;
  }

  #take(transaction: number, unitAndPdu: Uint8Array): void {
    const expected = this.expected;
    const frame = Buffer.allocUnsafe(unitAndPdu.length + 2);
    frame.set(unitAndPdu);
    if (!expected || transaction !== this.#transaction || !isReply(frame, expected)) {
      this.#frames += 1;
      return;
    }
    const crc = crc16(unitAndPdu);
    frame[unitAndPdu.length] = crc & 0xff;
    frame[unitAndPdu.length + 1] = crc >> 8;
    this.deliver(frame);
  }

  settle(): Leftover {
    this.expected = null;
    const left = { frames: this.#frames, garbage: this.#garbage };
    this.#frames = 0;
    this.#garbage = 0;
    return left;
  }
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
