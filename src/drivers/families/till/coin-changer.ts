/** Makes the driver of a coin changer on MDB behind an interface of text lines: asked how it is, never told to pay. */
import * as z from "zod";
import { EdgeError } from "../../../kit/errors.ts";
import type { Device, PointSpec, Reading, Text, Ticks } from "../../../model/index.ts";
import type { Driver, FrameLayout, Golden, Opening, SerialPortHandle } from "../../driver.ts";
import { every, report, withReport } from "../options.ts";

export interface CoinChangerTable {
  readonly type: string;
  readonly title: Text;
  readonly baud: number;
  readonly goldens: readonly Golden[];
}

const options = z.strictObject({ every: every("10s"), report: report() });
type Options = z.output<typeof options>;

const ANSWER_MS = 1000;
const MISSED = 3;
const LEAST_SILENCE_MS = 60_000;
/** More than any answer has: what goes on without an end is another device. */
const LONGEST = 256;
const POINTS: Readonly<Record<string, PointSpec>> = {
  fault: { unit: "", kind: "state", report: { atLeastMs: 15 * 60_000 } },
  diagnosis: { unit: "", kind: "text", report: { change: 0, atLeastMs: 15 * 60_000 } },
};
/** MDB/ICP, coin changer, expansion command 0F 05: two bytes for each code, main and sub. */
const DIAGNOSIS = "R,0F,05";
const FRAME: FrameLayout = {
  framing: "line",
  begin: "p,",
  fields: [{ name: "diagnosis", decode: "hex", chars: [4, 32] }],
  end: "\r\n",
};

export function coinChanger({ type, title, baud, goldens }: CoinChangerTable): Driver<Options> {
  return {
    type,
    title,
    wire: "serial",
    options,
    goldens,
    points: (o) => withReport(POINTS, o.report),
    everyMs: (o) => o.every,
    silentAfterMs: (o) => Math.max(LEAST_SILENCE_MS, MISSED * o.every),
    claims: () => ["the whole line"],
    layout: (o) => ({ wire: "serial", baud, asked: [...Buffer.from(`${DIAGNOSIS}\n`)], everyMs: o.every, frame: FRAME }),
    open: (at) => CoinChanger.open(at),
    decode({ name, rx }) {
      const readings = readingsOf(Buffer.from(rx.replaceAll(" ", ""), "hex").toString("latin1").trim(), 0);
      if (readings.some(({ quality }) => quality !== "good")) throw new EdgeError("frame.invalid", { device: name });
      return Object.fromEntries(readings.map(({ point, value }) => [point, value]));
    },
  };
}

class CoinChanger implements Device {
  readonly #id: string;
  readonly #port: SerialPortHandle;
  readonly #stop: AbortSignal;
  readonly #chunks: AsyncIterator<{ readonly bytes: Uint8Array; readonly mono: number }>;
  #rest = "";
  #mono = 0;

  /** The interface forgets that it is the master when it is unplugged, so it is told at each opening. */
  static async open({ id, bus, wires, stop }: Opening<Options>): Promise<CoinChanger> {
    const device = new CoinChanger(id, await wires.serial(bus).open(stop), stop);
    try {
      // Half a line may lie in the buffers: that the version follows it somewhere is enough.
      await device.#ask("V", /v,/);
      if ((await device.#ask("M,1", /^m,/)) !== "m,ACK") throw new EdgeError("frame.invalid", { device: id });
    } catch (error) {
      await device[Symbol.asyncDispose]();
      throw error;
    }
    return device;
  }

  private constructor(id: string, port: SerialPortHandle, stop: AbortSignal) {
    this.#id = id;
    this.#port = port;
    this.#stop = stop;
    this.#chunks = port.chunks(stop, ANSWER_MS)[Symbol.asyncIterator]();
  }

  /** A poll keeps the changer awake; what it says of coins is the affair of whoever sells. */
  async *readings(ticks: Ticks, stop: AbortSignal): AsyncGenerator<readonly Reading[]> {
    for (;;) {
      await ticks.next(stop);
      if (stop.aborted) return;
      await this.#ask("R,0B", /^p,/);
      const answer = await this.#ask(DIAGNOSIS, /^p,/);
      yield readingsOf(answer, this.#mono);
    }
  }

  /** One question, one answer: an answer does not say what it answers, so after one that is missing everything begins anew. */
  async #ask(question: string, expected: RegExp): Promise<string> {
    await this.#port.write(Buffer.from(`${question}\n`, "latin1"), this.#stop);
    for (;;) {
      const line = await this.#line();
      // What an earlier connection left in the buffers comes first.
      if (expected.test(line)) return line;
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        if (line !== "") return line;
        continue;
      }
      const { value, done } = await this.#chunks.next();
      if (done || value.bytes.length === 0 || this.#rest.length > LONGEST)
        throw new EdgeError("frame.invalid", { device: this.#id });
      this.#rest += Buffer.from(value.bytes).toString("latin1");
      this.#mono = value.mono;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#port[Symbol.asyncDispose]();
  }
}

/** Main codes from 10 on are errors; 01 and 02: it starts or ends. All others are how it works. */
const FIRST_ERROR = 0x10;
const POWERING = [0x01, 0x02];

function readingsOf(answer: string, mono: number): readonly Reading[] {
  const [, codes] = /^p,((?:[0-9A-Fa-f]{4}){1,8})$/.exec(answer) ?? [];
  // The interface answers, the changer does not: its plug, or its power.
  const code = answer === "p,NACK" ? "device.silent" : "frame.invalid";
  if (codes === undefined) return Object.keys(POINTS).map((point) => ({ point, value: null, quality: "bad", code, mono }));
  const each = codes.toUpperCase().match(/.{4}/g) ?? [];
  const fault = each
    .map((one) => Number.parseInt(one.slice(0, 2), 16))
    .some((main) => main >= FIRST_ERROR || POWERING.includes(main));
  return [
    { point: "fault", value: fault, quality: "good", mono },
    { point: "diagnosis", value: each.join(" "), quality: "good", mono },
  ];
}
