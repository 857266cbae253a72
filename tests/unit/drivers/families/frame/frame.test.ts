/** Streams of frames, torn, dribbled and mixed with garbage: only frames that were sent are read. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../../../../../hw-sim/site/serial/encode.ts";
import { busSchema } from "../../../../../src/drivers/buses.ts";
import { a02yyuw } from "../../../../../src/drivers/devices/a02yyuw.ts";
import { jsnSr04t } from "../../../../../src/drivers/devices/jsn-sr04t.ts";
import type { FrameField, LineField, Opening, SerialPortHandle, Wires } from "../../../../../src/drivers/driver.ts";
import { FrameStream } from "../../../../../src/drivers/families/frame/codec.ts";
import { codecOf } from "../../../../../src/drivers/families/frame/codecs.ts";
import { deviceInfo, deviceTypes, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import { type Dice, each } from "../../../../support/memory/dice.ts";
import fc from "../../../../support/property.ts";
import { codeOf, never } from "../../support.ts";

const layout = { framing: "fixed", header: [0xff], fields: [{ name: "distance", decode: "uint16" }], check: "sum8" } as const;
const frame = (mm: number): number[] => [0xff, mm >> 8, mm & 0xff, (0xff + (mm >> 8) + (mm & 0xff)) & 0xff];
const distances = fc.array(fc.integer({ min: 0, max: 4500 }), { minLength: 1, maxLength: 30 });

describe("the stream", () => {
  it("gives every frame of a clean stream, however it is cut", () => {
    fc.assert(
      fc.property(distances, fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sent, cuts) => {
        const bytes = Buffer.from(sent.flatMap(frame));
        const parser = new FrameStream(codecOf(layout));
        const got: number[] = [];
        for (let at = 0; at < bytes.length; ) {
          const n = cuts.next().value ?? 1;
          got.push(...parser.push(bytes.subarray(at, at + n)).map(({ distance }) => Number(distance)));
          at += n;
        }
        expect(got).toEqual(sent);
        expect(parser.strayBytes).toBe(0);
      }),
    );
  });

  it("loses two frames at most to one wrong byte, and invents none", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 256, max: 4500 }), { minLength: 6, maxLength: 20 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (sent, where, flip) => {
          const bytes = Buffer.from(sent.flatMap(frame));
          const at = where % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(at) ^ flip, at);
          const got = new FrameStream(codecOf(layout)).push(bytes).map(({ distance }) => Number(distance));
          for (const distance of got) expect(sent).toContain(distance);
          expect(got.length).toBeGreaterThanOrEqual(sent.length - 3);
        },
      ),
    );
  });

  it("holds no more than a frame of a megabyte of garbage, and calls it hopeless", () => {
    const parser = new FrameStream(codecOf(layout));
    for (let i = 0; i < 1000; i++) parser.push(Buffer.alloc(1000, 0xff - 1));
    expect(parser.hopeless).toBe(true);
    expect(parser.strayBytes).toBeGreaterThan(900_000);
    parser.push(Buffer.from([0, 0, 0, ...frame(1000)]));
    expect(parser.push(Buffer.from(frame(1000)))).toEqual([{ distance: 1000 }]);
    expect(parser.hopeless).toBe(false);
  });
});

describe("a sensor on a line", () => {
  const device = async (chunks: readonly { bytes: number[]; mono: number }[], more: object = {}) => {
    const port = {
      isOpen: true,
      async *chunks() {
        for (const { bytes, mono } of chunks) yield { bytes: Uint8Array.from(bytes), mono };
        throw new EdgeError("port.lost", { port: "uart" });
      },
      write: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    } satisfies SerialPortHandle;
    const wires = {
      serial: () => ({
        heard: { frames: 0, strayBytes: 0, unread: 0 },
        shared: <T>(_: string, make: () => T) => make(),
        open: () => Promise.resolve(port),
      }),
    } as unknown as Wires;
    const options = a02yyuw.options.parse({ occupiedBelow: "120cm", ...more });
    return a02yyuw.open({ id: "bay", options, bus: "uart", wires, stop: never } satisfies Opening<typeof options>);
  };
  const all = async (chunks: readonly { bytes: number[]; mono: number }[], more: object = {}) => {
    const got: (readonly Reading[])[] = [];
    try {
      for await (const batch of (await device(chunks, more)).readings({ next: () => Promise.resolve(0) }, never)) got.push(batch);
    } catch (error) {
      // All has been said.
      if (!(error instanceof EdgeError) || error.code !== "port.lost") throw error;
    }
    return got;
  };

  it("gives the newest of frames that came together, at the time of its last byte, and one alone in a millisecond", async () => {
    const got = await all([
      { bytes: [...frame(2000), ...frame(1000)], mono: 50 },
      { bytes: frame(1199), mono: 50 },
      { bytes: frame(1200), mono: 90 },
    ]);
    expect(got.map((batch) => batch.map(({ value, mono }) => [value, mono]))).toEqual([
      [
        [1000, 50],
        [true, 50],
      ],
      [
        [1200, 90],
        [false, 90],
      ],
    ]);
  });

  it("is never ahead of its bytes, however many frames a far side pours out", async () => {
    const poured = Array.from({ length: 2000 }, (_, i) => ({ bytes: frame(1000 + (i % 2)), mono: 50 + Math.floor(i / 100) }));
    const got = (await all(poured)).map((batch) => batch[0]?.mono);
    expect(got).toEqual(Array.from({ length: 20 }, (_, i) => 50 + i));
  });

  it("marks what is too near or too far as bad, presence too", async () => {
    const got = await all([
      { bytes: frame(29), mono: 1 },
      { bytes: frame(4501), mono: 2 },
    ]);
    expect(got.flat().map(({ quality, code, value }) => [quality, code, value])).toEqual([
      ["bad", "sensor.blind-zone", null],
      ["bad", "sensor.blind-zone", null],
      ["bad", "sensor.no-echo", null],
      ["bad", "sensor.no-echo", null],
    ]);
  });

  it.each([
    [
      "free",
      [
        [null, "bad", "sensor.nothing-in-range"],
        [false, "good", undefined],
      ],
    ],
    [
      "occupied",
      [
        [null, "bad", "sensor.nothing-in-range"],
        [true, "uncertain", "sensor.nothing-in-range"],
      ],
    ],
    [
      "unknown",
      [
        [null, "bad", "sensor.no-echo"],
        [null, "bad", "sensor.no-echo"],
      ],
    ],
  ] as const)("takes no echo, beyond its range or 0, as the site says: %s", async (seesNothing, expected) => {
    for (const none of [0, 4501, 0xffff]) {
      const got = await all([{ bytes: frame(none), mono: 1 }], { seesNothing });
      expect(got.flat().map(({ value, quality, code }) => [value, quality, code])).toEqual(expected);
    }
  });

  it("counts its frames, and the bytes that made none, over all its openings", async () => {
    // The first whole frame after stray bytes restores trust and is not counted.
    const replies = [
      Buffer.from([...frame(1000), 1, 2, 3, ...frame(1000), ...frame(1001)]),
      Buffer.from([9, ...frame(1000), ...frame(1000)]),
    ];
    const server = createServer((socket) => socket.end(replies.shift() ?? "")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using wires = openWires({ uart: busSchema.parse({ serial: `tcp://127.0.0.1:${port}` }) }, noLog);
    const info = deviceInfo("bay", a02yyuw, a02yyuw.options.parse({ occupiedBelow: "120cm" }), "uart", wires);
    expect(info.wire?.()).toEqual({ frames: 0, strayBytes: 0, unread: 0 });
    for (const counts of [
      { frames: 2, strayBytes: 3, unread: 0 },
      { frames: 3, strayBytes: 4, unread: 0 },
    ]) {
      await using opened = await info.open(never);
      const reading = async () => {
        for await (const _ of opened.readings({ next: () => Promise.resolve(0) }, never));
      };
      expect(await codeOf(reading())).toBe("bus.unreachable");
      expect(info.wire?.()).toEqual(counts);
    }
    server.close();
  });

  it("gives up on a line that never makes a frame", async () => {
    expect(await codeOf(all([{ bytes: Array.from({ length: 600 }, () => 0x80), mono: 1 }]))).toBe("frame.invalid");
  });
});

describe("a sensor that sends when it is asked", () => {
  it("is asked at each tick, answered or not, until nobody reads it any more", async () => {
    const asked: number[] = [];
    const server = createServer((socket) => {
      socket.on("data", (bytes) => {
        for (const byte of bytes) {
          // The second question is not answered.
          if (asked.push(byte) !== 2) socket.write(Buffer.from(frame(1000 + asked.length)));
        }
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using wires = openWires({ uart: busSchema.parse({ serial: `tcp://127.0.0.1:${port}` }) }, noLog);
    const info = deviceInfo("bay", jsnSr04t, jsnSr04t.options.parse({ every: "1s" }), "uart", wires);
    expect(info.everyMs).toBe(1000);
    const got: unknown[] = [];
    let ticks = 0;
    // The next tick comes once the question before was answered, or is known to be lost, and in a millisecond of its own.
    let last = 0;
    const due = async (stop: AbortSignal): Promise<number> => {
      for (; ; await setImmediate()) {
        stop.throwIfAborted();
        if (got.length !== [0, 1, 1, 2][ticks] || monotonic() <= last + 2) continue;
        last = monotonic();
        return ++ticks;
      }
    };
    await using opened = await info.open(never);
    for await (const batch of opened.readings({ next: due }, never)) {
      got.push(batch.map(({ value }) => value));
      if (got.length === 3) break;
    }
    server.close();
    expect(got).toEqual([[1001], [1003], [1004]]);
    expect(asked).toEqual([0x55, 0x55, 0x55, 0x55]);
  });

  it("is not asked where it is set to send by itself", async () => {
    const options = jsnSr04t.options.parse({ sends: "by-itself" });
    expect(jsnSr04t.everyMs?.(options)).toBeUndefined();
    expect(jsnSr04t.layout(options)).toMatchObject({ everyMs: 100 });
  });
});

// What has no check, or one of eight bits, may hold anything and still be a whole frame.
const drivers = (await Promise.all(Object.keys(deviceTypes).map(loadDriver))).filter(({ wire }) => wire === "serial");

describe.each(drivers.map((driver) => [driver.type, driver] as const))("whatever its frame holds, %s", (_, driver) => {
  const BITS = { uint8: 8, int8: 8, uint16: 16, int16: 16, plus15: 16 } as const;
  const anything = (field: FrameField | LineField, dice: Dice): number | string => {
    if (field.decode === "hex" || field.decode === "text" || "bits" in field) return "0".repeat(field.chars[0]);
    if (field.decode === "decimal") return dice.below(10 ** field.chars[1]) * (field.scale ?? 1);
    if (field.decode === "number") return (dice.below(20_001) - 10_000) / 10;
    const raw = field.decode === "plus15" ? dice.below(2 ** 16) - 0x7fff : dice.below(2 ** BITS[field.decode]);
    return ("oneOf" in field && field.oneOf ? (field.oneOf[dice.below(field.oneOf.length)] ?? 0) : raw) * (field.scale ?? 1);
  };

  it("tells no value that it cannot have", () => {
    const [golden] = driver.goldens;
    if (golden === undefined) throw new Error("no golden");
    const options = driver.options.parse(golden.options ?? {});
    const [layout, points] = [driver.layout(options), driver.points(options)];
    if (!("frame" in layout)) throw new Error("a serial device has frames");
    const { frame } = layout;
    each((dice) => {
      const shown = Object.fromEntries(frame.fields.map((field) => [field.name, anything(field, dice)]));
      const bytes = encodeFrame(frame, shown);
      // Where nothing but its end says how long a message is, that byte stands nowhere else in it.
      const [end] = frame.framing === "fixed" && frame.check === "none" ? (frame.tail ?? []) : [];
      if (end !== undefined && bytes.indexOf(end) < bytes.length - 1) return;
      const rx = Buffer.from(bytes).toString("hex");
      for (const [point, value] of Object.entries(driver.decode({ ...golden, rx }))) {
        const [least, most] = points[point]?.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
        if (typeof value === "number" && !(value >= least && value <= most)) throw new Error(`${point} = ${value}`);
      }
    });
  });
});
