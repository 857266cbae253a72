/** Readers of badges on real sockets: each badge is told as a hash, once while it is held, and its bytes are overwritten. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { busSchema } from "../../../../../../src/drivers/buses.ts";
import { FrameStream } from "../../../../../../src/drivers/families/frame/codec.ts";
import { codecOf } from "../../../../../../src/drivers/families/frame/codecs.ts";
import { deviceInfo, loadDriver } from "../../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../../src/model/index.ts";
import { temporary } from "../../../../../support/running/processes.ts";
import { codeOf, never } from "../../../support.ts";

/** 62E3086CED, and the same with a last byte of EE. */
const ONE = Buffer.from("\x0262E3086CED08\x03", "latin1");
const OTHER = Buffer.from("\x0262E3086CEE0B\x03", "latin1");
const HASH = "k1:c28a3eeb411ed67d99c130f5ac3b6d07";

async function reader(keys: string | null, written: Readonly<Record<string, unknown>> = {}, type = "rdm6300") {
  const dir = await temporary("badge");
  if (keys !== null) await writeFile(join(dir.path, "badge.key"), keys);
  const lines: Socket[] = [];
  const server = createServer((socket) => lines.push(socket.on("error", () => undefined))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const spec = busSchema.parse({ serial: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const wires = openWires({ uart: spec }, noLog, { credentials: dir.path, badgeKey: "badge.key" });
  const driver = await loadDriver(type);
  const info = deviceInfo("reader", driver, driver.options.parse(written), "uart", wires);
  const open = async () => {
    const device = await info.open(never);
    const batches = device.readings({ next: () => Promise.resolve(0) }, never)[Symbol.asyncIterator]();
    const next = async (): Promise<readonly Reading[]> => (await batches.next()).value ?? [];
    if (lines.length === 0) await once(server, "connection");
    return { device, next, line: lines.at(-1) as Socket };
  };
  return {
    info,
    wires,
    lines,
    open,
    async [Symbol.asyncDispose]() {
      for (const line of lines) line.destroy();
      server.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}
const KEYS = "k1 000102030405060708090a0b0c0d0e0f\n";
const values = (readings: readonly Reading[]) => readings.map(({ point, value, quality }) => [point, value, quality]);

describe("a reader of badges", () => {
  it("is there as soon as its line is, and need not speak", async () => {
    await using here = await reader(KEYS);
    const { device, next } = await here.open();
    expect(await next()).toEqual([]);
    expect(device.isTriggered?.()).toBe(true);
    expect(here.info.points).toEqual({ badge: { unit: "", kind: "credential" } });
  });

  it("tells each badge as a hash, and one that is held once", async () => {
    await using here = await reader(KEYS, { again: "1h" });
    const { next, line } = await here.open();
    await next();
    line.write(Buffer.concat([ONE, ONE, OTHER, ONE]));
    const told = values(await next());
    expect(told.map(([point]) => point)).toEqual(["badge", "badge", "badge"]);
    expect(told[0]).toEqual(["badge", HASH, "good"]);
    expect(told[1]?.[1]).not.toBe(HASH);
    expect(told[2]?.[1]).toBe(HASH);
    line.write(ONE);
    expect(await next()).toEqual([]);
  });

  it("loses no badge to noise before it, nor to pieces", async () => {
    await using here = await reader(KEYS, { again: "1ms" });
    const { next, line } = await here.open();
    await next();
    for (const piece of [Buffer.from([0, 0xff, 0x02, 0x36]), ONE.subarray(0, 5), ONE.subarray(5)]) {
      line.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(values(await next())).toEqual([["badge", HASH, "good"]]);
    expect(here.info.wire?.()).toMatchObject({ frames: 1, strayBytes: 4 });
  });

  it.each([
    ["no file", null, "credentials.missing"],
    ["half a key", "k1 0001020304050607\n", "credentials.unusable"],
    ["no name of the key", "000102030405060708090a0b0c0d0e0f\n", "credentials.unusable"],
    ["three keys", [1, 2, 3].map((n) => `k${n} 000102030405060708090a0b0c0d0e0f\n`).join(""), "credentials.unusable"],
  ])("does not open with %s", async (_, keys, code) => {
    await using here = await reader(keys);
    expect(await codeOf(here.info.open(never))).toBe(code);
  });

  it("of plain lines takes none for a badge whose beginning was spoilt", async () => {
    await using here = await reader(KEYS, { digits: "text", length: [4, 16], again: "1ms" }, "ascii-reader");
    const { next, line } = await here.open();
    await next();
    line.write(Buffer.from("PASS\x00-0042\r\n", "latin1"));
    line.write(Buffer.from("PASS-0042\r\n", "latin1"));
    const told: (readonly Reading[])[] = [];
    while (told.flat().length === 0) told.push(await next());
    expect(values(told.flat())).toEqual([["badge", "k1:0d475b79900fc0d00b3e312d4051c4b4", "good"]]);
  });
});

describe("two readers on one line", () => {
  const plain = { digits: "text", length: [1, 16], again: "1ms" };

  it("are told apart by their prefix; the port is one, is open while either listens, and nothing of the other is stray", async () => {
    await using here = await reader(KEYS, { ...plain, prefix: "T:" }, "ascii-reader");
    const driver = await loadDriver("ascii-reader");
    const other = deviceInfo("codes", driver, driver.options.parse({ ...plain, prefix: "Q:" }), "uart", here.wires);
    const first = await here.open();
    const second = await other.open(never);
    const codes = second.readings({ next: () => Promise.resolve(0) }, never)[Symbol.asyncIterator]();
    expect([await first.next(), (await codes.next()).value]).toEqual([[], []]);
    first.line.write("T:PASS-0042\r\nQ:PASS-0042\r\nT:PASS-0043\r\n");
    const tags = values(await first.next());
    expect(tags.map(([, value]) => value === "k1:0d475b79900fc0d00b3e312d4051c4b4")).toEqual([true, false]);
    expect(values((await codes.next()).value ?? [])).toEqual([["badge", "k1:0d475b79900fc0d00b3e312d4051c4b4", "good"]]);
    expect(here.info.wire?.()).toEqual({ frames: 3, strayBytes: 0, unread: 0 });
    expect(here.lines).toHaveLength(1);

    await first.device[Symbol.asyncDispose]();
    first.line.write("Q:PASS-0042\r\n");
    expect(values((await codes.next()).value ?? [])).toHaveLength(1);
    await second[Symbol.asyncDispose]();
    await once(first.line, "close");
  });

  it("both hear of it when the line is lost, and open it again together", async () => {
    await using here = await reader(KEYS, { ...plain, prefix: "T:" }, "ascii-reader");
    const driver = await loadDriver("ascii-reader");
    const other = deviceInfo("codes", driver, driver.options.parse({ ...plain, prefix: "Q:" }), "uart", here.wires);
    const first = await here.open();
    const second = await other.open(never);
    const codes = second.readings({ next: () => Promise.resolve(0) }, never)[Symbol.asyncIterator]();
    await first.next();
    await codes.next();
    first.line.destroy();
    expect([await codeOf(first.next()), await codeOf(codes.next())]).toEqual(["bus.unreachable", "bus.unreachable"]);
    await using again = await here.info.open(never);
    await using both = await other.open(never);
    expect([again.isTriggered?.(), both.isTriggered?.()]).toEqual([true, true]);
    expect(here.lines).toHaveLength(2);
  });
});

it("overwrites what came in, held or given out", () => {
  const layout = { framing: "line", begin: "", fields: [{ name: "badge", decode: "hex", chars: [4, 4] }], end: "\r" } as const;
  const frames = new FrameStream(codecOf(layout), true);
  const [first, second] = [Buffer.from("A1B2\rC3"), Buffer.from("D4\r")];
  expect(frames.push(first)).toEqual([{ badge: Uint8Array.from(Buffer.from("A1B2")) }]);
  expect(frames.push(second)).toEqual([{ badge: Uint8Array.from(Buffer.from("C3D4")) }]);
  expect([...first, ...second].every((byte) => byte === 0)).toBe(true);
});
