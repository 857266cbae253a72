/** Far sides that listen, refuse, hang up or say nothing, and a caller that does not wait for ever. Real sockets. */
import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it } from "vitest";
import { connected } from "../../../../src/kit/system/connected.ts";

const never = new AbortController().signal;

async function listening(onSocket: (socket: Socket) => void = () => undefined) {
  const server = createServer((socket) => onSocket(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, [Symbol.asyncDispose]: async () => void server.close() };
}

describe("a socket that is to connect", () => {
  it("has, and is left with no listener of ours", async () => {
    await using far = await listening((socket) => socket.end());
    const socket = createConnection(far.port, "127.0.0.1");
    const before = ["error", "close", "connect"].map((event) => socket.listenerCount(event));
    expect(await connected(socket, { timeoutMs: 10_000, stop: never })).toBeNull();
    expect(["error", "close", "connect"].map((event) => socket.listenerCount(event))).toEqual(before);
    socket.destroy();
  });

  it("is refused: the error says so", async () => {
    const far = await listening();
    await far[Symbol.asyncDispose]();
    const socket = createConnection(far.port, "127.0.0.1");
    const not = await connected(socket, { timeoutMs: 10_000, stop: never });
    expect(not).toMatchObject({ why: "failed", error: { code: "ECONNREFUSED" } });
    expect(socket.destroyed).toBe(true);
  });

  it("meets a far side that never says a word of TLS, and is late", async () => {
    await using far = await listening();
    const socket = connectTls({ port: far.port, host: "127.0.0.1" });
    expect(await connected(socket, { event: "secureConnect", timeoutMs: 50, stop: never })).toEqual({ why: "late" });
    expect(socket.destroyed).toBe(true);
  });

  it("is stopped while it waits, or was before", async () => {
    await using far = await listening();
    const stop = new AbortController();
    const socket = connectTls({ port: far.port, host: "127.0.0.1" });
    const waiting = connected(socket, { event: "secureConnect", timeoutMs: 10_000, stop: stop.signal });
    stop.abort();
    expect(await waiting).toEqual({ why: "stopped" });
    const other = createConnection(far.port, "127.0.0.1");
    expect(await connected(other, { timeoutMs: 10_000, stop: stop.signal })).toEqual({ why: "stopped" });
    expect([socket.destroyed, other.destroyed]).toEqual([true, true]);
  });
});
