/** Certificates made on the spot go in; a TLS link, or the reason why there is none, comes out. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { Aedes } from "aedes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../src/kit/clock.ts";
import { openSocket } from "../../../src/sync/link/socket.ts";
import { FakeHouse } from "../../support/fake-house.ts";
import { eventually, harness } from "../../support/sync-harness.ts";

const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
const available = (() => {
  try {
    return execFileSync("openssl", ["version"]).length > 0;
  } catch {
    return false;
  }
})();

let folder: string;
let aedes: Aedes;
const servers: Server[] = [];

/** `days` may be negative: then the certificate expired yesterday. */
function certificate(name: string, subject: string, dates: readonly string[] = ["-days", "30"]): void {
  openssl(
    "req",
    "-new",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.csr`,
    "-subj",
    subject,
    "-addext",
    "subjectAltName=DNS:localhost",
  );
  openssl(
    "x509",
    "-req",
    "-in",
    `${name}.csr`,
    "-CA",
    "ca.crt",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-copy_extensions",
    "copy",
    "-out",
    `${name}.crt`,
    ...dates,
  );
}

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

describe.skipIf(!available)("mqtts", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cippo-tls-"));
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "ca.key",
      "-out",
      "ca.crt",
      "-subj",
      "/CN=City CA",
      "-days",
      "30",
    );
    openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-keyout",
      "x.key",
      "-out",
      "other-ca.crt",
      "-subj",
      "/CN=Other CA",
      "-days",
      "30",
    );
    certificate("server", "/CN=localhost");
    certificate("gw", "/CN=gw");
    certificate("expired", "/CN=localhost", ["-days", "-1"]);
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
    await using h = harness(await broker("server"), { credentials: credentials() }, new FakeHouse());
    await eventually(() => expect(h.sync.status().connected).toBe(true));
    expect(h.house.clock.boot).toBe(systemClock("assumed").boot);
  });

  it("says which file is missing", async () => {
    await expect(attempt(await broker("server"), true, { cert: "gone.crt" })).rejects.toMatchObject({
      code: "credentials.missing",
      context: { name: "gone.crt", folder },
    });
  });

  it("does not trust another authority, nor another name", async () => {
    const url = await broker("server");
    await expect(attempt(url, true, { ca: "other-ca.crt" })).rejects.toMatchObject({ code: "sync.refused" });
    await expect(attempt(url.replace("localhost", "127.0.0.1"), true)).rejects.toMatchObject({ code: "sync.refused" });
  });

  it("blames the clock for a date only while the clock is not synchronised", async () => {
    const url = await broker("expired");
    await expect(attempt(url, false)).rejects.toMatchObject({ code: "sync.clock" });
    await expect(attempt(url, true)).rejects.toMatchObject({ code: "sync.refused", context: { reason: "CERT_HAS_EXPIRED" } });
  });
});
