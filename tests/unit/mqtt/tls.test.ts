/** Certificates made on the spot: a TLS link, or the reason why there is none. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { Aedes } from "aedes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kit/clock.ts";
import { openSocket } from "../../../src/mqtt/socket.ts";
import { authority, certificate, hasOpenssl } from "../../support/broker/certificates.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness } from "../../support/memory/sync-harness.ts";

let folder: string;
let aedes: Aedes;
const servers: Server[] = [];

async function broker(name: string): Promise<string> {
  const files = { key: readFileSync(join(folder, `${name}.key`)), cert: readFileSync(join(folder, `${name}.crt`)) };
  const ca = readFileSync(join(folder, "ca.crt"));
  const server = createServer({ ...files, ca, requestCert: true, rejectUnauthorized: true }, (socket: TLSSocket) =>
    aedes.handle(socket),
  );
  server.on("tlsClientError", () => undefined);
  server.listen(0, "localhost");
  await once(server, "listening");
  servers.push(server);
  const address = server.address();
  return `mqtts://localhost:${typeof address === "object" && address !== null ? address.port : 0}`;
}

describe.skipIf(!hasOpenssl)("mqtts", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cippo-tls-"));
    authority(folder, "ca");
    authority(folder, "other-ca");
    certificate(folder, "server");
    certificate(folder, "gw");
    certificate(folder, "stranger", "other-ca");
    certificate(folder, "expired", "ca", -1);
    aedes = await Aedes.createBroker();
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    await new Promise<void>((resolve) => aedes.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const credentials = (more: Record<string, string> = {}) => ({ folder, cert: "gw.crt", key: "gw.key", ca: "ca.crt", ...more });
  const attempt = (url: string, clockSynced: boolean, more = {}) =>
    openSocket(
      { broker: url, credentials: credentials(more), timeoutMs: 2000, clockSynced: () => clockSynced },
      new AbortController().signal,
    ).then((socket) => socket.destroy());

  it("connects with the gateway's certificate", async () => {
    await using h = harness(await broker("server"), { credentials: credentials() }, new MemoryOutbox());
    await eventually(() => expect(h.sync.status().connected).toBe(true));
    expect(h.edge.clock.boot).toBe(systemClock("assumed").boot);
  });

  it("says which file is missing", async () => {
    await expect(attempt(await broker("server"), true, { cert: "gone.crt" })).rejects.toMatchObject({
      code: "credentials.missing",
      context: { name: "gone.crt", folder },
    });
  });

  it("does not trust another authority, nor another name", async () => {
    const url = await broker("server");
    await expect(attempt(url, true, { ca: "other-ca.crt" })).rejects.toMatchObject({
      code: "sync.broker-authority",
      context: { ca: "other-ca.crt", reason: expect.stringMatching(/^(SELF_SIGNED|UNABLE_TO)/) },
    });
    await expect(attempt(url.replace("localhost", "127.0.0.1"), true)).rejects.toMatchObject({
      code: "sync.broker-name",
      context: { host: "127.0.0.1", names: "localhost" },
    });
  });

  it("blames the clock for a date only while the clock is not synchronised", async () => {
    const url = await broker("expired");
    await expect(attempt(url, false)).rejects.toMatchObject({ code: "sync.clock" });
    await expect(attempt(url, true)).rejects.toMatchObject({
      code: "sync.broker-dates",
      context: { reason: "CERT_HAS_EXPIRED" },
    });
  });

  it("says which file is no credential", async () => {
    const url = await broker("server");
    writeFileSync(join(folder, "rubbish"), "hello");
    writeFileSync(join(folder, "empty"), "");
    for (const part of ["ca", "cert", "key"] as const)
      for (const name of ["rubbish", "empty"])
        await expect(attempt(url, true, { [part]: name }), `${part} ${name}`).rejects.toMatchObject({
          code: "credentials.unusable",
          context: { name },
        });
    await expect(attempt(url, true, { key: "stranger.key" })).rejects.toMatchObject({
      code: "credentials.unusable",
      context: { name: "stranger.key", reason: { en: expect.stringContaining("MISMATCH") } },
    });
  });

  it("says that what answers is no TLS", async () => {
    const plain = createTcpServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    plain.listen(0, "localhost");
    await once(plain, "listening");
    const address = plain.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(attempt(`mqtts://localhost:${port}`, true)).rejects.toMatchObject({ code: "sync.not-tls" });
    plain.close();
  });
});
