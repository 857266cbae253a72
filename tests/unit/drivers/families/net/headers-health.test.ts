/** Cameras asked for headers alone, over real sockets, and Python's web server, which is not ours. */
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { Program, temporary } from "../../../../support/running/processes.ts";

const CANARY = "canary-0aK!7";
let folder: Awaited<ReturnType<typeof temporary>>;
beforeAll(async () => {
  folder = await temporary("camera");
  await writeFile(join(folder.path, "cam.password"), CANARY);
});
afterAll(() => folder[Symbol.asyncDispose]());

const LOGIN = { user: "cippo", credentials: { password: "cam.password" } };

async function looked(type: string, port: number, more: object = {}, times = 1) {
  const driver = await loadDriver(type);
  await using wires = openWires({}, noLog, { credentials: folder.path });
  const options = driver.options.parse({ host: "127.0.0.1", port, path: "/one.jpg", timeout: "20s", ...more });
  const stop = new AbortController();
  await using device = await deviceInfo("cam", driver, options, "", wires).open(stop.signal);
  const all: Readonly<Record<string, unknown>>[] = [];
  for await (const readings of device.readings({ next: async () => 0 }, stop.signal)) {
    all.push(Object.fromEntries(readings.map(({ point, value, code }) => [point, code ?? value])));
    if (all.length === times) break;
  }
  return all;
}

/** Answers each request by what it was; `heard` holds them all. */
async function server(answer: (request: string) => string | null) {
  const heard: string[] = [];
  const made = createServer((socket) => {
    socket.on("error", () => undefined);
    let request = "";
    socket.on("data", (part) => {
      request += part.toString("latin1");
      if (!request.endsWith("\r\n\r\n")) return;
      heard.push(request);
      const reply = answer(request);
      if (reply !== null) socket.end(reply);
      request = "";
    });
  });
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const { port } = made.address() as AddressInfo;
  return { port, heard, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => made.close(() => resolve())) };
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** As a camera of another make would judge the answer to its challenge. */
function proves(request: string, password: string): boolean {
  const of = (name: string): string => new RegExp(`[ ,]${name}="([^"]*)"`).exec(request)?.[1] ?? "";
  const [method = ""] = request.split(" ");
  return of("response") === md5(`${md5(`cippo:cam:${password}`)}:abc:${md5(`${method}:${of("uri")}`)}`);
}

const CHALLENGE = 'CSeq: 1\r\nWWW-Authenticate: Basic realm="cam"\r\nWWW-Authenticate: Digest realm="cam", nonce="abc"\r\n\r\n';

describe("rtsp-health", () => {
  it("asks for what the camera can do, and for nothing else", async () => {
    await using camera = await server(() => "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, PLAY\r\n\r\n");
    expect(await looked("rtsp-health", camera.port)).toMatchObject([{ alive: true, authorised: true }]);
    expect(camera.heard).toEqual([`OPTIONS rtsp://127.0.0.1:${camera.port}/one.jpg RTSP/1.0\r\nCSeq: 1\r\n\r\n`]);
  });

  it("lives without a login where one is wanted, and is not let in", async () => {
    await using camera = await server(() => `RTSP/1.0 401 Unauthorized\r\n${CHALLENGE}`);
    expect(await looked("rtsp-health", camera.port)).toMatchObject([{ alive: true, authorised: false }]);
    expect(camera.heard).toHaveLength(1);
  });

  it.each([CANARY, "another"])("proves that it knows the password, whether it is the right one or not: %s", async (password) => {
    await using camera = await server((request) =>
      proves(request, password) ? "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" : `RTSP/1.0 401 Unauthorized\r\n${CHALLENGE}`,
    );
    const isRight = password === CANARY;
    const told = { alive: true, authorised: isRight };
    expect(await looked("rtsp-health", camera.port, LOGIN, 3)).toMatchObject([told, told, told]);
    // A wrong one is not tried again at once: cameras lock out whoever does.
    expect(camera.heard.filter((request) => request.includes("Authorization"))).toHaveLength(isRight ? 3 : 1);
    expect(camera.heard.join()).not.toContain(CANARY);
    expect(camera.heard.join()).not.toContain(Buffer.from(`cippo:${CANARY}`).toString("base64"));
  });

  it("does not live where nothing is answered, and is not understood where it is no RTSP", async () => {
    await using silent = await server(() => null);
    expect(await looked("rtsp-health", silent.port, { timeout: "100ms" })).toMatchObject([
      { alive: false, authorised: "net.timeout" },
    ]);
    await using other = await server(() => "SSH-2.0-OpenSSH_9.2\r\n");
    expect(await looked("rtsp-health", other.port)).toMatchObject([{ alive: true, authorised: "net.not-understood" }]);
  });
});

describe("snapshot-health", () => {
  const PYTHON = "/usr/bin/python3";
  const WEB = `
import http.server, sys
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: http.server.SimpleHTTPRequestHandler(*a, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
`;
  it("learns from the headers of Python's web server that a picture would come, and that none would", async () => {
    await writeFile(join(folder.path, "one.jpg"), "no picture at all");
    await using web = new Program(PYTHON, ["-c", WEB, folder.path]);
    const port = await web.line((line) => (/^\d+$/.test(line) ? Number(line) : undefined));
    expect(await looked("snapshot-health", port)).toMatchObject([{ alive: true, authorised: true, snapshot: true }]);
    expect(await looked("snapshot-health", port, { path: "/two.jpg" })).toMatchObject([{ alive: true, snapshot: false }]);
    expect(await looked("snapshot-health", port, { path: "/cam.password" })).toMatchObject([{ alive: true, snapshot: false }]);
  });

  it("takes no picture from a server that sends one all the same", async () => {
    await using camera = await server(() => `HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\nsomebody!`);
    const told = await looked("snapshot-health", camera.port);
    expect(told).toMatchObject([{ snapshot: true }]);
    expect(JSON.stringify(told)).not.toContain("somebody");
    expect(camera.heard.every((request) => request.startsWith("HEAD "))).toBe(true);
  });
});
