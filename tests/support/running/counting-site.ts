/** A Modbus TCP line on which the n-th read of a unit shows n, so that every number can be asked for; and cars. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { until } from "./processes.ts";

/** MBAP: transaction, protocol, length, unit; then the function and its data. */
const HEAD_BYTES = 7;
const READ_DISCRETE = 2;
const READ_HOLDING = 3;
const ILLEGAL_FUNCTION = 1;
const DEVICE_FAILURE = 4;

export class CountingSite implements AsyncDisposable {
  /** Reads of each unit so far: the number that its last reply showed. */
  readonly shown = new Map<number, number>();
  /** Units at whose bay a car stands. */
  readonly occupied = new Set<number>();
  /** Units that answer only that they have failed. */
  readonly broken = new Set<number>();
  /** Every reply shows the last number again. */
  held = false;
  /** Requests to each unit so far. */
  readonly #asked = new Map<number, number>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async open(): Promise<CountingSite> {
    const site = new CountingSite();
    site.#server.listen(0, "127.0.0.1");
    await once(site.#server, "listening");
    return site;
  }

  /** For the gateway's configuration. A busy machine is no timeout. */
  get buses(): object {
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return { plant: { modbus: "tcp", host: "127.0.0.1", port, timeout: "30s" } };
  }

  /** Holds, and resolves when these units were asked once more: whoever asks has by then taken the last number that they showed. */
  async hold(...units: readonly number[]): Promise<void> {
    this.held = true;
    const before = new Map(this.#asked);
    const again = (unit: number) => (this.#asked.get(unit) ?? 0) > (before.get(unit) ?? 0);
    await until(() => units.every(again), 30_000, "a held number is read");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    let waiting = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      while (waiting.length >= HEAD_BYTES && waiting.length >= 6 + waiting.readUInt16BE(4)) {
        const request = waiting.subarray(0, 6 + waiting.readUInt16BE(4));
        waiting = waiting.subarray(request.length);
        const pdu = this.#answer(request.readUInt8(6), request.subarray(HEAD_BYTES));
        const head = Buffer.from(request.subarray(0, HEAD_BYTES));
        head.writeUInt16BE(pdu.length + 1, 4);
        socket.write(Buffer.concat([head, pdu]));
      }
    });
  }

  #answer(unit: number, pdu: Buffer): Uint8Array {
    const fc = pdu.readUInt8(0);
    this.#asked.set(unit, (this.#asked.get(unit) ?? 0) + 1);
    if (this.broken.has(unit)) return Uint8Array.of(fc | 0x80, DEVICE_FAILURE);
    if (fc === READ_DISCRETE) return Uint8Array.of(fc, 1, Number(this.occupied.has(unit)));
    if (fc !== READ_HOLDING) return Uint8Array.of(fc | 0x80, ILLEGAL_FUNCTION);
    const n = (this.shown.get(unit) ?? 0) + Number(!this.held);
    this.shown.set(unit, n);
    const values = Buffer.alloc(2 + 2 * pdu.readUInt16BE(3));
    values.writeUInt8(fc, 0);
    values.writeUInt8(values.length - 2, 1);
    for (let at = 2; at + 4 <= values.length; at += 4) values.writeUInt32BE(at === 2 ? n : noise(n, at), at);
    return values;
  }
}

/** Takes room in a batch, and is the same for the same number. */
const noise = (n: number, at: number) => Math.imul(n * 31 + at, 2654435761) >>> 0;

/** A device of the gateway's configuration that reads the number of `unit`, and beside it so much noise; what was seen before is no row. */
export const counter = (unit: number, every: string, beside = 0): object => ({
  type: "modbus-points",
  bus: "plant",
  unit,
  every,
  report: { change: 1 },
  points: Object.fromEntries(
    Array.from({ length: 1 + beside }, (_, i) => [
      i === 0 ? "n" : `noise-${i}`,
      { fc: 3, address: 2 * i, decode: "uint32", unit: "1" },
    ]),
  ),
});

/** A device that sees whether a car stands at `unit`. */
export const loop = (unit: number): object => ({
  type: "modbus-points",
  bus: "plant",
  unit,
  every: "100ms",
  report: { change: 1, atLeast: "15min" },
  points: { present: { fc: 2, address: 0 } },
});
