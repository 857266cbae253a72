/** Makes the driver of a device that sends frames over a serial line by itself, from the layout of its frames. */
import type * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import type { Device, PointSpec, Reading, Text, Ticks, Value } from "../../../model/index.ts";
import type { Driver, FrameLayout, Golden, Opening, Wires } from "../../driver.ts";
import { withinRange } from "../range-check.ts";
import { type Fields, FrameStream } from "./codec.ts";
import { codecOf } from "./codecs.ts";
import { type FrameListening, LineFrames } from "./line-frames.ts";

/** What a frame means to the points. Made anew at each opening: what it remembers ends with the line. */
export type Interpreter = (fields: Fields, mono: number) => readonly Reading[];

export interface Asked {
  readonly bytes: readonly number[];
  readonly everyMs: number;
}

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
  /** How it is asked, where it sends only then; absent, or undefined: it sends by itself. */
  asked?(options: O): Asked | undefined;
  /** What it means that nothing came for three seconds; null or absent: nothing, and in the end the device is silent. */
  quiet?(options: O, mono: number): readonly Reading[] | null;
  /** Each frame is something that happened, and stands for a person: none is passed over, and their bytes are overwritten. */
  readonly isEach?: true;
  /** The keys under which what stands for a person is hashed, where these options ask for that. */
  key?(wires: Wires, options: O): Promise<Uint8Array | undefined>;
}

export function frameDriver<O>(parts: FrameParts<O>): Driver<O> {
  const { type, title, baud, everyMs, options, goldens } = parts;
  return {
    type,
    title,
    wire: "serial",
    options,
    goldens,
    points: (o) => parts.points(o),
    ...(parts.asked && { everyMs: (o: O) => parts.asked?.(o)?.everyMs }),
    silentAfterMs: (o) => parts.silentAfterMs(o),
    claims: (o) => [shareOf(parts.frame(o)) ?? "the whole line"],
    status: ({ bus, wires }) => wires.serial(bus).heard,
    layout: (o) => ({ wire: "serial", baud, ...sendsWhen(everyMs, parts.asked?.(o)), frame: parts.frame(o) }),
    open: (at) => FrameDevice.open(at, parts),
    decode: (golden) => decodeGolden(golden, parts),
  };
}

/** Lines that begin with a mark can be told from others on the same wire. */
const shareOf = (frame: FrameLayout): string | null =>
  frame.framing === "line" && frame.begin !== "" ? `prefix ${JSON.stringify(frame.begin)}` : null;

const sendsWhen = (everyMs: number | undefined, asked: Asked | undefined): { everyMs?: number; asked?: readonly number[] } =>
  asked !== undefined ? { asked: asked.bytes, everyMs: asked.everyMs } : everyMs !== undefined ? { everyMs } : {};

class FrameDevice<O> implements Device {
  readonly #id: string;
  readonly #options: O;
  readonly #listening: FrameListening;
  readonly #parts: FrameParts<O>;
  readonly #interpret: Interpreter;

  static async open<O>({ id, options, bus, wires, stop }: Opening<O>, parts: FrameParts<O>): Promise<FrameDevice<O>> {
    const key = await parts.key?.(wires, options);
    const line = wires.serial(bus);
    const frames = line.shared("frames", () => new LineFrames(line));
    const listening = await frames.listen(codecOf(parts.frame(options)), parts.isEach === true, stop);
    return new FrameDevice(id, options, listening, parts, interpreterOf(parts, options, key));
  }

  private constructor(id: string, options: O, listening: FrameListening, parts: FrameParts<O>, interpret: Interpreter) {
    this.#id = id;
    this.#options = options;
    this.#listening = listening;
    this.#parts = parts;
    this.#interpret = interpret;
  }

  /** One that speaks when something happens may rightly be silent for days. */
  isTriggered(): boolean {
    return this.#parts.everyMs === undefined;
  }

  /** A frame that yields nothing is yielded as nothing: the device lives. */
  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const asked = this.#parts.asked?.(this.#options);
    if (asked === undefined) {
      yield* this.#heard(stop);
      return;
    }
    const over = new AbortController();
    using either = new AnyOf(stop, over.signal);
    const asking = this.#ask(asked, ticks, either.signal);
    try {
      yield* this.#heard(stop);
    } finally {
      over.abort();
      await asking;
    }
  }

  /** Whatever was answered so far: a question that got lost is followed by the next. */
  async #ask({ bytes }: Asked, ticks: Ticks, stop: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await ticks.next(stop);
        await this.#listening.write(Uint8Array.from(bytes), stop);
      }
    } catch {
      // It was stopped, or the port is lost, which whoever listens to it is told as well.
    }
  }

  async *#heard(stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { isEach, everyMs } = this.#parts;
    let last = Number.NEGATIVE_INFINITY;
    // The wire is open, and a device that speaks only at events gives no other sign of life.
    if (everyMs === undefined) yield [];
    for await (const { frames, mono, isQuiet, isHopeless } of this.#listening.heard(stop)) {
      if (isQuiet) {
        const quiet = this.#parts.quiet?.(this.#options, mono) ?? null;
        last = mono;
        if (quiet !== null) yield quiet;
        continue;
      }
      if (isHopeless) throw new EdgeError("frame.invalid", { device: this.#id });
      if (isEach) {
        if (frames.length > 0) yield frames.flatMap((fields) => this.#interpret(fields, mono));
        continue;
      }
      // Of frames that arrived together the newest is the truth; and no two readings of a point have the same time. A sensor speaks a few
      // times a second: what comes twice in a millisecond is a flood, and not worth a time of its own.
      const newest = frames.at(-1);
      if (!newest || mono <= last) continue;
      last = mono;
      yield this.#interpret(newest, mono);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#listening[Symbol.asyncDispose]());
  }
}

/** Whatever it makes of a frame: what a point cannot have is no value. */
function interpreterOf<O>(parts: FrameParts<O>, options: O, key: Uint8Array | undefined): Interpreter {
  const [interpret, points] = [parts.interpreter(options, key), parts.points(options)];
  return (fields, mono) => interpret(fields, mono).map((reading) => withinRange(reading, points[reading.point]?.range));
}

function decodeGolden<O>(golden: Golden, parts: FrameParts<O>): Readonly<Record<string, Value>> {
  const options = parts.options.parse(golden.options ?? {});
  const bytes = Buffer.from(golden.rx.replaceAll(" ", ""), "hex");
  const newest = new FrameStream(codecOf(parts.frame(options))).push(bytes).at(-1);
  if (!newest) throw new EdgeError("frame.invalid", { device: golden.name });
  const key = golden.key === undefined ? undefined : Buffer.from(golden.key, "hex");
  return Object.fromEntries(interpreterOf(parts, options, key)(newest, 0).map(({ point, value }) => [point, value]));
}
