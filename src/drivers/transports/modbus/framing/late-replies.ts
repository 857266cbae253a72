/** Requests of a line that were not answered in time, and how late their answers came after all. Pure. */
import { type Expected, findReply } from "./modbus-frame.ts";

/** Requests remembered: by the time that so many more were lost, a late answer to the first no longer matters. */
const MOST = 64;

export interface Unanswered {
  readonly expected: Expected;
  /** The request without its framing: the same bytes are the same question. */
  readonly question: Uint8Array;
  /** Of Modbus TCP; null on RTU, where a reply does not say what it answers. */
  readonly transaction: number | null;
  /** Kernel monotonic ms. */
  readonly sent: number;
}

interface Late {
  readonly delayMs: number;
  readonly question: Uint8Array;
  /** Another question of the same unit was answered in time meanwhile: this one alone is late. */
  alone: boolean;
}

/** Kept by the line over reconnections: some device servers hand a late answer to whoever is connected then. */
export class LateReplies {
  #requests: Unanswered[] = [];
  readonly #late = new Map<number, Late>();

  /** Whether any answer is still out. */
  get isWaiting(): boolean {
    return this.#requests.length > 0;
  }

  lost(request: Unanswered): void {
    this.#requests.push(request);
    if (this.#requests.length > MOST) this.#requests.shift();
  }

  /** From now on a reply of this unit cannot be told from the one to its next request (RTU). */
  asked(unit: number): void {
    if (this.isWaiting) this.#requests = this.#requests.filter(({ expected }) => expected.unit !== unit);
  }

  /** Whether this transaction was still without an answer: then what just came is its late answer. */
  answers(transaction: number, mono: number): boolean {
    const request = this.#requests.find((one) => one.transaction === transaction);
    if (request !== undefined) this.#came(request, mono);
    return request !== undefined;
  }

  /** Owed answers among bytes of an RTU line, CRC included. */
  answersIn(bytes: Uint8Array, mono: number): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (const request of [...this.#requests]) {
      const found = findReply(bytes, request.expected);
      if (found.kind !== "reply") continue;
      frames.push(bytes.slice(found.at, found.at + found.length));
      this.#came(request, mono);
    }
    return frames;
  }

  #came(request: Unanswered, mono: number): void {
    this.#requests = this.#requests.filter((one) => one !== request);
    const { expected, question, sent } = request;
    this.#late.set(expected.unit, { delayMs: Math.round(mono - sent), question, alone: false });
  }

  inTime(unit: number, question: Uint8Array): void {
    const late = this.#late.get(unit);
    if (late === undefined) return;
    if (Buffer.compare(late.question, question) === 0) this.#late.delete(unit);
    else late.alone = true;
  }

  /**
   * How late the unit's last answer was, if that explains the silence to this question. Each late answer explains one silence only, so it is
   * forgotten here.
   */
  lateness(unit: number, question: Uint8Array): number | undefined {
    const late = this.#late.get(unit);
    if (late === undefined || (late.alone && Buffer.compare(late.question, question) !== 0)) return undefined;
    this.#late.delete(unit);
    return late.delayMs;
  }
}
