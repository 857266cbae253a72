/** Answers questions, one line of JSON each, on a loopback port: how the demonstration asks its processes. */
import { createServer, type Server } from "node:net";
import { createInterface } from "node:readline";

export type Handler = (request: Readonly<Record<string, unknown>>) => Promise<unknown>;

export async function openControl(handle: Handler): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<import("node:net").Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy());
    // readline emits the socket's errors again, as its own: without a listener they would end the process.
    createInterface({ input: socket })
      .on("error", () => socket.destroy())
      .on("line", (line) => {
        void respond(handle, line).then((answer) => socket.writable && socket.write(`${JSON.stringify(answer)}\n`));
      });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function respond(handle: Handler, line: string): Promise<unknown> {
  try {
    const request: unknown = JSON.parse(line);
    if (typeof request !== "object" || request === null) throw new Error("an object is expected");
    return { ok: true, data: await handle({ ...request }) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}
