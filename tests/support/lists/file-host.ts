/** An HTTPS server that knows gateways by their certificate, and gives one file in every way that a test asks for. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { authority, certificate } from "../broker/certificates.ts";

export type Answer = (response: ServerResponse, from: number, request: IncomingMessage) => void;

/** As a host should: whole, or from the byte that is asked for. */
export const whole =
  (file: Buffer): Answer =>
  (response, from) => {
    const range = from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": file.length - from, ...range }).end(file.subarray(from));
  };

export class FileHost implements AsyncDisposable {
  /** The first byte that each request asked for. */
  readonly asked: number[] = [];
  /** Taken in turn; the last one again and again. */
  answers: Answer[] = [];
  readonly #server;
  readonly #sockets = new Set<Socket>();

  private constructor(folder: string) {
    const file = (name: string) => readFileSync(join(folder, name));
    const tls = { ca: file("ca.crt"), cert: file("host.crt"), key: file("host.key"), requestCert: true };
    this.#server = createServer(tls, (request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      this.asked.push(from);
      const [answer] = this.answers.length > 1 ? this.answers.splice(0, 1) : this.answers;
      answer?.(response, from, request);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket)).on("error", () => undefined);
    });
  }

  /** Leaves in a folder what the host needs, and a gateway: `ca.crt`, `gw.crt`, `gw.key`. */
  static certificates(folder: string): void {
    authority(folder, "ca");
    for (const name of ["host", "gw"]) certificate(folder, name);
  }

  static async open(folder: string): Promise<FileHost> {
    const host = new FileHost(folder);
    host.#server.listen(0, "127.0.0.1");
    await once(host.#server, "listening");
    return host;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/disabled.entries`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
