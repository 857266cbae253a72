/** Hand-built requests with documented checksums get the bytes of a real slave, and stand in the log. */
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Faults } from "../../../../hw-sim/site/faults.ts";
import { crc16, rtuFraming, tcpFraming, withCrc } from "../../../../hw-sim/site/modbus/framing.ts";
import { modbusLine } from "../../../../hw-sim/site/modbus/line.ts";
import { fromWords, toWords } from "../../../../hw-sim/site/modbus/registers.ts";
import { ModbusUnit } from "../../../../hw-sim/site/modbus/unit.ts";
import type { SocketLine } from "../../../../hw-sim/site/socket-line.ts";
import { openWireLog, type WireLog } from "../../../../hw-sim/site/wire-log.ts";
import type { RegisterPoint } from "../../../../src/drivers/driver.ts";
import { decodePoint, spanOf } from "../../../../src/drivers/families/modbus/registers.ts";
import fc from "../../../support/property.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const gauge = { unit: "V", kind: "gauge" } as const;

const eastron = (): ModbusUnit => {
  const unit = new ModbusUnit({
    maxRegisters: 60,
    pairs: true,
    points: {
      voltage: { ...gauge, fc: 4, address: 0, decode: "float32" },
      current: { ...gauge, fc: 4, address: 6, decode: "float32" },
      baud: { ...gauge, fc: 3, address: 0x1c, decode: "float32", writable: { value: "number", impact: "low" } },
    },
  });
  unit.set("voltage", 230.2);
  unit.set("current", 4.5);
  return unit;
};

const boiler = (): ModbusUnit =>
  new ModbusUnit({
    maxRegisters: 125,
    points: {
      "flow-temp": { ...gauge, fc: 3, address: 100, decode: "int16", scale: 0.1 },
      setpoint: { ...gauge, fc: 3, address: 101, decode: "int16", scale: 0.1, writable: { value: "number", impact: "low" } },
      total: { ...gauge, fc: 3, address: 110, decode: "uint32", words: "low-first" },
      pump: { unit: "", kind: "state", fc: 1, address: 4, decode: "bool", writable: { value: "boolean", impact: "low" } },
      valve: { unit: "", kind: "state", fc: 1, address: 5, decode: "bool", writable: { value: "boolean", impact: "low" } },
      alarm: { unit: "", kind: "state", fc: 2, address: 0, decode: "bool" },
    },
  });

describe("checksums and frames", () => {
  it("computes the published CRCs", () => {
    // pymodbus and libmodbus test vectors.
    expect(crc16(bytes("01 02 03 04 05 06 07 08 09 00"))).toBe(0xc433);
    expect(crc16(bytes("11 01 00 13 00 25"))).toBe(0x840e);
    expect(hex(withCrc(bytes("01 04 00 00 00 02")))).toBe("01040000000271cb");
  });

  it("cuts requests out of any split of the stream", () => {
    const stream = bytes("01 04 00 00 00 02 71 CB 01 10 00 1C 00 02 04 40 00 00 00 E7 36");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length }), { maxLength: 6 }), (cuts) => {
        const framing = rtuFraming(() => 0);
        const ends = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const taken = ends.slice(1).map((to, i) => framing.take(stream.slice(ends[i], to)));
        const seen = taken.flatMap((requests) => (requests === "hang-up" ? [] : requests));
        expect(seen.map((r) => hex(r.pdu))).toEqual(["0400000002", "10001c00020440000000"]);
      }),
    );
  });

  it("forgets half a frame after a silence", () => {
    let now = 0;
    const framing = rtuFraming(() => now);
    expect(framing.take(bytes("01 04 00"))).toEqual([]);
    now += 1000;
    expect(framing.take(bytes("01 04 00 00 00 02 71 CB"))).toHaveLength(1);
  });

  it("hangs up on what is no MBAP header", () => {
    expect(tcpFraming().take(bytes("00 01 00 07 00 06 01 04 00 00 00 02"))).toBe("hang-up");
    expect(tcpFraming().take(bytes("00 01 00 00 FF FF 01 04 00 00 00 02"))).toBe("hang-up");
  });
});

describe("registers", () => {
  it("carry a whole number exactly and a decimal to its step, in both word orders", () => {
    const types = ["int16", "uint32", "int32", "int64"] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom("high-first" as const, "low-first" as const),
        fc.integer({ min: 0, max: 0x7fff }),
        (decode, words, raw) => {
          const point: RegisterPoint = { ...gauge, fc: 3, address: 0, decode, words, scale: 0.1 };
          expect(fromWords(point, toWords(point, raw * 0.1))).toBe(Number((raw * 0.1).toPrecision(12)));
        },
      ),
    );
  });

  it("show a float as the wire can carry it", () => {
    const point: RegisterPoint = { ...gauge, fc: 4, address: 0, decode: "float32" };
    expect(toWords(point, 230.2)).toEqual([0x4366, 0x3333]);
    expect(fromWords(point, [0x4366, 0x3333])).toBe(230.2);
    const single = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(single, (value) => Math.fround(Number(fromWords(point, toWords(point, value)))) === value + 0));
  });
});

describe("the other shapes", () => {
  const shape = (more: Partial<RegisterPoint>): RegisterPoint => ({ ...gauge, fc: 3, address: 0, decode: "uint16", ...more });

  it.each([
    [shape({ decode: "float64" }), 6_223_090, [0x4157, 0xbd3c, 0x8000, 0]],
    [shape({ decode: "float32", words: "low-first", bytes: "low-first" }), 230.2, [0x3333, 0x6643]],
    [shape({ decode: "float32", bytes: "low-first" }), 230.2, [0x6643, 0x3333]],
    [shape({ decode: "text", count: 4 }), "4You", [0x3459, 0x6f75, 0, 0]],
    [shape({ decode: "text", count: 2, bytes: "low-first" }), "4You", [0x5934, 0x756f]],
    [shape({ decode: "bcd32" }), 49_200_025, [0x4920, 0x0025]],
    [shape({ decode: "int48" }), -2, [0xffff, 0xffff, 0xfffe]],
    [shape({ scale: 0.1, offset: -40 }), -13, [270]],
    [shape({ map: { 2: "A1", 4: "B1" } }), "B1", [4]],
    [shape({ decode: "uint64" }), 2 ** 53 - 1, [0x001f, 0xffff, 0xffff, 0xffff]],
  ])("%o", (point, value, words) => {
    expect(toWords(point, value)).toEqual(words);
    expect(fromWords(point, words)).toBe(value);
  });

  it("leave what shares their registers as it was", () => {
    expect(toWords(shape({ bit: 3 }), true, [0x8000])).toEqual([0x8008]);
    expect(toWords(shape({ mask: 0x00f0 }), 3, [0x8008])).toEqual([0x8038]);
    expect(toWords(shape({ decode: "int8", byte: "high" }), -2, [0x8038])).toEqual([0xfe38]);
    expect(fromWords(shape({ decode: "int8", byte: "high" }), [0xfe38])).toBe(-2);
    expect(fromWords(shape({ mask: 0x00f0 }), [0xfe38])).toBe(3);
    expect(fromWords(shape({ bit: 3 }), [0xfe38])).toBe(true);
  });
});

describe("a value whose power of ten lies in another register", () => {
  const power = { ...gauge, fc: 3, address: 83, decode: "int16", scaleFrom: 86 } as const;
  const unit = new ModbusUnit({ maxRegisters: 10, points: { power } });
  unit.set("power", 230.5);

  it("is shown by an answer that holds both", () => {
    const { pdu, shown } = unit.answer(bytes("03 00 53 00 04"));
    expect(hex(pdu)).toBe("03085a0a00000000fffe");
    expect(shown).toEqual([{ point: "power", value: 230.5 }]);
    expect(unit.answer(bytes("03 00 53 00 01")).shown).toEqual([]);
  });
});

describe("what a unit shows and what the product makes of its bytes", () => {
  const place = { ...gauge, unit: "1", fc: 3, address: 40 } as const;
  const shapes: readonly (readonly [
    Partial<RegisterPoint> & Pick<RegisterPoint, "decode">,
    readonly (number | boolean | string)[],
  ])[] = [
    [{ decode: "float32" }, [230.2, -0.5, 0]],
    [{ decode: "float64" }, [6_223_090.25, -1e-3]],
    [{ decode: "uint48", scale: 0.001 }, [4_294_967.298]],
    [{ decode: "int48" }, [-2, 140_737_488_355_326]],
    [{ decode: "uint64" }, [2 ** 53 - 1]],
    [{ decode: "bcd48" }, [123_456_789_012]],
    [{ decode: "int16", scale: 0.1, offset: -40 }, [-13, 21.5]],
    [{ decode: "int32", scaleFrom: 44 }, [-2237.6, 230.55]],
    [{ decode: "uint16", scaleFrom: 38 }, [12.34]],
    [{ decode: "uint8", byte: "high" }, [84]],
    [{ decode: "uint32", mask: 0x00ff_f000 }, [0xabc]],
    [{ decode: "uint16", bit: 15 }, [true, false]],
    [{ decode: "uint16", map: { 1: "off", 4: "charging" } }, ["charging"]],
    [{ decode: "text", count: 8 }, ["4You 510", "T2S"]],
  ];
  const orders = [{}, { words: "low-first" }, { bytes: "low-first" }, { words: "low-first", bytes: "low-first" }] as const;

  it.each(shapes)("is the same for %o", (shape, values) => {
    for (const order of orders)
      for (const value of values) {
        const point: RegisterPoint = { ...place, ...shape, ...order };
        const unit = new ModbusUnit({ maxRegisters: 125, points: { point } });
        unit.set("point", value);
        const { address, quantity } = spanOf(point);
        const { pdu, shown } = unit.answer(Uint8Array.of(3, address >> 8, address & 0xff, 0, quantity));
        expect(shown).toEqual([{ point: "point", value: typeof value === "number" ? expect.closeTo(value, 4) : value }]);
        expect(decodePoint(pdu.subarray(2), { address }, point)).toEqual({ value: shown[0]?.value });
      }
  });
});

describe("a unit", () => {
  it("answers exceptions as the specification says", () => {
    const ask = (unit: ModbusUnit, pdu: string): string => hex(unit.answer(bytes(pdu)).pdu);
    expect(ask(eastron(), "08 00 00 00 00")).toBe("8801"); // function it has not
    expect(ask(eastron(), "01 00 00 00 01")).toBe("8101"); // no coils at all
    expect(ask(eastron(), "04 00 01 00 02")).toBe("8402"); // odd start
    expect(ask(eastron(), "04 00 00 00 03")).toBe("8403"); // half a value
    expect(ask(eastron(), "04 00 00 00 3E")).toBe("8403"); // more than 60
    expect(ask(eastron(), "04 00 00 00 00")).toBe("8403");
    expect(ask(eastron(), "04 00 40 00 02")).toBe("8402");
    expect(ask(boiler(), "03 00 64 00 03")).toBe("8302"); // into a gap
    expect(ask(boiler(), "05 00 04 00 01")).toBe("8503"); // neither on nor off
    expect(ask(boiler(), "05 00 09 FF 00")).toBe("8502");
    expect(ask(boiler(), "06 00 64 00 01")).toBe("8602"); // not writable
    expect(ask(boiler(), "06 00 6E 00 01")).toBe("8602"); // half of a double word
    expect(ask(boiler(), "10 00 65 00 01 04 00 01 00 01")).toBe("9003"); // byte count lies
    expect(ask(boiler(), "0F 00 04 00 03 01 07")).toBe("8f02"); // past the last coil
  });

  it("reads across its gaps when it is an Eastron, and shows only whole values", () => {
    const answer = eastron().answer(bytes("04 00 00 00 08"));
    expect(hex(answer.pdu)).toBe("0410436633330000000000000000" + "40900000");
    expect(answer.shown).toEqual([
      { point: "voltage", value: 230.2 },
      { point: "current", value: 4.5 },
    ]);
  });

  it("writes coils and registers, one and many, all or nothing", () => {
    const unit = boiler();
    expect(unit.answer(bytes("05 00 04 FF 00")).written).toEqual([{ point: "pump", value: true }]);
    expect(hex(unit.answer(bytes("01 00 04 00 02")).pdu)).toBe("010101");
    expect(unit.answer(bytes("0F 00 04 00 02 01 02")).written).toEqual([
      { point: "pump", value: false },
      { point: "valve", value: true },
    ]);
    expect(unit.answer(bytes("06 00 65 02 1F")).written).toEqual([{ point: "setpoint", value: 54.3 }]);
    expect(hex(unit.answer(bytes("10 00 65 00 01 02 FF FE")).pdu)).toBe("1000650001");
    expect(unit.get("setpoint")).toBe(-0.2);
  });

  it("never throws on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 253 }), (pdu) => {
        expect(boiler().answer(pdu).pdu.length).toBeGreaterThan(1);
      }),
    );
  });
});

describe("a line", () => {
  /** The float 4366 3334, in as few digits as name it. */
  const VOLTS = 230.20001;
  let meter: ModbusUnit;
  let folder: string;
  let log: WireLog;
  let faults: Faults;
  let line: SocketLine;
  let master: Socket;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cippo-line-"));
    log = openWireLog(join(folder, "served.jsonl"));
    faults = new Faults(log);
    meter = eastron();
    const units = new Map([
      [1, { device: "meter", unit: meter }],
      [3, { device: "boiler", unit: boiler() }],
    ]);
    line = modbusLine({ bus: "bus", framing: "rtu", units, faults, log });
    await line.plug();
    master = connect(line.port, "127.0.0.1");
    await once(master, "connect");
  });

  afterEach(async () => {
    master.destroy();
    faults[Symbol.dispose]();
    await line[Symbol.asyncDispose]();
    log[Symbol.dispose]();
    await rm(folder, { recursive: true });
  });

  const reply = (): Promise<string> => new Promise((resolve) => master.once("data", (data) => resolve(hex(data))));
  const served = async (): Promise<readonly Record<string, unknown>[]> =>
    (await readFile(log.file, "utf8"))
      .split("\n")
      .filter((text) => text !== "")
      .map((text) => JSON.parse(text));

  it("answers the documented exchange byte by byte and logs what it showed", async () => {
    // SDM120 Modbus protocol V2.4: the example of its input registers.
    meter.set("voltage", VOLTS);
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    expect(await reply()).toBe(hex(bytes("01 04 04 43 66 33 34 1B 38")));
    const [shown] = await served();
    expect(shown).toMatchObject({ k: "shown", device: "meter", point: "voltage", value: VOLTS });
    expect(Number(shown?.["to"])).toBeGreaterThanOrEqual(Number(shown?.["from"]));
  });

  it("keeps silent for a bad CRC and for a unit that is not there, and hears the next request", async () => {
    // The SDM120 document's own example, with the wrong CRC it is printed with.
    master.write(bytes("01 10 00 14 00 02 04 42 70 00 00 67 D5"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    master.write(withCrc(bytes("09 04 00 00 00 02")));
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    expect((await reply()).startsWith("010404")).toBe(true);
  });

  it("carries out a broadcast write and does not answer it", async () => {
    master.write(withCrc(bytes("00 05 00 04 FF 00")));
    master.write(withCrc(bytes("03 01 00 04 00 01")));
    expect(await reply()).toBe(hex(withCrc(bytes("03 01 01 01"))));
    expect(await served()).toContainEqual(expect.objectContaining({ k: "write", device: "boiler", point: "pump", value: true }));
  });

  it.each(["wrong-unit", "garbage", "bad-crc"] as const)("%s: bytes arrive, and nothing counts as shown", async (kind) => {
    faults.begin({ kind, device: "meter", forMs: 10_000, lateMs: 0 });
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    const spoilt = await reply();
    expect(spoilt).not.toBe("010404436633335afa");
    if (kind === "wrong-unit") expect(spoilt).toBe(hex(withCrc(bytes("02 04 04 43 66 33 33"))));
    expect((await served()).map((r) => r["k"])).toEqual(["fault"]);
  });

  it("late-reply: the old value comes after the others have been served, logged from request to reply", async () => {
    faults.begin({ kind: "late-reply", device: "meter", forMs: 10_000, lateMs: 60 });
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    master.write(withCrc(bytes("03 01 00 04 00 01")));
    expect((await reply()).startsWith("03")).toBe(true);
    expect((await reply()).startsWith("01")).toBe(true);
    const shown = (await served()).filter((r) => r["k"] === "shown");
    expect(shown.map((r) => r["device"])).toEqual(["boiler", "meter"]);
    expect(Number(shown[1]?.["to"]) - Number(shown[1]?.["from"])).toBeGreaterThanOrEqual(59);
  });

  it("silence ends by itself", async () => {
    faults.begin({ kind: "silence", bus: "bus", forMs: 50, lateMs: 0 });
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    await expect.poll(async () => (await served()).map((r) => r["state"])).toEqual(["begun", "ended"]);
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    expect((await reply()).startsWith("010404")).toBe(true);
  });

  it("unplugged it refuses, plugged in again it is at the same place", async () => {
    const { port } = line;
    const closed = new Promise((resolve) => master.once("close", resolve));
    await line.unplug();
    await closed;
    const refused = await new Promise((resolve) => connect(port, "127.0.0.1").once("error", resolve));
    expect(refused).toMatchObject({ code: "ECONNREFUSED" });
    await line.plug();
    master = connect(port, "127.0.0.1");
    master.write(bytes("01 04 00 00 00 02 71 CB"));
    expect((await reply()).startsWith("010404")).toBe(true);
  });
});
