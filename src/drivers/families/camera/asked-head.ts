/** Makes the driver of a camera head on a serial line that is asked one question at each tick: it answers, or it does not. */
import type * as z from "zod";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, PointSpec, Reading, Text, Ticks } from "../../../model/index.ts";
import type { Driver, FixedFrame, Golden, Opening, SerialPortHandle } from "../../driver.ts";

export interface HeadOptions {
  readonly address: number;
  readonly every: number;
  readonly timeout: number;
}

/** What is understood of bytes: readings, and whether more must be waited for. */
export interface Understood {
  readonly answers: boolean;
  readonly restarts?: number;
  readonly values: Readonly<Record<string, string | number>>;
}

export interface HeadTable<O extends HeadOptions> {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly options: z.ZodType<O>;
  points(options: O): Readonly<Record<string, PointSpec>>;
  ask(address: number): Uint8Array;
  understand(bytes: Uint8Array, address: number): Understood;
  frame(address: number): FixedFrame;
  readonly goldens: readonly Golden[];
}

const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
/** Of an answer that does not come to its end. */
const MOST_BYTES = 256;
const NOTHING = new Uint8Array();

export function askedHead<O extends HeadOptions>(table: HeadTable<O>): Driver<O> {
  const { type, title, baud, options, goldens } = table;
  return {
    type,
    title,
    wire: "serial",
    options,
    goldens,
    points: (o) => table.points(o),
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every + o.timeout),
    claims: () => ["the whole line"],
    status: ({ bus, wires }) => wires.serial(bus).heard,
    layout: (o) => ({ wire: "serial", baud, everyMs: o.every, frame: table.frame(o.address) }),
    open: async (at) => new Head(table, at, await at.wires.serial(at.bus).open(at.stop)),
    decode: ({ name, rx, options: written }) => {
      const { address } = options.parse(written ?? {});
      const { answers, restarts = 0, values } = table.understand(Buffer.from(rx.replaceAll(" ", ""), "hex"), address);
      if (!answers && restarts === 0) throw new EdgeError("frame.invalid", { device: name });
      return { ...(answers && { alive: true }), ...(restarts > 0 && { restarts }), ...values };
    },
  };
}

class Head<O extends HeadOptions> implements Device {
  readonly #table: HeadTable<O>;
  readonly #at: Opening<O>;
  readonly #port: SerialPortHandle;

  constructor(table: HeadTable<O>, at: Opening<O>, port: SerialPortHandle) {
    this.#table = table;
    this.#at = at;
    this.#port = port;
  }

  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    const { address, timeout } = this.#at.options;
    const chunks = this.#port.chunks(stop, timeout)[Symbol.asyncIterator]();
    while (!stop.aborted) {
      await ticks.next(stop);
      if (stop.aborted) return;
      const asked = monotonic();
      await this.#port.write(this.#table.ask(address), stop);
      const answer = await this.#answer(chunks, asked);
      if (!stop.aborted) yield this.#readingsOf(answer, monotonic());
    }
  }

  /** What came before it was asked is no answer; but a restart is told unasked. */
  async #answer(
    chunks: AsyncIterator<{ readonly bytes: Uint8Array; readonly mono: number }>,
    asked: number,
  ): Promise<Understood> {
    const { options, bus, wires } = this.#at;
    const { heard } = wires.serial(bus);
    const understand = (bytes: Uint8Array) => this.#table.understand(bytes, options.address);
    let before: Uint8Array = NOTHING;
    let after: Uint8Array = NOTHING;
    for (;;) {
      const { value, done } = await chunks.next();
      const { bytes, mono } = value ?? { bytes: NOTHING, mono: asked };
      if (mono < asked) before = Buffer.concat([before, bytes]).subarray(-MOST_BYTES);
      else after = Buffer.concat([after, bytes]);
      const answer = understand(after);
      const isQuiet = bytes.length === 0;
      const isLate = done === true || isQuiet || mono >= asked + options.timeout || after.length > MOST_BYTES;
      if (!answer.answers && !isLate) continue;
      if (answer.answers) heard.frames += 1;
      else heard.strayBytes += after.length;
      return { ...answer, restarts: (answer.restarts ?? 0) + (understand(before).restarts ?? 0) };
    }
  }

  #readingsOf({ answers, restarts = 0, values }: Understood, mono: number): readonly Reading[] {
    const others = Object.keys(this.#table.points(this.#at.options)).filter((point) => point !== "alive" && point !== "restarts");
    return [
      { point: "alive", value: answers, quality: "good", mono },
      ...(restarts > 0 ? [{ point: "restarts", value: restarts, quality: "good", mono } as const] : []),
      ...others.map((point): Reading => {
        const value = values[point];
        if (value !== undefined) return { point, value, quality: "good", mono };
        return { point, value: null, quality: "bad", code: answers ? "net.not-told" : "net.timeout", mono };
      }),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port[Symbol.asyncDispose]();
  }
}
