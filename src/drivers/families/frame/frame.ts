/** Makes the driver of a sensor that sends fixed frames over a serial line: finds, checks and decodes them. */
import type * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { Driver, FrameLayout, Golden, Opening, SerialLine, SerialPortHandle } from "../../driver.ts";

export type Fields = Readonly<Record<string, number>>;

/** Bytes in a row that made no frame: this is no noise, it is another baud rate or another sensor. */
const HOPELESS = 512;

/**
 * Finds frames in a stream, byte by byte when it must. After bytes that made no frame the next good one only restores trust and is not
 * handed out: an 8-bit sum lets one wrong frame in 256 pass, two in a row hardly ever. Holds less than one frame.
 */
export class FrameParser {
  /** Bytes that made no frame. */
  strayBytes = 0;
  #rest: Uint8Array = new Uint8Array(0);
  #trusted = true;
  #badInRow = 0;
  readonly #layout: FrameLayout;
  readonly #length: number;

  constructor(layout: FrameLayout) {
    this.#layout = layout;
    this.#length = layout.header.length + layout.fields.reduce((sum, { decode }) => sum + (decode === "uint8" ? 1 : 2), 0) + 1;
  }

  get hopeless(): boolean {
    return this.#badInRow >= HOPELESS;
  }

  push(bytes: Uint8Array): readonly Fields[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Fields[] = [];
    let at = 0;
    while (all.length - at >= this.#length) {
      if (!this.#frameAt(all, at)) {
        at += 1;
        this.strayBytes += 1;
        this.#badInRow += 1;
        this.#trusted = false;
        continue;
      }
      if (this.#trusted) frames.push(this.#fields(all, at));
      this.#trusted = true;
      this.#badInRow = 0;
      at += this.#length;
    }
    this.#rest = all.slice(at);
    return frames;
  }

  #frameAt(bytes: Uint8Array, at: number): boolean {
    if (this.#layout.header.some((byte, i) => bytes[at + i] !== byte)) return false;
    let sum = 0;
    for (let i = 0; i < this.#length - 1; i++) sum += bytes[at + i] ?? 0;
    return (sum & 0xff) === bytes[at + this.#length - 1];
  }

  #fields(bytes: Uint8Array, at: number): Fields {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, this.#length);
    let offset = this.#layout.header.length;
    const fields: Record<string, number> = {};
    for (const { name, decode } of this.#layout.fields) {
      fields[name] =
        decode === "uint8" ? view.getUint8(offset) : decode === "uint16" ? view.getUint16(offset) : view.getInt16(offset);
      offset += decode === "uint8" ? 1 : 2;
    }
    return fields;
  }
}

export interface FrameParts<O> {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  /** How often the sensor sends by itself. */
  readonly everyMs: number;
  readonly silentAfterMs: number;
  readonly frame: FrameLayout;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  points(options: O): Readonly<Record<string, PointSpec>>;
  readings(fields: Fields, options: O, mono: number): readonly Reading[];
  /** What it means that nothing came for `QUIET_MS`; null or absent: nothing, and in the end the device is silent. */
  quiet?(options: O, mono: number): readonly Reading[] | null;
}

/** Of a sensor that speaks several times a second; and how often the same is told again. */
const QUIET_MS = 3000;

export function frameDriver<O>(parts: FrameParts<O>): Driver<O> {
  const { type, title, baud, everyMs, silentAfterMs, frame, options, goldens } = parts;
  return {
    type,
    title,
    wire: "serial",
    options,
    goldens,
    points: (o) => parts.points(o),
    silentAfterMs: () => silentAfterMs,
    claims: () => ["the whole line"],
    status: ({ bus, wires }) => wires.serial(bus).heard,
    layout: () => ({ wire: "serial", baud, everyMs, frame }),
    open: (at) => FrameDevice.open(at, parts),
    decode: (golden) => decodeGolden(golden, parts),
  };
}

class FrameDevice<O> implements Device {
  readonly #at: Opening<O>;
  readonly #line: SerialLine;
  readonly #port: SerialPortHandle;
  readonly #parts: FrameParts<O>;

  static async open<O>(at: Opening<O>, parts: FrameParts<O>): Promise<FrameDevice<O>> {
    const line = at.wires.serial(at.bus);
    return new FrameDevice(at, line, await line.open(at.stop), parts);
  }

  private constructor(at: Opening<O>, line: SerialLine, port: SerialPortHandle, parts: FrameParts<O>) {
    this.#at = at;
    this.#line = line;
    this.#port = port;
    this.#parts = parts;
  }

  /** A frame that yields nothing is yielded as nothing: the sensor lives. */
  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const parser = new FrameParser(this.#parts.frame);
    let last = Number.NEGATIVE_INFINITY;
    for await (const { bytes, mono } of this.#port.chunks(stop, QUIET_MS)) {
      if (bytes.length === 0) {
        const quiet = this.#parts.quiet?.(this.#at.options, mono) ?? null;
        last = mono;
        if (quiet !== null) yield quiet;
        continue;
      }
      // Of frames that arrived together the newest is the truth; and no two readings of a point have the same time. A sensor speaks a few
      // times a second: what comes twice in a millisecond is a flood, and not worth a time of its own.
      const newest = this.#counted(parser, bytes).at(-1);
      if (parser.hopeless) throw new EdgeError("frame.invalid", { device: this.#at.id });
      if (!newest || mono <= last) continue;
      last = mono;
      yield this.#parts.readings(newest, this.#at.options, mono);
    }
  }

  #counted(parser: FrameParser, bytes: Uint8Array): readonly Fields[] {
    const { heard } = this.#line;
    const before = parser.strayBytes;
    const frames = parser.push(bytes);
    heard.frames += frames.length;
    heard.strayBytes += parser.strayBytes - before;
    return frames;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#port[Symbol.asyncDispose]());
  }
}

function decodeGolden<O>(golden: Golden, parts: FrameParts<O>): Readonly<Record<string, Value>> {
  const options = parts.options.parse(golden.options ?? {});
  const newest = new FrameParser(parts.frame).push(Buffer.from(golden.rx.replaceAll(" ", ""), "hex")).at(-1);
  if (!newest) throw new EdgeError("frame.invalid", { device: golden.name });
  return Object.fromEntries(parts.readings(newest, options, 0).map(({ point, value }) => [point, value]));
}
