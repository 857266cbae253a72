/** RTU framing below modbus-serial: of all bytes on a line only the verified reply to each request goes on. */
import { EventEmitter } from "node:events";
import { monotonic } from "../../../../kit/clock.ts";
import type { ByteWire } from "../../serial/byte-wire.ts";
import { LateReplies } from "./late-replies.ts";
import { classify, type Expected, expectedOf, findReply, type Seen, seenIn, worstOf } from "./modbus-frame.ts";
import { RecentReplies } from "./recent-replies.ts";

/** What was on the line beside the reply. */
export interface Leftover {
  /** Valid frames of other units, functions, lengths or transactions. */
  readonly frames: number;
  /** Bytes that belong to no frame. */
  readonly garbage: number;
  /** What these frames tell of why the reply is missing. */
  readonly seen: Seen | null;
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
  doubted: (frame: Uint8Array) => void = () => undefined;
  /** Believes the next reply even if it was said before. */
  trusts = false;
  protected expected: Expected | null = null;
  /** The request in flight or just answered, in RTU form. */
  protected request: Uint8Array = NOTHING;
  protected readonly wire: ByteWire;
  protected readonly owed: LateReplies;
  protected readonly given = new RecentReplies();
  #sent = 0;

  constructor(wire: ByteWire, owed: LateReplies) {
    super();
    this.wire = wire;
    this.owed = owed;
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

  write(request: Buffer): void {
    this.request = request;
    this.expected = expectedOf(request);
    this.#sent = monotonic();
    this.send(request, this.expected);
  }

  protected abstract send(request: Buffer, expected: Expected): void;
  protected abstract get sentAs(): number | null;
  abstract received(chunk: Uint8Array, mono: number): void;
  /** Ends the request, answered or not. */
  abstract settle(): Leftover;

  /** Nobody waits for the answer any more: when it comes, it is late. Asked before `settle`. */
  giveUp(): void {
    const { expected, request: question } = this;
    if (expected) this.owed.lost({ expected, question, transaction: this.sentAs, sent: this.#sent });
  }

  /** How late the unit's answer before was, where that explains this silence. */
  lateness(unit: number): number | undefined {
    return this.owed.lateness(unit, this.request);
  }

  /**
   * Hands the reply on if it can be trusted. `came`: the frame as it was on the wire, where nothing in it says which request it answers. If it equals
   * a reply just given, a read is asked again. A write is not: its own reply may still come, or its register is read back.
   */
  protected judge(frame: Buffer, mono: number, { unit, fc }: Expected, came: Buffer | null): void {
    // The time of reading proves nothing: the frame may have waited in the socket while this process stood still.
    if (came !== null && !this.trusts && !sameReply(fc) && this.given.isDoubtful(this.request, came, this.#sent)) {
      this.trusts = true;
      if (fc <= 4) this.doubted(came);
      return;
    }
    if (came !== null) this.given.add(this.request, came, mono);
    this.owed.inTime(unit, this.request);
    this.expected = null;
    this.emit("data", frame);
  }
}

const KEPT = 512;
const CLEAN: Leftover = { frames: 0, garbage: 0, seen: null };
const NOTHING = new Uint8Array(0);

/** RTU over any byte wire: the end of a frame is known by its length and CRC, never by silence (USB and networks cannot keep t1.5). */
export class RtuPort extends FramePort {
  #bytes: Uint8Array = NOTHING;
  #stripped = false;
  /** Whether the adapter hands back what we send; null until a read has shown it. */
  #echoes: boolean | null = null;
  /** Late answers among the bytes. */
  #late: Uint8Array[] = [];

  constructor(wire: ByteWire, owed = new LateReplies()) {
    super(wire, owed);
  }

  protected get sentAs(): null {
    return null;
  }

  protected send(request: Buffer, { unit }: Expected): void {
    this.#stripped = false;
    this.#bytes = NOTHING;
    this.#late = [];
    this.owed.asked(unit);
    this.wire.write(request);
  }

  received(chunk: Uint8Array, mono: number): void {
    this.lastByte = mono;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (this.#bytes.length > KEPT * 2) this.#bytes = this.#bytes.subarray(-KEPT);
    const expected = this.expected;
    if (expected) this.#look(expected, mono);
    if (this.owed.isWaiting) this.#late.push(...this.owed.answersIn(this.#bytes, mono));
  }

  #look(expected: Expected, mono: number): void {
    this.#stripEcho(expected);
    const found = findReply(this.#bytes, expected);
    if (found.kind === "corrupt") this.corrupted();
    if (found.kind !== "reply") return;
    if (this.#stripped || !sameReply(expected.fc)) this.#echoes = this.#stripped;
    const frame = Buffer.from(this.#bytes.subarray(found.at, found.at + found.length));
    this.#bytes = without(this.#bytes, found.at, found.length);
    this.judge(frame, mono, expected, frame);
  }

  /**
   * The good reply to a single write is the request itself, so an echo could pass for it and a dead unit for an obedient one. Until a read
   * has shown that this line does not echo, the first copy counts as echo: at worst the write is read back.
   */
  #stripEcho({ fc }: Expected): void {
    if (this.#stripped || (sameReply(fc) && this.#echoes === false)) return;
    const at = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).indexOf(this.request);
    if (at < 0) return;
    this.#stripped = true;
    this.#bytes = without(this.#bytes, at, this.request.length);
  }

  settle(): Leftover {
    const { expected } = this;
    this.expected = null;
    this.trusts = false;
    if (this.#bytes.length === 0) return CLEAN;
    const { frames, garbage } = classify(this.#bytes);
    this.#bytes = NOTHING;
    const strange = expected ? frames.filter((frame) => !this.#isKnown(frame)) : [];
    const seen = expected ? worstOf(strange.map((frame) => seenIn(frame, expected))) : null;
    return { frames: frames.length, garbage, seen };
  }

  /** Late answers, repeated answers and echoes are left out: they say nothing about a wrong address or another master. */
  #isKnown(frame: Uint8Array): boolean {
    return (
      Buffer.compare(frame, this.request) === 0 ||
      this.#late.some((late) => Buffer.compare(frame, late) === 0) ||
      this.given.has(frame, this.lastByte)
    );
  }
}

const without = (bytes: Uint8Array, at: number, length: number): Uint8Array =>
  Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);

const sameReply = (fc: number): boolean => fc === 5 || fc === 6;
