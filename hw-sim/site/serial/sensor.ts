/** A serial device that sends frames to whoever listens: by itself, when it is asked, or when something is set. */
import type { FrameLayout } from "../../../src/drivers/driver.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import type { Faults } from "../faults.ts";
import { SocketLine } from "../socket-line.ts";
import type { WireLog } from "../wire-log.ts";
import type { Value } from "../wires/wire.ts";
import { carried, encodeFrame, initial, type Shown } from "./encode.ts";

export interface SensorOptions {
  readonly bus: string;
  readonly device: string;
  /** Absent: it sends when something is set. */
  readonly everyMs?: number;
  /** Bytes upon which it sends; absent: it listens to nobody. */
  readonly asked?: readonly number[];
  readonly frame: FrameLayout;
  /** What the frame's fields mean to a reader: the points that it must derive. */
  readonly meaning: (fields: Shown) => Readonly<Record<string, Value>>;
  readonly faults: Faults;
  readonly log: WireLog;
}

export class Sensor implements AsyncDisposable {
  readonly line: SocketLine;
  readonly #options: SensorOptions;
  readonly #fields: Record<string, number | string>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SensorOptions) {
    this.#options = options;
    this.#fields = Object.fromEntries(options.frame.fields.map((field) => [field.name, initial(field)]));
    const { asked } = options;
    this.line = new SocketLine((socket) => {
      socket.on("data", (bytes) => {
        if (asked !== undefined && bytes.includes(Buffer.from(asked))) this.#push();
      });
    });
  }

  async plug(): Promise<void> {
    await this.line.plug();
    const { everyMs, asked } = this.#options;
    if (everyMs !== undefined && asked === undefined) this.#timer = setInterval(() => this.#push(), everyMs);
  }

  /** As near as the frame can carry it. */
  set(name: string, value: number | string): void {
    const field = this.#options.frame.fields.find((one) => one.name === name);
    if (!field) throw new Error(`no field ${name}: its frame has ${Object.keys(this.#fields).join(", ")}`);
    this.#fields[name] = carried(field, value);
    if (this.#options.everyMs === undefined) this.#push();
  }

  get values(): Readonly<Record<string, Value>> {
    return this.#options.meaning(this.#fields);
  }

  #push(): void {
    const { bus, device, faults, frame, log } = this.#options;
    if (this.line.sockets.size === 0) return; // nobody listens: bytes on a closed UART are gone
    const fault = faults.on(bus, device)?.kind;
    if (fault === "silence" || fault === "unplug") return;
    const good = encodeFrame(frame, this.#fields);
    const at = monotonic();
    for (const socket of this.line.sockets) if (socket.writable) socket.write(spoilt(fault, good));
    if (fault !== undefined) return;
    log.write(
      ...Object.entries(this.values).map(([point, value]) => ({ k: "shown" as const, device, point, value, from: at, to: at })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.line[Symbol.asyncDispose]();
  }
}

export function spoilt(fault: string | undefined, good: Uint8Array): Uint8Array {
  if (fault === "bad-crc") return good.map((byte, i) => (i === good.length - 1 ? byte ^ 0xff : byte));
  if (fault === "garbage") return good.map((byte, i) => (byte * 7 + i * 31 + 0x5a) & 0xff);
  return good;
}
