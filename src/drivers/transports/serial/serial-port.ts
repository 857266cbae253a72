/** Opens serial ports as byte wires, with errors that say what is wrong. The only file touching serialport. */
import { realpath } from "node:fs/promises";
import type { SerialPort } from "serialport";
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import { loadNative } from "../../../kit/system/native.ts";
import { tcpAddress } from "../../addresses.ts";
import type { SerialSpec } from "../../buses.ts";
import type { Heard, SerialLine, SerialPortHandle } from "../../driver.ts";
import { type ByteWire, CLOSE_MS, openSocket, type WireEvents } from "./byte-wire.ts";

/** What serialport opens ports with; tests hand in the mock, everybody else the machine's own. */
export type SerialBinding = typeof SerialPort.binding;

export interface SerialSettings {
  readonly path: string;
  readonly baud: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
}

const WRITE_MS = 2000;
/** A port pulled out in the moment of opening reads as "nothing yet" for ever: its name is looked up again this often. */
const LOOK_MS = 2000;
/** Bytes that a driver has not fetched yet; a sensor that is not read must not fill the memory. */
const UNREAD_MAX = 16_384;

/** A far side that floods is left alone this long: each new connection would be a sensor that is back, and a moment later down again. */
const FLOOD_REST_MS = 10_000;

/** Always a new port object: one that failed once never works again (its stream is destroyed). */
export async function openSerialPort(
  settings: SerialSettings,
  events: WireEvents,
  stop: AbortSignal,
  binding?: SerialBinding,
): Promise<ByteWire> {
  const { SerialPort } = await loadNative("serialport", () => import("serialport"));
  const { path, baud, parity, stopBits } = settings;
  const port = new SerialPort({
    path,
    baudRate: baud,
    parity,
    stopBits,
    dataBits: 8,
    autoOpen: false,
    lock: true,
    ...(binding && { binding }),
  });
  // A failing write emits `error` even after `close`; without a listener that would end the process.
  port.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(openError(path, error)) : resolve())));
  const wire = new SerialWire(port, path, events);
  if (!binding) await wire.lookAfter();
  if (stop.aborted) {
    await wire.close();
    throw new EdgeError("port.lost", { port: path });
  }
  return wire;
}

class SerialWire implements ByteWire {
  readonly #port: SerialPort;
  readonly #path: string;
  readonly #events: WireEvents;
  #ended = false;
  #looking: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(port: SerialPort, path: string, events: WireEvents) {
    this.#port = port;
    this.#path = path;
    this.#events = events;
    port.on("data", (chunk: Buffer) => {
      if (!this.#ended) events.bytes(chunk, monotonic());
    });
    // Unplugged: serialport says so by `close` alone, and a second time without arguments after a failed write.
    port.on("close", () => this.#lose());
  }

  /** Lost when the name is gone, or leads to another device than the one opened. */
  async lookAfter(): Promise<void> {
    const device = await realpath(this.#path).catch(() => "");
    const look = async () => {
      if ((await realpath(this.#path).catch(() => null)) !== device) this.#lose();
    };
    this.#looking = setInterval(look, LOOK_MS);
  }

  get isOpen(): boolean {
    return !this.#ended && this.#port.isOpen;
  }

  closed(): EdgeError {
    return new EdgeError("port.lost", { port: this.#path });
  }

  write(bytes: Uint8Array, done: (error?: EdgeError) => void = () => undefined): void {
    if (!this.isOpen) throw this.closed();
    const fail = (cause: unknown) => {
      done(new EdgeError("port.lost", { port: this.#path }, cause));
      this.#lose();
    };
    const timer = setTimeout(() => fail(new Error(`not written within ${WRITE_MS} ms`)), WRITE_MS);
    this.#port.write(Buffer.from(bytes), (error) => {
      clearTimeout(timer);
      if (error) fail(error);
      else done();
    });
  }

  #lose(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.close();
    this.#events.lost(this.closed());
  }

  /** Resolves when the file is closed, whoever began to close it. A pending poll may hang that: bounded. */
  close(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#looking);
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  /** `close()` and never `destroy()`, which would keep the file open and locked. */
  #shut(): Promise<void> {
    const port = this.#port;
    if (!port.isOpen && !port.closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      // After a failed write the stream says `close` early, while the port is still closing: that one is ignored.
      const closed = () => {
        if (port.closing) return;
        clearTimeout(timer);
        resolve();
      };
      port.on("close", closed);
      if (port.isOpen) port.close(closed);
    });
  }
}

/** serialport has no error codes; its binding and its mock have these texts. */
function openError(port: string, error: Error): EdgeError {
  if (/no such file|no such device|does not exist/i.test(error.message)) return new EdgeError("port.missing", { port }, error);
  // "Not permitted": the sandbox of the service (DeviceAllow).
  if (/permission denied|not permitted/i.test(error.message)) return new EdgeError("port.denied", { port }, error);
  if (/lock|busy/i.test(error.message)) return new EdgeError("port.busy", { port }, error);
  return new EdgeError("port.lost", { port }, error);
}

/** The line of one device that is not Modbus. */
export function serialLine(bus: string, spec: SerialSpec, binding?: SerialBinding): SerialLine {
  const heard: Heard = { frames: 0, strayBytes: 0, unread: 0 };
  const made = new Map<string, unknown>();
  let flood: { readonly error: EdgeError; readonly restsUntil: number } | null = null;
  return {
    heard,
    shared<T>(key: string, make: () => T): T {
      if (!made.has(key)) made.set(key, make());
      return made.get(key) as T;
    },
    async open(stop) {
      if (flood !== null && monotonic() < flood.restsUntil) throw flood.error;
      // The oldest goes: the newest is the truth.
      const queue = new PushQueue<Chunk>({
        most: UNREAD_MAX,
        drops: "oldest",
        sizeOf: ({ bytes }) => bytes.length,
        dropped: ({ bytes }) => {
          heard.unread += bytes.length;
        },
      });
      const events: WireEvents = {
        bytes: (bytes, mono) => queue.push({ bytes, mono }),
        lost: (error) => {
          if (error.code === "bus.flooded") flood = { error, restsUntil: monotonic() + FLOOD_REST_MS };
          queue.fail(error);
        },
      };
      const address = tcpAddress(spec.serial);
      const wire =
        address === null
          ? await openSerialPort({ path: spec.serial, ...spec }, events, stop, binding)
          : await openSocket(address, bus, events, stop);
      return new LineHandle(wire, queue);
    },
  };
}

const NOTHING = new Uint8Array(0);

interface Chunk {
  readonly bytes: Uint8Array;
  readonly mono: number;
}

class LineHandle implements SerialPortHandle {
  readonly #wire: ByteWire;
  readonly #queue: PushQueue<Chunk>;

  constructor(wire: ByteWire, queue: PushQueue<Chunk>) {
    this.#wire = wire;
    this.#queue = queue;
  }

  get isOpen(): boolean {
    return this.#wire.isOpen;
  }

  chunks(stop: AbortSignal, quietMs?: number): AsyncIterable<Chunk> {
    return this.#queue.drain(stop, quietMs, () => ({ bytes: NOTHING, mono: monotonic() }));
  }

  write(bytes: Uint8Array, stop: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (stop.aborted) return reject(stop.reason);
      this.#wire.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#wire.close();
  }
}
