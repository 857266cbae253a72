/** tcp-alive over real sockets: alive and how soon, and each reason why not by its own code. */
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";

async function listening(host: string) {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function first(options: Readonly<Record<string, unknown>>): Promise<readonly Reading[]> {
  const driver = await loadDriver("tcp-alive");
  await using wires = openWires({}, noLog);
  const info = deviceInfo("cam", driver, driver.options.parse(options), "", wires);
  const stop = new AbortController();
  const device = await info.open(stop.signal);
  for await (const readings of device.readings({ next: async () => 0 }, stop.signal)) return readings;
  throw new Error("no reading");
}

describe("tcp-alive", () => {
  it.each(["127.0.0.1", "::1"])("tells that %s takes a connection, and how soon", async (host) => {
    await using server = await listening(host);
    expect(await first({ host, port: server.port })).toMatchObject([
      { point: "alive", value: true, quality: "good" },
      { point: "answer-time", value: expect.any(Number), quality: "good" },
    ]);
  });

  it("tells a refused connection from a device that lives", async () => {
    const { port } = await listening("127.0.0.1").then(async (server) => {
      await server[Symbol.asyncDispose]();
      return server;
    });
    expect(await first({ host: "127.0.0.1", port })).toMatchObject([
      { point: "alive", value: false, quality: "good" },
      { point: "answer-time", value: null, quality: "bad", code: "net.refused" },
    ]);
  });

  it("does not say that a device is down whose name nobody knows", async () => {
    expect(await first({ host: "no-such-host.invalid", port: 80, timeout: "2s" })).toMatchObject([
      { point: "alive", value: null, quality: "bad", code: "net.unknown-host" },
      { point: "answer-time", value: null, quality: "bad", code: "net.unknown-host" },
    ]);
  });

  // Linux answers ENETUNREACH to a TCP connection to a group address, whatever its routes are.
  it("does not say that a device is down where the gateway itself could not try", async () => {
    const why = { reason: { it: "ENETUNREACH (rete non raggiungibile)", en: "ENETUNREACH (network cannot be reached)" } };
    expect(await first({ host: "224.0.0.1", port: 80, timeout: "2s" })).toMatchObject([
      { point: "alive", value: null, quality: "bad", code: "net.not-tried", why },
      { point: "answer-time", value: null, quality: "bad", code: "net.not-tried", why },
    ]);
  });
});
