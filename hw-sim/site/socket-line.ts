/** A wire on a loopback port with any number of masters, which can be unplugged and plugged in again. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** While unplugged the port is free for anybody: an outgoing connection of the machine may hold it for a moment. */
const TRIES = 50;
const TRY_MS = 100;

export class SocketLine implements AsyncDisposable {
  readonly #attach: (socket: Socket) => void;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  /** `attach` is called with each connection; a `port` that is known before, else any. */
  constructor(attach: (socket: Socket) => void, port = 0) {
    this.#attach = attach;
    this.#port = port;
  }

  get port(): number {
    return this.#port;
  }

  get sockets(): ReadonlySet<Socket> {
    return this.#sockets;
  }

  /** The first time on a free port where none was given, afterwards on the same. */
  async plug(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined); // a master may vanish in any way; `close` follows
      socket.on("close", () => this.#sockets.delete(socket));
      this.#attach(socket);
    });
    for (let tries = 1; !(await listens(server, this.#port, tries === TRIES)); tries++) await sleep(TRY_MS);
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Masters are cut off, further ones refused. */
  async unplug(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unplug();
  }
}

/** False when another holds the port, unless this was the last try. */
async function listens(server: Server, port: number, last: boolean): Promise<boolean> {
  server.listen(port, "127.0.0.1");
  return once(server, "listening").then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (last || error.code !== "EADDRINUSE") throw error;
      return false;
    },
  );
}
