/** A slave that answers late, twice, cut, corrupt, for others or not at all; each value names the request that it was for. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { withCrc } from "../../hw-sim/site/modbus/framing.ts";
import { seeded } from "../../hw-sim/site/random.ts";
import type { Tolerance } from "../../src/drivers/transports/modbus/framing/mbap-port.ts";

export type FaultyWire = "tcp" | "rtu" | "rtu-tcp";

export interface Lateness {
  /** After the request, in ms: the earliest and the latest moment of a late reply. */
  readonly from: number;
  readonly to: number;
}

export interface Faultiness {
  readonly seed: number;
  /** Share of requests that are answered otherwise than they should be. */
  readonly share: number;
  readonly late: Lateness;
  /** Which faults; absent: all. */
  readonly only?: readonly string[];
  /** What its replies do not return as it was asked (Modbus TCP): all are numbered 0, or in the name of unit 255. */
  readonly careless?: readonly Tolerance[];
}

interface Asked {
  readonly unit: number;
  readonly fc: number;
  readonly address: number;
  readonly transaction: number;
  readonly bytes: Uint8Array;
  readonly n: number;
  /** The earliest moment at which it may have been sent: a process that stood still reads it long after. */
  readonly at: number;
}

type Deed = (asked: Asked, right: Uint8Array) => void;

/** What a read of two registers says: right, of the same registers but an earlier request, or of something else. */
export type Verdict = "right" | "stale" | "wrong";

/** A busy machine must not make anything later than was meant by more than this: what each wire promises ends somewhere. */
const SLACK_MS = 20;
const LOOP_MS = 5;
const SOON_MS = 3;

export class FaultySlave implements AsyncDisposable {
  readonly done = new Map<string, number>();
  readonly #wire: FaultyWire;
  readonly #faults: Faultiness;
  readonly #next: () => number;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  readonly #names: readonly string[];
  #newest: Socket | undefined;
  /**
   * A TCP frame was begun and not ended: no server puts another one into it, and nobody could see it if one did (a frame with the head of one
   * reply and the end of another, and no checksum).
   */
  #isHalf = false;
  #asked = 0;
  /** The last two turns of this process's loop. What is read now was sent after the first of them: before it, it would have been read by now. */
  #loopTimes: readonly [number, number] = [performance.now(), performance.now()];
  readonly #loopTimer = setInterval(() => {
    this.#loopTimes = [this.#loopTimes[1], performance.now()];
  }, LOOP_MS).unref();

  private constructor(wire: FaultyWire, faults: Faultiness) {
    this.#wire = wire;
    this.#faults = faults;
    this.#next = seeded(faults.seed, wire);
    this.#names = faults.only ?? Object.keys(this.#deeds);
  }

  static async open(wire: FaultyWire, faults: Faultiness): Promise<FaultySlave> {
    const slave = new FaultySlave(wire, faults);
    slave.#server.listen(0, "127.0.0.1");
    await once(slave.#server, "listening");
    return slave;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** One request is in flight at a time, so a right value was shown to the newest. */
  judge(unit: number, address: number, data: Uint8Array): Verdict {
    if (data.length !== 4) return "wrong";
    const value = Buffer.from(data).readUInt32BE(0);
    if (value >>> 16 !== ((unit << 8) | address)) return "wrong";
    return (value & 0xffff) === (this.#asked & 0xffff) ? "right" : "stale";
  }

  #serve(socket: Socket): void {
    this.#newest = socket;
    this.#sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    const length = this.#wire === "tcp" ? 12 : 8;
    socket.on("data", (bytes) => {
      for (let at = 0; at + length <= bytes.length; at += length) this.#answer(bytes.subarray(at, at + length));
    });
  }

  #answer(bytes: Uint8Array): void {
    const head = this.#wire === "tcp" ? 6 : 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const asked: Asked = {
      unit: view.getUint8(head),
      fc: view.getUint8(head + 1),
      address: view.getUint16(head + 2),
      transaction: head > 0 ? view.getUint16(0) : 0,
      bytes,
      n: ++this.#asked,
      at: this.#loopTimes[0],
    };
    this.#isHalf = false;
    const name = this.#next() < this.#faults.share ? (this.#names[Math.floor(this.#next() * this.#names.length)] ?? "") : "right";
    this.done.set(name, (this.done.get(name) ?? 0) + 1);
    const right = this.#reading(asked, asked.unit, asked.address);
    (this.#deeds[name] ?? (() => this.#send(right)))(asked, right);
  }

  /** On whatever connection stands then: a serial device server hands on what the line says, to whoever listens. */
  #send(...frames: readonly Uint8Array[]): void {
    if (this.#newest?.writable) this.#newest.write(Buffer.concat(frames));
  }

  /** Not asked for now. */
  #sendBetween(frame: Uint8Array): void {
    if (this.#wire !== "tcp" || !this.#isHalf) this.#send(frame);
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  #frame({ transaction }: Pick<Asked, "transaction">, ...pdu: readonly number[]): Uint8Array {
    if (this.#wire !== "tcp") return withCrc(Uint8Array.from(pdu));
    const { careless = [] } = this.#faults;
    const named = careless.includes("unit-echo") ? [0xff, ...pdu.slice(1)] : pdu;
    const numbered = careless.includes("transaction-echo") ? 0 : transaction;
    return Uint8Array.of((numbered >> 8) & 0xff, numbered & 0xff, 0, 0, 0, pdu.length, ...named);
  }

  #reading(asked: Asked, unit: number, address: number): Uint8Array {
    return this.#frame(asked, unit, asked.fc, 4, unit, address, (asked.n >> 8) & 0xff, asked.n & 0xff);
  }

  /** Every fault there is. */
  static get faults(): readonly string[] {
    return Object.keys(new FaultySlave("tcp", { seed: 0, share: 0, late: { from: 0, to: 0 } }).#deeds);
  }

  readonly #deeds: Readonly<Record<string, Deed>> = {
    silent: () => undefined,
    late: ({ at }, right) => {
      const { from, to } = this.#faults.late;
      this.#later(from + this.#next() * (to - from), () => {
        if (performance.now() - at <= to + SLACK_MS) this.#sendBetween(right);
      });
    },
    "of another unit": (asked) => this.#send(this.#reading(asked, (asked.unit % 8) + 1, asked.address)),
    "of another unit, then right": (asked, right) => this.#send(this.#reading(asked, (asked.unit % 8) + 1, asked.address), right),
    "of another function": (asked) => this.#send(this.#frame(asked, asked.unit, 4, 4, 0, 1, 0, 1)),
    "twice at once": (_, right) => this.#send(right, right),
    "twice soon": (_, right) => {
      this.#send(right);
      const first = performance.now();
      this.#later(SOON_MS, () => {
        if (performance.now() - first <= SOON_MS + SLACK_MS) this.#sendBetween(right);
      });
    },
    short: (_, right) => {
      this.#send(right.subarray(0, -3));
      this.#isHalf = true;
    },
    "short by a register": (asked) => this.#send(this.#frame(asked, asked.unit, asked.fc, 2, 0, 7)),
    long: (asked) => this.#send(this.#frame(asked, asked.unit, asked.fc, 8, 0, 7, 0, 7, 0, 7, 0, 7)),
    echoed: ({ bytes }, right) => this.#send(bytes, right),
    "echo alone": ({ bytes }) => this.#send(bytes),
    "wrong checksum": (_, right) => {
      const torn = Uint8Array.from(right);
      // MBAP has none: there the length lies.
      const at = this.#wire === "tcp" ? 5 : torn.length - 1;
      torn[at] = (torn[at] ?? 0) ^ 0x55;
      this.#send(torn);
    },
    "wrong transaction": (asked, right) =>
      this.#send(
        this.#wire === "tcp"
          ? this.#reading({ ...asked, transaction: asked.transaction - 1 }, asked.unit, (asked.address + 1) % 3)
          : right,
      ),
    "with noise": (_, right) => this.#send(this.#wire === "tcp" ? right : Uint8Array.of(0xff, 0, ...right, 0xfe)),
    dribbled: (_, right) => {
      this.#send(right.subarray(0, 4));
      this.#isHalf = true;
      this.#later(5, () => {
        this.#isHalf = false;
        this.#send(right.subarray(4));
      });
    },
    exception: (asked) => this.#send(this.#frame(asked, asked.unit, asked.fc | 0x80, 6)),
  };

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#loopTimer);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
