/** A release by HTTPS: a cut transfer goes on, and a server that lies or never ends costs nothing. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { authority, certificate, hasOpenssl } from "../../support/broker/certificates.ts";
import { hasUpdateTools, nameOf, UpdateBox } from "../../support/systemd/update-box.ts";

type Serve = (file: Buffer, range: number, response: ServerResponse, name: string) => void;

let box: UpdateBox;
let server: Server;
let folder: string;
/** How a file is given out; the least that a static server does, unless a test says otherwise. */
let serve: Serve;
let asked: string[];
let sent: number;

const ranged: Serve = (file, range, response) => {
  const head = { "content-length": file.length - range, "content-range": `bytes ${range}-${file.length - 1}/${file.length}` };
  response.writeHead(range > 0 ? 206 : 200, range > 0 ? head : { "content-length": file.length }).end(file.subarray(range));
};

const skipped = !hasOpenssl || !hasUpdateTools;
beforeEach(async () => {
  if (skipped) return;
  box = new UpdateBox();
  box.installed({ seq: 1 });
  authority(box.root, "ca");
  certificate(box.root, "server");
  [serve, asked, sent] = [ranged, [], 0];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const name = (request.url ?? "").split("/").at(-1) ?? "";
    const range = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    asked.push(`${name}${range > 0 ? ` from ${range}` : ""}`);
    response.on("close", () => {
      sent += response.socket?.bytesWritten ?? 0;
    });
    serve(readFileSync(join(folder, name)), range, response, name);
  };
  const keys = { key: readFileSync(box.path("server.key")), cert: readFileSync(box.path("server.crt")) };
  server = createServer(keys, answer).listen(0, "localhost");
  await once(server, "listening");
  writeFileSync(box.path("etc/cippo/update.conf"), `cacert=${box.path("ca.crt")}\nfrom=${url()}\n`);
});
afterEach(() => {
  if (skipped) return;
  server?.closeAllConnections();
  server?.close();
  box[Symbol.dispose]();
});
const url = (): string => {
  const address = server.address();
  return `https://localhost:${typeof address === "object" ? address?.port : 0}`;
};
const install = (more: readonly string[] = []) => box.started("update", ["install", `${url()}/2`, ...more]);

describe.skipIf(skipped)("by HTTPS", () => {
  it("a request of the gateway is fetched, staged and on trial; the same Node is not fetched", async () => {
    ({ folder } = box.release({ seq: 2 }));
    writeFileSync(box.path("run/cippo/update/request"), `cippo 2 ${url()}/2\n`);
    expect(await box.started("update", ["request"])).toMatchObject({ status: 0 });
    expect([box.state, box.running, box.isWhole]).toEqual(["trial", nameOf(2), true]);
    expect(asked).toEqual(["release", "release.sig", "SHA256SUMS", "app.tar.gz"]);
  });

  it("a transfer that is cut goes on where it ended", async () => {
    ({ folder } = box.release({ seq: 2, product: noise(300_000) }));
    const size = readFileSync(join(folder, "app.tar.gz")).length;
    let cuts = 0;
    serve = (file, range, response, name) => {
      if (name !== "app.tar.gz" || cuts >= 5) return ranged(file, range, response, name);
      cuts += 1;
      const head = { "content-length": size - range, "content-range": `bytes ${range}-${size - 1}/${size}` };
      response.writeHead(range > 0 ? 206 : 200, head);
      response.write(file.subarray(range, range + 40_000), () => response.socket?.end());
    };
    for (let i = 0; i < 8 && box.state === "idle"; i += 1) await install();
    expect([box.state, box.running, box.isWhole]).toEqual(["trial", nameOf(2), true]);
    expect(asked.filter((one) => one.startsWith("app.tar.gz from")).length).toBeGreaterThan(2);
    expect(sent).toBeLessThan(2 * size);
  });

  it("a server that knows no ranges is asked for the whole", async () => {
    ({ folder } = box.release({ seq: 2, product: noise(100_000) }));
    let cut = true;
    serve = (file, _range, response, name) => {
      if (name === "app.tar.gz" && cut) {
        cut = false;
        response.writeHead(200, { "content-length": file.length });
        response.write(file.subarray(0, 30_000), () => response.socket?.end());
      } else response.writeHead(200, { "content-length": file.length }).end(file);
    };
    for (let i = 0; i < 4 && box.state === "idle"; i += 1) await install();
    expect([box.state, box.isWhole]).toEqual(["trial", true]);
  });

  it("a part left by another release, or spoiled on the way, is never believed", async () => {
    ({ folder } = box.release({ seq: 2, product: noise(100_000) }));
    serve = (file, range, response, name) => {
      if (name === "app.tar.gz") response.writeHead(200, { "content-length": file.length }).end(Buffer.alloc(file.length, 7));
      else ranged(file, range, response, name);
    };
    expect((await install()).out).toContain("update.spoiled");
    serve = ranged;
    expect((await install()).status).toBe(0);
    expect(box.isWhole).toBe(true);
  });

  it("data without end is cut at the size that was signed", async () => {
    ({ folder } = box.release({ seq: 2 }));
    serve = (file, range, response, name) => {
      if (name !== "app.tar.gz") return ranged(file, range, response, name);
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        if (!response.destroyed) response.once("drain", pour);
      };
      response.on("error", () => undefined);
      pour();
    };
    const { out, status } = await install();
    expect([status, out]).toEqual([1, expect.stringMatching(/update\.(cut|spoiled)/)]);
    expect(sent).toBeLessThan(5_000_000);
    expect(box.running).toBe(nameOf(1));
  });

  it("a server that is not the city's, and plain HTTP, are refused", async () => {
    ({ folder } = box.release({ seq: 2 }));
    truncateSync(box.path("etc/cippo/update.conf"), 0);
    expect((await install()).out).toContain("update.unreachable");
    expect((await box.started("update", ["install", url().replace("https", "http")])).out).toContain("update.unreachable");
    expect(asked).toEqual([]);
  });
});

/** Text that hardly compresses. */
const noise = (bytes: number): string => randomBytes(bytes).toString("base64");
