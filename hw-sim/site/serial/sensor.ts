/** A free-running serial sensor that pushes its frames to whoever listens. */
import type { FrameLayout } from "../../../src/drivers/driver.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import type { Faults } from "../faults.ts";
import { SocketLine } from "../socket-line.ts";
import type { WireLog } from "../wire-log.ts";

export interface SensorOptions {
  readonly bus: string;
  readonly device: string;
  readonly everyMs: number;
  readonly frame: FrameLayout;
  /** What the frame's fields mean to a reader: the points that it must derive. */
  readonly meaning: (fields: Readonly<Record<string, number>>) => Readonly<Record<string, number | boolean>>;
  readonly faults: Faults;
  readonly log: WireLog;
}

const RANGE = { uint8: [0, 0xff], uint16: [0, 0xffff], int16: [-0x8000, 0x7fff] } as const;

/** Header, fields most significant byte first, sum of all bytes before it. */
export function encodeFrame(layout: FrameLayout, fields: Readonly<Record<string, number>>): Uint8Array {
  const bytes = [...layout.header];
  for (const { name, decode } of layout.fields) {
    const value = fields[name] ?? 0;
    if (decode !== "uint8") bytes.push((value >> 8) & 0xff);
    bytes.push(value & 0xff);
  }
  return Uint8Array.from([...bytes, bytes.reduce((sum, byte) => sum + byte, 0) & 0xff]);
}

export class Sensor implements AsyncDisposable {
  readonly line: SocketLine;
  readonly #options: SensorOptions;
  readonly #fields: Record<string, number>;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SensorOptions) {
    this.#options = options;
    this.#fields = Object.fromEntries(options.frame.fields.map(({ name }) => [name, 0]));
    this.line = new SocketLine((socket) => {
      socket.resume(); // a sensor that listens to nobody
    });
  }

  async plug(): Promise<void> {
    await this.line.plug();
    this.#timer = setInterval(() => this.#push(), this.#options.everyMs);
  }

  /** As near as the frame can carry it. */
  set(field: string, value: number): void {
    const spec = this.#options.frame.fields.find(({ name }) => name === field);
    if (!spec) throw new Error(`no field ${field}: its frame has ${Object.keys(this.#fields).join(", ")}`);
    const [low, high] = RANGE[spec.decode];
    this.#fields[field] = Math.min(high, Math.max(low, Math.round(value)));
  }

  get values(): Readonly<Record<string, number | boolean>> {
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

function spoilt(fault: string | undefined, good: Uint8Array): Uint8Array {
  if (fault === "bad-crc") return good.map((byte, i) => (i === good.length - 1 ? byte ^ 0xff : byte));
  if (fault === "garbage") return good.map((byte, i) => (byte * 7 + i * 31 + 0x5a) & 0xff);
  return good;
}
