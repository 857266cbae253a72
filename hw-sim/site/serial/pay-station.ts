/** A pay station on a serial line: says every two seconds how it is, and how long each session still runs. */
import type { FrameLayout } from "../../../src/drivers/driver.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import type { Faults } from "../faults.ts";
import { SocketLine } from "../socket-line.ts";
import type { WireLog } from "../wire-log.ts";
import type { Twin, Value } from "../wires/wire.ts";
import { encodeFrame, type Shown } from "./encode.ts";
import { spoilt } from "./sensor.ts";

const EVERY_MS = 2000;

export interface PayStationOptions {
  readonly bus: string;
  readonly device: string;
  readonly frame: FrameLayout;
  readonly faults: Faults;
  readonly log: WireLog;
}

interface Session {
  readonly number: string;
  readonly stall: string;
  /** Monotonic ms. */
  readonly begins: number;
  readonly ends: number;
  readonly cents: string;
}

export class PayStation implements Twin, AsyncDisposable {
  readonly line = new SocketLine((socket) => {
    socket.resume(); // a station that listens to nobody
  });
  readonly #options: PayStationOptions;
  readonly #is: Record<string, boolean> = { fault: false, "cash-box": false };
  #sessions: readonly Session[] = [];
  #last = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PayStationOptions) {
    this.#options = options;
  }

  async plug(): Promise<void> {
    await this.line.plug();
    this.#timer = setInterval(() => this.#speak(), EVERY_MS);
  }

  values(): Readonly<Record<string, Value>> {
    return { ...this.#is, session: this.#last };
  }

  /** `fault`, `cash-box`, or a `session` as its record says it: number, stall, seconds until it starts, seconds that it lasts, cents. */
  set(point: string, value: Value): void {
    if (Object.hasOwn(this.#is, point)) this.#is[point] = value === true;
    else if (point === "session") this.#pay(String(value));
    else throw new Error(`no point ${point}: it has ${Object.keys(this.values()).join(", ")}`);
    this.#speak();
  }

  #pay(text: string): void {
    const [number = "", stall = "", starts, lasts, cents = "0"] = text.split(" ");
    const begins = monotonic() + Number(starts) * 1000;
    const ends = begins + Number(lasts) * 1000;
    if (!Number.isFinite(ends)) throw new Error(`${text}: expected number, stall, starts, lasts and cents`);
    this.#sessions = [...this.#sessions.filter((one) => one.number !== number), { number, stall, begins, ends, cents }];
  }

  #speak(): void {
    const bit = (point: string) => (this.#is[point] ? "1" : "0");
    this.#send({ sentence: "A", number: bit("fault"), bay: bit("cash-box") }, this.#is);
    const now = monotonic();
    const left = (at: number) => Math.max(0, Math.round((at - now) / 1000));
    for (const { number, stall, begins, ends, cents } of this.#sessions) {
      const [starts, lasts] = [left(begins), left(ends) - left(begins)];
      this.#last = `${number} ${stall} ${starts} ${lasts} ${cents}`;
      this.#send({ sentence: "S", number, bay: stall, starts, lasts, cents }, { session: this.#last });
    }
    this.#sessions = this.#sessions.filter(({ ends }) => ends > now);
  }

  #send(fields: Shown, means: Readonly<Record<string, Value>>): void {
    const { bus, device, faults, frame, log } = this.#options;
    if (this.line.sockets.size === 0) return; // nobody listens: bytes on a closed UART are gone
    const fault = faults.on(bus, device)?.kind;
    if (fault === "silence" || fault === "unplug") return;
    const at = monotonic();
    const good = encodeFrame(frame, fields);
    for (const socket of this.line.sockets) if (socket.writable) socket.write(spoilt(fault, good));
    if (fault !== undefined) return;
    for (const [point, value] of Object.entries(means)) log.write({ k: "shown", device, point, value, from: at, to: at });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.line[Symbol.asyncDispose]();
  }
}
