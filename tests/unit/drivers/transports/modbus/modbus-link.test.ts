/** Connections that end, stall or refuse under a Modbus line: nothing stays pending or open, and no value is invented. */
import { readdirSync, readFileSync } from "node:fs";
import type { Socket } from "node:net";
// @ts-expect-error the package has types, its `exports` hide them
import { MockBinding } from "@serialport/binding-mock";
import { afterEach, describe, expect, it } from "vitest";
import { busSchema, type ModbusSpec } from "../../../../../src/drivers/buses.ts";
import type { ModbusRequest } from "../../../../../src/drivers/driver.ts";
import { ModbusLine } from "../../../../../src/drivers/transports/modbus/modbus-line.ts";
import { CLOSE_MS } from "../../../../../src/drivers/transports/serial/byte-wire.ts";
import type { SerialBinding } from "../../../../../src/drivers/transports/serial/serial-port.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import {
  type Asked,
  codeOf,
  type FarSide,
  farSide,
  mbap,
  mockPorts,
  never,
  poured,
  registers,
  wait,
  withCrc,
} from "../../support.ts";

const descriptors = () => readdirSync("/proc/self/fd").length;
const PATIENCE = { timeout: "150ms", replyDeadline: "300ms" };
/** Where nothing has to be waited for: a process that stands still is no silence. */
const LONG = { timeout: "15s", replyDeadline: "15s" };
const lineTo = (far: FarSide) => new ModbusLine("line", far.spec as ModbusSpec, noLog);
const read = (unit: number, address: number): ModbusRequest => ({ unit, fc: 3, address, quantity: 1, priority: "poll" });
const own = ({ unit, fc, address }: Asked): Buffer => registers(unit, fc, address);
const value = (line: ModbusLine, request: ModbusRequest) =>
  line.request(request, never).then(({ data }) => Buffer.from(data).readUInt16BE(0));

describe.each(["tcp", "rtu-tcp"] as const)("%s", (modbus) => {
  const reply = (asked: Asked, rtu: Buffer) => asked.socket.write(modbus === "tcp" ? mbap(asked.transaction, rtu) : rtu);

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])("exception %i is told by its number, and is no value", async (exception) => {
    await using far = await farSide(modbus, (a) => reply(a, a.unit === 1 ? withCrc(1, 0x83, exception) : own(a)), LONG);
    await using line = lineTo(far);
    await expect(value(line, read(1, 7))).rejects.toMatchObject({ code: "bus.exception", context: { exception, unit: 1 } });
    expect(await value(line, read(2, 8))).toBe(8);
    expect(line.stats).toMatchObject({ exceptions: 1, timeouts: 0 });
  });

  it("half a reply that came before the time-out does not spoil the next good one", async () => {
    await using far = await farSide(
      modbus,
      (asked) => (asked.n === 1 ? asked.socket.write(own(asked).subarray(0, 4)) : reply(asked, own(asked))),
      PATIENCE,
    );
    await using line = lineTo(far);
    expect(await codeOf(value(line, read(1, 100)))).toMatch(/^bus\./);
    expect(await value(line, read(2, 200))).toBe(200);
    expect(await value(line, read(1, 300))).toBe(300);
  });

  it("a hundred connections that are hung up leave one socket and no descriptor behind", { timeout: 30_000 }, async () => {
    const sockets = new Set<Socket>();
    await using far = await farSide(
      modbus,
      (asked) => {
        sockets.add(asked.socket);
        asked.socket.once("close", () => sockets.delete(asked.socket));
        if (asked.n % 2 === 0) asked.socket.destroy();
        else reply(asked, own(asked));
      },
      LONG,
    );
    await using line = lineTo(far);
    let before = 0;
    // Each unit is asked once: none of them rests.
    for (let unit = 1; unit <= 200; unit += 2) {
      expect(await value(line, read(unit, unit))).toBe(unit);
      expect(await codeOf(value(line, read(unit + 1, 1)))).toBe("bus.unreachable");
      before ||= descriptors() + 2;
    }
    expect(await value(line, read(247, 5))).toBe(5);
    expect(far.connections()).toBe(101);
    await expect.poll(() => sockets.size).toBe(1);
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  it("a far side that pours out what nobody asked for is hung up on, told, and asked again on a new connection", async () => {
    const ends: Promise<void>[] = [];
    await using far = await farSide(
      modbus,
      (asked) => {
        const foreign = modbus === "tcp" ? mbap(asked.transaction + 1, own(asked)) : own({ ...asked, unit: 9 });
        if (asked.n === 1) ends.push(poured(asked.socket, foreign));
        else reply(asked, own(asked));
      },
      { timeout: "10s" },
    );
    await using line = lineTo(far);
    const failed = value(line, read(1, 100));
    await expect(failed).rejects.toMatchObject({ code: "bus.flooded", context: { bus: "line" }, cameWhole: false });
    await Promise.all(ends);
    expect(await value(line, read(2, 200))).toBe(200);
    expect([far.connections(), line.stats.timeouts]).toEqual([2, 0]);
  });

  it("however much is asked for in a second, its replies are no flood", async () => {
    const much = (asked: Asked) => reply(asked, registers(asked.unit, asked.fc, ...Array(asked.quantity).fill(asked.address)));
    await using far = await farSide(modbus, much);
    await using line = lineTo(far);
    for (let address = 0; address < 3000; address += 1)
      expect(await value(line, { ...read(1, address), quantity: 125 })).toBe(address);
    expect(far.connections()).toBe(1);
  });

  it("a connection on which nothing is said is watched by the kernel", async () => {
    await using far = await farSide(modbus, (asked) => reply(asked, own(asked)), LONG);
    await using line = lineTo(far);
    await value(line, read(1, 1));
    const port = "port" in far.spec ? Number(far.spec.port) : 0;
    // proc(5), net/tcp: the sixth field is "timer:jiffies", and 2 is the timer of keepalive.
    const timer = () =>
      readFileSync("/proc/net/tcp", "utf8")
        .split("\n")
        .map((row) => row.trim().split(/\s+/))
        .find(
          ([, , remote, state]) => remote === `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}` && state === "01",
        )?.[5];
    await expect.poll(() => timer()?.slice(0, 2)).toBe("02");
  });
});

describe("rtu", () => {
  const ports = mockPorts();
  const { binding } = ports;
  const spec = busSchema.parse({ modbus: "rtu", port: "/dev/x", timeout: "2s" }) as ModbusSpec;
  afterEach(() => {
    MockBinding.reset();
    ports.opened = undefined;
  });

  it("closed with a request on the wire: it is told at once, and the port is free for the next one", async () => {
    MockBinding.createPort("/dev/x", { record: true });
    const line = new ModbusLine("line", spec, noLog, binding);
    const asked = codeOf(line.request(read(1, 1), never));
    await expect.poll(() => ports.opened?.recording.length).toBe(8);
    const begun = performance.now();
    await line[Symbol.asyncDispose]();
    expect(await asked).toBe("bus.unreachable");
    expect(performance.now() - begun).toBeLessThan(CLOSE_MS);
    ports.opened = undefined;
    await using again = new ModbusLine("line", spec, noLog, binding);
    const next = value(again, read(2, 5));
    await expect.poll(() => ports.opened?.recording.length).toBe(8);
    ports.opened?.emitData(registers(2, 3, 5));
    expect(await next).toBe(5);
  });

  it("keeps the line silent for 3.5 characters between a reply and the next request", async () => {
    MockBinding.createPort("/dev/x", { record: true });
    const slow = busSchema.parse({ modbus: "rtu", port: "/dev/x", baud: 1200, timeout: "2s" }) as ModbusSpec;
    await using line = new ModbusLine("line", slow, noLog, binding);
    const both = [value(line, read(2, 5)), value(line, read(3, 5))];
    await expect.poll(() => ports.opened?.recording.length).toBe(8);
    const port = ports.opened;
    if (!port) throw new Error("not opened");
    const asked = new Promise<number>((resolve) => {
      const write = port.write.bind(port);
      port.write = (bytes: Buffer) => {
        resolve(performance.now());
        return write(bytes);
      };
    });
    port.emitData(registers(2, 3, 5));
    const replied = performance.now();
    // Eleven bits a character.
    expect((await asked) - replied).toBeGreaterThanOrEqual((3.5 * 11 * 1000) / 1200 - 1);
    port.emitData(registers(3, 3, 6));
    expect(await Promise.all(both)).toEqual([5, 6]);
  });

  it("unplugged before a request has left: it is the port's fault and not the unit's, which is asked as soon as the port is back", async () => {
    MockBinding.createPort("/dev/x", { record: true });
    const slow = busSchema.parse({ modbus: "rtu", port: "/dev/x", timeout: "2s", replyDeadline: "60s", gap: "1s" }) as ModbusSpec;
    await using line = new ModbusLine("line", slow, noLog, binding);
    const first = value(line, read(2, 5));
    await expect.poll(() => ports.opened?.recording.length).toBe(8);
    ports.opened?.emitData(registers(2, 3, 5));
    expect(await first).toBe(5);
    const pulled = ports.opened;
    const asked = codeOf(line.request(read(2, 5), never));
    await wait(20);
    if (pulled) pulled.read = () => Promise.reject(Object.assign(new Error("gone"), { disconnect: true }));
    pulled?.emitData(Buffer.from([0])); // what was being read ends, and the next read finds no port
    expect(await asked).toBe("port.lost");
    expect(pulled?.recording.length).toBe(8);
    const next = value(line, read(2, 5));
    await expect.poll(() => ports.opened !== pulled && ports.opened?.recording.length).toBe(8);
    ports.opened?.emitData(registers(2, 3, 6));
    expect(await next).toBe(6);
  });

  it("closed while a write is on its way: what the write meets later harms nobody", async () => {
    MockBinding.createPort("/dev/x");
    let fail: (error: Error) => void = () => undefined;
    const stuck = {
      ...binding,
      open: async (options: Parameters<typeof MockBinding.open>[0]) => {
        const port = await MockBinding.open(options);
        port.write = () => new Promise<void>((_, reject) => (fail = reject));
        return port;
      },
    } as unknown as SerialBinding;
    const line = new ModbusLine("line", spec, noLog, stuck);
    const asked = codeOf(line.request({ unit: 9, fc: 6, address: 1, values: [1], priority: "command" }, never));
    await wait(20);
    await line[Symbol.asyncDispose]();
    expect(await asked).toBe("bus.unreachable");
    fail(new Error("EBADF"));
    // An `error` that nobody listens to would end the process: vitest fails on it.
    await wait(10);
  });
});
