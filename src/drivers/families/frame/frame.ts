/** Makes the driver of a device that sends frames over a serial line by itself, from the layout of its frames. */
import type * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { Driver, FrameLayout, Golden, Opening, SerialLine, SerialPortHandle, Wires } from "../../driver.ts";
import { type Fields, FrameStream } from "./codec.ts";
import { codecOf } from "./codecs.ts";

/** What a frame means to the points. Made anew at each opening: what it remembers ends with the line. */
export type Interpreter = (fields: Fields, mono: number) => readonly Reading[];

export interface FrameParts<O> {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  /** How often the device sends by itself; absent: when something happens. */
  readonly everyMs?: number;
  silentAfterMs(options: O): number;
  frame(options: O): FrameLayout;
  readonly options: z.ZodType<O>;
  readonly goldens: readonly Golden[];
  points(options: O): Readonly<Record<string, PointSpec>>;
  interpreter(options: O, key: Uint8Array | undefined): Interpreter;
  /** What it means that nothing came for `QUIET_MS`; null or absent: nothing, and in the end the device is silent. */
  quiet?(options: O, mono: number): readonly Reading[] | null;
  /** Each frame is something that happened, and stands for a person: none is passed over, and their bytes are overwritten. */
  readonly key?: (wires: Wires) => Promise<Uint8Array>;
}

/** Of a sensor that speaks several times a second; and how often the same is told again. */
const QUIET_MS = 3000;

export function frameDriver<O>(parts: FrameParts<O>): Driver<O> {
  const { type, title, baud, everyMs, options, goldens } = parts;
  return {
    type,
    title,
    wire: "serial",
    options,
    goldens,
    points: (o) => parts.points(o),
    silentAfterMs: (o) => parts.silentAfterMs(o),
    claims: () => ["the whole line"],
    status: ({ bus, wires }) => wires.serial(bus).heard,
    layout: (o) => ({ wire: "serial", baud, ...(everyMs !== undefined && { everyMs }), frame: parts.frame(o) }),
    open: (at) => FrameDevice.open(at, parts),
    decode: (golden) => decodeGolden(golden, parts),
  };
}

class FrameDevice<O> implements Device {
  readonly #at: Opening<O>;
  readonly #line: SerialLine;
  readonly #port: SerialPortHandle;
  readonly #parts: FrameParts<O>;
  readonly #interpret: Interpreter;

  static async open<O>(at: Opening<O>, parts: FrameParts<O>): Promise<FrameDevice<O>> {
    const key = await parts.key?.(at.wires);
    const line = at.wires.serial(at.bus);
    return new FrameDevice(at, line, await line.open(at.stop), parts, key);
  }

  private constructor(at: Opening<O>, line: SerialLine, port: SerialPortHandle, parts: FrameParts<O>, key?: Uint8Array) {
    this.#at = at;
    this.#line = line;
    this.#port = port;
    this.#parts = parts;
    this.#interpret = parts.interpreter(at.options, key);
  }

  /** One that speaks when something happens may rightly be silent for days. */
  isTriggered(): boolean {
    return this.#parts.everyMs === undefined;
  }

  /** A frame that yields nothing is yielded as nothing: the device lives. */
  async *readings(_ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { frame, key, everyMs } = this.#parts;
    const isSecret = key !== undefined;
    const frames = new FrameStream(codecOf(frame(this.#at.options)), isSecret);
    let last = Number.NEGATIVE_INFINITY;
    // Its wire is open: of a device that need not speak that is all that can be known.
    if (everyMs === undefined) yield [];
    for await (const { bytes, mono } of this.#port.chunks(stop, QUIET_MS)) {
      if (bytes.length === 0) {
        const quiet = this.#parts.quiet?.(this.#at.options, mono) ?? null;
        last = mono;
        if (quiet !== null) yield quiet;
        continue;
      }
      const all = this.#counted(frames, bytes);
      if (frames.hopeless) throw new EdgeError("frame.invalid", { device: this.#at.id });
      if (isSecret) {
        if (all.length > 0) yield all.flatMap((fields) => this.#interpret(fields, mono));
        continue;
      }
      // Of frames that arrived together the newest is the truth; and no two readings of a point have the same time. A sensor speaks a few
      // times a second: what comes twice in a millisecond is a flood, and not worth a time of its own.
      const newest = all.at(-1);
      if (!newest || mono <= last) continue;
      last = mono;
      yield this.#interpret(newest, mono);
    }
  }

  #counted(frames: FrameStream, bytes: Uint8Array): readonly Fields[] {
    const { heard } = this.#line;
    const before = frames.strayBytes;
    const found = frames.push(bytes);
    heard.frames += found.length;
    heard.strayBytes += frames.strayBytes - before;
    return found;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#port[Symbol.asyncDispose]());
  }
}

function decodeGolden<O>(golden: Golden, parts: FrameParts<O>): Readonly<Record<string, Value>> {
  const options = parts.options.parse(golden.options ?? {});
  const bytes = Buffer.from(golden.rx.replaceAll(" ", ""), "hex");
  const newest = new FrameStream(codecOf(parts.frame(options))).push(bytes).at(-1);
  if (!newest) throw new EdgeError("frame.invalid", { device: golden.name });
  const key = golden.key === undefined ? undefined : Buffer.from(golden.key, "hex");
  return Object.fromEntries(
    parts
      .interpreter(options, key)(newest, 0)
      .map(({ point, value }) => [point, value]),
  );
}
