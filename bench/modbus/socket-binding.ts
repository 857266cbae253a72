/** A binding for `serialport` whose ports are TCP connections, so that the serial code runs whole without a terminal. */
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import type { SerialBinding } from "../../src/drivers/transports/serial/serial-port.ts";

interface Read {
  readonly buffer: Buffer;
  readonly bytesRead: number;
}

class SocketPort {
  readonly openOptions: unknown;
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  #waiting: { readonly wake: () => void; readonly fail: (error: Error) => void } | null = null;
  isOpen = true;

  constructor(socket: Socket, options: unknown) {
    this.#socket = socket;
    this.openOptions = options;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#waiting?.wake();
    });
    socket.on("close", () => this.#waiting?.fail(Object.assign(new Error("unplugged"), { disconnected: true })));
  }

  async read(buffer: Buffer, offset: number, length: number): Promise<Read> {
    while (this.#chunks.length === 0)
      await new Promise<void>((wake, fail) => {
        if (this.#socket.destroyed) fail(Object.assign(new Error("unplugged"), { disconnected: true }));
        this.#waiting = { wake, fail };
      });
    const chunk = this.#chunks.shift() ?? Buffer.alloc(0);
    if (chunk.length > length) this.#chunks.unshift(chunk.subarray(length));
    return { buffer, bytesRead: chunk.copy(buffer, offset, 0, length) };
  }

  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve, reject) => void this.#socket.write(bytes, (error) => (error ? reject(error) : resolve())));
  }

  close(): Promise<void> {
    this.isOpen = false;
    // What `serialport` looks for when it is itself that ends the reading.
    this.#waiting?.fail(Object.assign(new Error("canceled"), { canceled: true }));
    this.#socket.destroy();
    return Promise.resolve();
  }

  update = (): Promise<void> => Promise.resolve();
  set = (): Promise<void> => Promise.resolve();
  flush = (): Promise<void> => Promise.resolve();
  drain = (): Promise<void> => Promise.resolve();
  get = (): Promise<object> => Promise.resolve({ cts: true, dsr: true, dcd: true });
  getBaudRate = (): Promise<object> => Promise.resolve({ baudRate: 9600 });
}

export function socketBinding(port: number): SerialBinding {
  const binding = {
    list: () => Promise.resolve([]),
    async open(options: unknown) {
      const socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
      await once(socket, "connect");
      return new SocketPort(socket, options);
    },
  };
  return binding as unknown as SerialBinding;
}
