/** The frames of a serial line, for one device or several; its port is open while any of them listens. */
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import type { SerialLine, SerialPortHandle } from "../../driver.ts";
import { type Fields, type FrameCodec, FrameStream } from "./codec.ts";

/** Of a sensor that speaks several times a second; and how often the same is told again. */
const QUIET_MS = 3000;
/** Bytes whose frames a device has not taken yet: the newest are the truth. */
const UNTAKEN_BYTES = 16_384;

/** What a piece of the stream held for one device. `isHopeless`: for long nothing on this line has been a frame of anybody. */
export interface HeardFrames {
  readonly frames: readonly Fields[];
  readonly mono: number;
  readonly size: number;
  readonly isQuiet: boolean;
  readonly isHopeless: boolean;
}

export interface FrameListening extends AsyncDisposable {
  heard(stop: AbortSignal): AsyncIterable<HeardFrames>;
  /** Throws `port.lost`. */
  write(bytes: Uint8Array, stop: AbortSignal): Promise<void>;
}

interface Member {
  readonly stream: FrameStream;
  readonly queue: PushQueue<HeardFrames>;
}

export class LineFrames {
  readonly #line: SerialLine;
  readonly #members = new Set<Member>();
  #port: Promise<SerialPortHandle> | null = null;
  #over = new AbortController();
  #stray = 0;

  constructor(line: SerialLine) {
    this.#line = line;
  }

  /** `isSecret`: the bytes of its frames are overwritten. Throws what opening the port fails with. */
  async listen(codec: FrameCodec, isSecret: boolean, stop: AbortSignal): Promise<FrameListening> {
    const member: Member = {
      stream: new FrameStream(codec, isSecret),
      queue: new PushQueue<HeardFrames>({
        most: UNTAKEN_BYTES,
        sizeOf: ({ size }) => size,
        drops: "oldest",
        dropped: ({ size }) => {
          this.#line.heard.unread += size;
        },
      }),
    };
    this.#members.add(member);
    this.#stray = this.#strayNow;
    this.#port ??= this.#open(stop);
    let port: SerialPortHandle;
    try {
      port = await this.#port;
    } catch (error) {
      await this.#leave(member);
      throw error;
    }
    return {
      heard: (stop) => member.queue.drain(stop),
      write: (bytes, stop) => port.write(bytes, stop),
      [Symbol.asyncDispose]: () => this.#leave(member),
    };
  }

  async #open(stop: AbortSignal): Promise<SerialPortHandle> {
    this.#over = new AbortController();
    const port = await this.#line.open(stop);
    void this.#pump(port, this.#over.signal);
    return port;
  }

  /** The port closes with the last of them. */
  async #leave(member: Member): Promise<void> {
    const isLast = this.#members.delete(member) && this.#members.size === 0;
    this.#stray = this.#strayNow;
    if (!isLast) return;
    const port = this.#port;
    this.#port = null;
    this.#over.abort();
    await port?.then(
      (open) => open[Symbol.asyncDispose](),
      () => undefined,
    );
  }

  async #pump(port: SerialPortHandle, over: AbortSignal): Promise<void> {
    try {
      for await (const { bytes, mono } of port.chunks(over, QUIET_MS)) this.#hear(bytes, mono);
    } catch (error) {
      if (over.aborted) return;
      const members = [...this.#members];
      this.#members.clear();
      this.#port = null;
      // The port is closed before the devices are told, so that one that opens it again at once finds it free.
      await port[Symbol.asyncDispose]();
      for (const { queue } of members) queue.fail(error);
    }
  }

  #hear(bytes: Uint8Array, mono: number): void {
    const members = [...this.#members];
    const isQuiet = bytes.length === 0;
    const found = members.map(({ stream }) => (isQuiet ? [] : stream.push(members.length > 1 ? Uint8Array.from(bytes) : bytes)));
    if (members.length > 1 && members.some(({ stream }) => stream.isSecret)) bytes.fill(0);
    this.#count(found.reduce((sum, frames) => sum + frames.length, 0));
    const isHopeless = members.every(({ stream }) => stream.hopeless);
    for (const [i, { queue }] of members.entries())
      queue.push({ frames: found[i] ?? [], mono, size: bytes.length, isQuiet, isHopeless });
  }

  #count(frames: number): void {
    const { heard } = this.#line;
    const stray = this.#strayNow;
    heard.frames += frames;
    heard.strayBytes += Math.max(0, stray - this.#stray);
    this.#stray = Math.max(this.#stray, stray);
  }

  /** Stray bytes of the line: those that belong to no device on it. What is stray to one device may be part of another's frame. */
  get #strayNow(): number {
    const streams = [...this.#members].map(({ stream }) => stream);
    const ofAll = streams.reduce((sum, { frameBytes }) => sum + frameBytes, 0);
    const [first = 0, ...others] = streams.map(({ strayBytes, frameBytes }) => strayBytes - (ofAll - frameBytes));
    return Math.max(0, Math.min(first, ...others));
  }
}
