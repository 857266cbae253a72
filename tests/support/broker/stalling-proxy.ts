/** A TCP proxy that can stop forwarding, both ways or one, without closing anything: a half-open link. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface StallingProxy extends AsyncDisposable {
  readonly port: number;
  /** Present connections forward nothing more; new ones do. */
  stall(): void;
  /** What whoever connected says goes no further; what is said to it does. New connections forward both. */
  mute(): void;
}

export async function stallingProxy(to: number, at = 0): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  const callers = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    callers.add(near);
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(into);
      from.on("error", () => into.destroy());
      from.on("close", () => into.destroy());
    }
  });
  server.listen(at, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    stall() {
      for (const socket of sockets) socket.unpipe().removeAllListeners("close").pause();
    },
    mute() {
      // Read and dropped, so that its end is noticed.
      for (const near of callers) near.unpipe().resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
