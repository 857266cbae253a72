/** Keeps packets that are too large from mqtt.js, which would hold a whole one in memory before it looks. */
import type { Socket } from "node:net";

/** MQTT 5 § 2.1.4: the remaining length has at most four bytes. */
const LENGTH_BYTES = 4;
/** Bytes before the topic of a message, and after it (§ 3.3.2). */
const TOPIC_LENGTH = 2;
const PACKET_ID = 2;
const PUBLISH = 3;
const PUBACK = 0x40;
/** "Implementation specific error": PUBACK has no code for a message that is too large. */
const NOT_TAKEN = 0x83;

/** A message that was refused for its size. */
export interface Oversized {
  readonly topic: string;
  /** Bytes of the whole packet after its fixed header. */
  readonly bytes: number;
}

export interface FrameGuardOptions {
  readonly maximumBytes: number;
  readonly mqtt: 5 | "3.1.1";
  readonly skipped: (message: Oversized) => void;
}

/**
 * Under MQTT 3.1.1 a broker cannot be told a limit, and not every broker of version 5 keeps to it. To end the link would not help: the
 * session would bring the message again, for ever. So a QoS 1 message that is too large is skipped, and acknowledged as refused.
 */
export function guardFrames(socket: Socket, { maximumBytes, mqtt, skipped }: FrameGuardOptions): void {
  const filter = new FrameFilter(maximumBytes, (message, packetId) => {
    const id = [packetId >> 8, packetId & 0xff];
    socket.write(Uint8Array.from(mqtt === 5 ? [PUBACK, 3, ...id, NOT_TAKEN] : [PUBACK, 2, ...id]));
    skipped(message);
  });
  const push = socket.push.bind(socket);
  // Every way of reading this socket passes through here.
  socket.push = (chunk: Uint8Array | null, encoding?: BufferEncoding) => {
    if (chunk === null) return push(chunk, encoding);
    try {
      const passed = filter.take(chunk);
      return passed.length === 0 || push(passed, encoding);
    } catch (error) {
      socket.destroy(error as Error);
      return false;
    }
  };
}

/** Follows packet borders through chunks cut anywhere. */
export class FrameFilter {
  readonly #maximumBytes: number;
  readonly #skipped: (message: Oversized, packetId: number) => void;
  /** The fixed header so far, where a chunk ended in the middle of one; then, of a message that is too large, its topic and packet id. */
  #head: number[] = [];
  #length = 0;
  /** Bytes of the packet that are still to come, and whether they are passed on. */
  #left = 0;
  #passes = true;
  /** Bytes of `#head` that are still wanted; 0: the fixed header is being read. */
  #wanted = 0;

  constructor(maximumBytes: number, skipped: (message: Oversized, packetId: number) => void) {
    this.#maximumBytes = maximumBytes;
    this.#skipped = skipped;
  }

  /** The part of the chunk that mqtt.js may read; an incomplete fixed header is kept back. Throws on what is not MQTT, or is too large and not QoS 1. */
  take(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      const step = Math.min(this.#left, chunk.length - at);
      if (step > 0) {
        const bytes = chunk.subarray(at, at + step);
        if (this.#passes) parts.push(bytes);
        else this.#look(bytes);
        this.#left -= step;
        at += step;
        if (this.#left === 0 && this.#wanted > 0) throw notMqtt("a message that ends within its topic");
      } else this.#header(chunk[at++] ?? 0, parts);
    }
    const [only] = parts;
    return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  }

  #header(byte: number, parts: Uint8Array[]): void {
    this.#head.push(byte);
    const digits = this.#head.length - 1;
    if (digits === 0) {
      this.#length = 0;
      return;
    }
    this.#length += (byte & 0x7f) * 128 ** (digits - 1);
    if ((byte & 0x80) !== 0) {
      if (digits >= LENGTH_BYTES) throw notMqtt("malformed remaining length");
      return;
    }
    this.#left = this.#length;
    this.#passes = this.#length <= this.#maximumBytes;
    if (this.#passes) {
      parts.push(Uint8Array.from(this.#head));
      this.#head = [];
      return;
    }
    const [first = 0] = this.#head;
    if (first >> 4 !== PUBLISH || ((first >> 1) & 3) !== 1)
      throw notMqtt(`packet of ${this.#length} bytes, limit ${this.#maximumBytes}`);
    this.#head = [];
    this.#wanted = TOPIC_LENGTH + PACKET_ID;
  }

  /** The beginning of a message that is passed over: length of the topic, topic, packet id. */
  #look(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#wanted === 0) return;
      this.#head.push(byte);
      const [high = 0, low = 0] = this.#head;
      if (this.#head.length === TOPIC_LENGTH) this.#wanted += high * 256 + low;
      this.#wanted -= 1;
      if (this.#wanted > 0) continue;
      const [idHigh = 0, idLow = 0] = this.#head.slice(-PACKET_ID);
      const topic = Buffer.from(this.#head.slice(TOPIC_LENGTH, -PACKET_ID)).toString("utf8");
      this.#head = [];
      this.#skipped({ topic, bytes: this.#length }, idHigh * 256 + idLow);
      return;
    }
  }
}

const notMqtt = (message: string): Error => Object.assign(new Error(message), { code: "EMSGSIZE" });
