/** Serial ports that are missing, locked, unplugged or dribble: frames, or an error that names the trouble. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { open as openFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @ts-expect-error the package has types, its `exports` hide them
import { MockBinding } from "@serialport/binding-mock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { busSchema, type ModbusSpec, type SerialSpec } from "../../../../../src/drivers/buses.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { openSerialPort, type SerialBinding, serialLine } from "../../../../../src/drivers/transports/serial/serial-port.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import { codeOf, mockPorts, never, poured, registers, wait } from "../../support.ts";

const spec = (serial: string) => busSchema.parse({ serial }) as SerialSpec;

describe("a mocked port", () => {
  const ports = mockPorts();
  const { binding } = ports;
  afterEach(() => MockBinding.reset());

  it("that does not exist is missing; one that is open already is busy", async () => {
    expect(await codeOf(serialLine("b", spec("/dev/none"), binding).open(never))).toBe("port.missing");
    MockBinding.createPort("/dev/x");
    await using _port = await serialLine("b", spec("/dev/x"), binding).open(never);
    expect(await codeOf(serialLine("b", spec("/dev/x"), binding).open(never))).toBe("port.busy");
  });

  it.each(["Permission denied", "Operation not permitted"])("that answers %s is denied", async (words) => {
    const closed = { ...binding, open: () => Promise.reject(new Error(`Error: ${words}, cannot open /dev/x`)) };
    expect(await codeOf(serialLine("b", spec("/dev/x"), closed as unknown as SerialBinding).open(never))).toBe("port.denied");
  });

  it("gives the bytes that arrive, and those that came before anybody asked", async () => {
    MockBinding.createPort("/dev/x");
    await using port = await serialLine("b", spec("/dev/x"), binding).open(never);
    ports.opened?.emitData(Buffer.from("ab"));
    await wait(10);
    const chunks = port.chunks(never)[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value?.bytes ?? []).toString()).toBe("ab");
    ports.opened?.emitData(Buffer.from("cd"));
    expect(Buffer.from((await chunks.next()).value?.bytes ?? []).toString()).toBe("cd");
  });

  it("is released by closing, ten times over, and never written to when closed", async () => {
    MockBinding.createPort("/dev/x", { record: true });
    const line = serialLine("b", spec("/dev/x"), binding);
    for (let i = 0; i < 10; i++) {
      const port = await line.open(never);
      await port.write(Buffer.from("x"), never);
      await port[Symbol.asyncDispose]();
      expect(await codeOf(port.write(Buffer.from("stale"), never))).toBe("port.lost");
    }
    await using _port = await line.open(never);
    expect(ports.opened?.recording.toString()).toBe("");
  });

  it("that fails a write is lost: the reader hears of it, and nothing crashes", async () => {
    MockBinding.createPort("/dev/x");
    await using port = await serialLine("b", spec("/dev/x"), binding).open(never);
    if (ports.opened) ports.opened.write = () => Promise.reject(new Error("EIO"));
    const reading = codeOf(port.chunks(never)[Symbol.asyncIterator]().next());
    expect(await codeOf(port.write(Buffer.from("x"), never))).toBe("port.lost");
    expect(await reading).toBe("port.lost");
    // serialport's stream is destroyed for good: the next opening must be of a new one, and nothing may hold the port.
    await using again = await serialLine("b", spec("/dev/x"), binding).open(never);
    ports.opened?.emitData(Buffer.from("ab"));
    expect(Buffer.from((await again.chunks(never)[Symbol.asyncIterator]().next()).value?.bytes ?? []).toString()).toBe("ab");
    await again.write(Buffer.from("y"), never);
  });

  it("closed while a write is on its way says so to the writer, and what the write meets later harms nobody", async () => {
    MockBinding.createPort("/dev/x");
    const port = await serialLine("b", spec("/dev/x"), binding).open(never);
    let fail: (error: Error) => void = () => undefined;
    if (ports.opened) ports.opened.write = () => new Promise((_, reject) => (fail = reject));
    const written = codeOf(port.write(Buffer.from("x"), never));
    await port[Symbol.asyncDispose]();
    fail(new Error("EBADF"));
    expect(await written).toBe("port.lost");
    // An `error` that nobody listens to would end the process: vitest fails on it.
    await wait(10);
  });

  it("that is being closed since it was lost is disposed of when that is done, and not before", async () => {
    MockBinding.createPort("/dev/x");
    const port = await serialLine("b", spec("/dev/x"), binding).open(never);
    let isClosed = false;
    if (ports.opened) {
      const close = ports.opened.close.bind(ports.opened);
      ports.opened.write = () => Promise.reject(new Error("EIO"));
      ports.opened.close = async () => {
        await wait(50);
        await close();
        isClosed = true;
      };
    }
    expect(await codeOf(port.write(Buffer.from("x"), never))).toBe("port.lost");
    expect(isClosed).toBe(false);
    await port[Symbol.asyncDispose]();
    expect(isClosed).toBe(true);
  });

  it("that never finishes closing is let go of after two seconds", async () => {
    MockBinding.createPort("/dev/x");
    const port = await serialLine("b", spec("/dev/x"), binding).open(never);
    if (ports.opened) ports.opened.close = () => new Promise(() => undefined);
    const begun = performance.now();
    await port[Symbol.asyncDispose]();
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(port.isOpen).toBe(false);
  });

  it("that nobody reads fills no memory: the newest 16 KiB are kept, and what went is counted", async () => {
    MockBinding.createPort("/dev/x");
    const line = serialLine("b", spec("/dev/x"), binding);
    await using port = await line.open(never);
    for (let i = 0; i < 1000; i++) {
      ports.opened?.emitData(Buffer.from(`${i}`.padStart(100, "0")));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => line.heard.unread).toBeGreaterThan(100_000 - 16_384 - 1);
    const stop = new AbortController();
    const kept: Uint8Array[] = [];
    setTimeout(() => stop.abort(), 50);
    for await (const { bytes } of port.chunks(stop.signal)) kept.push(bytes);
    const text = Buffer.concat(kept);
    expect(text.length).toBeLessThanOrEqual(16_384);
    expect(text.length + line.heard.unread).toBe(100_000);
    expect(text.subarray(-4).toString()).toBe("0999");
  });

  it("that never finishes a write is lost after the write's own deadline", async () => {
    MockBinding.createPort("/dev/x");
    await using port = await serialLine("b", spec("/dev/x"), binding).open(never);
    if (ports.opened) ports.opened.write = () => new Promise(() => undefined);
    expect(await codeOf(port.write(Buffer.from("x"), never))).toBe("port.lost");
    expect(port.isOpen).toBe(false);
  });
});

const socat = spawnSync("socat", ["-V"]).status === 0;

/** Two pseudo-terminals joined by socat. */
async function pair(folder: string): Promise<ChildProcess> {
  const child = spawn("socat", [`pty,raw,echo=0,link=${folder}/near`, `pty,raw,echo=0,link=${folder}/far`], { stdio: "ignore" });
  await expect.poll(() => existsSync(`${folder}/near`) && existsSync(`${folder}/far`), { interval: 5 }).toBe(true);
  return child;
}

describe.runIf(socat)("a real port through pseudo-terminals", () => {
  let folder: string;
  let near: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cippo-serial-"));
    near = join(folder, "near");
  });
  afterEach(() => {
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });

  it("speaks Modbus RTU, byte by byte if it must", async () => {
    child = await pair(folder);
    await using far = await openFile(join(folder, "far"), "r+");
    const bus = busSchema.parse({ modbus: "rtu", port: near, baud: 19200, timeout: "15s" }) as ModbusSpec;
    await using line = new ModbusLine("line", bus, noLog);
    const answered = line.request({ unit: 3, fc: 4, address: 16, quantity: 1, priority: "poll" }, never);
    const request = Buffer.alloc(8);
    for (let got = 0; got < 8; ) got += (await far.read(request, got, 8 - got)).bytesRead;
    expect(request.subarray(0, 6).toString("hex")).toBe("030400100001");
    for (const byte of registers(3, 4, 4711)) {
      await far.write(Buffer.of(byte));
      await wait(1);
    }
    expect(Buffer.from((await answered).data).readUInt16BE(0)).toBe(4711);
  });

  it("says when it is unplugged, comes back with a new port, and leaves no file open behind", async () => {
    const line = serialLine("b", spec(near));
    expect(await codeOf(line.open(never))).toBe("port.missing");
    const before = openPorts();
    for (let i = 0; i < 3; i++) {
      child = await pair(folder);
      const port = await line.open(never);
      const reading = codeOf(port.chunks(never)[Symbol.asyncIterator]().next());
      child.kill("SIGKILL");
      expect(await reading).toBe("port.lost");
      expect(await codeOf(port.write(Buffer.from("command"), never))).toBe("port.lost");
      await port[Symbol.asyncDispose]();
      rmSync(near, { force: true });
      rmSync(join(folder, "far"), { force: true });
    }
    expect(openPorts()).toBe(before);
  });

  it("that another program holds is busy, by the kernel's own lock", async () => {
    child = await pair(folder);
    await using _port = await serialLine("b", spec(near)).open(never);
    expect(await codeOf(serialLine("b", spec(near)).open(never))).toBe("port.busy");
  });

  it("whose name leads to another device is lost, though the old one lives", async () => {
    child = await pair(folder);
    const name = join(folder, "by-id");
    symlinkSync(realpathSync(near), name);
    try {
      await using port = await serialLine("b", spec(name)).open(never);
      const reading = codeOf(port.chunks(never)[Symbol.asyncIterator]().next());
      rmSync(name);
      symlinkSync(realpathSync(join(folder, "far")), name);
      expect(await reading).toBe("port.lost");
    } finally {
      rmSync(name, { force: true });
    }
  });

  it("is closed again when stopped while it opens", async () => {
    child = await pair(folder);
    const before = openPorts();
    const stop = new AbortController();
    const opening = codeOf(
      openSerialPort({ path: near, baud: 9600, parity: "none", stopBits: 1 }, { bytes() {}, lost() {} }, stop.signal),
    );
    stop.abort();
    expect(await opening).toBe("port.lost");
    expect(openPorts()).toBe(before);
  });
});

const openPorts = (): number =>
  readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith("/dev/pts/");
    } catch {
      return false;
    }
  }).length;

describe("a serial device server (tcp://)", () => {
  it("that pours out more than any line carries is hung up on, and that is said", async () => {
    const ends: Promise<void>[] = [];
    const server = createServer((socket) => ends.push(poured(socket, Buffer.from([0xff, 0x02, 0xbc, 0xbd]))));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const line = serialLine("yard", spec(`tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`));
    await using port = await line.open(never);
    const ended = (async () => {
      for await (const _chunk of port.chunks(never));
    })();
    await expect(ended).rejects.toMatchObject({ code: "bus.flooded", context: { bus: "yard", host: "127.0.0.1" } });
    expect(await codeOf(port.write(Buffer.from("x"), never))).toBe("bus.flooded");
    await Promise.all(ends);
    // Left alone for a while, and the reason is still known.
    expect(await codeOf(line.open(never))).toBe("bus.flooded");
    expect(ends).toHaveLength(1);
    server.close();
  });

  it("gives bytes, takes bytes, and says when it hangs up", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("hi");
      socket.on("data", (bytes) => socket.end(bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const url = `tcp://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
    await using port = await serialLine("b", spec(url)).open(never);
    const chunks = port.chunks(never)[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value?.bytes ?? []).toString()).toBe("hi");
    await port.write(Buffer.from("ho"), never);
    expect(Buffer.from((await chunks.next()).value?.bytes ?? []).toString()).toBe("ho");
    expect(await codeOf(chunks.next())).toBe("bus.unreachable");
    expect(await codeOf(port.write(Buffer.from("x"), never))).toBe("bus.unreachable");
    server.close();
  });
});
