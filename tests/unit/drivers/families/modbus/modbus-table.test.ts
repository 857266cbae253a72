/** A unit's registers behind a real socket: readings judged point by point, and commands that happen once. */
import { describe, expect, it } from "vitest";
import { modbusPoints } from "../../../../../src/drivers/devices/modbus-points.ts";
import type { RegisterPoint } from "../../../../../src/drivers/driver.ts";
import { ReadingJudge } from "../../../../../src/drivers/families/modbus/reading-judge.ts";
import { decodePoint } from "../../../../../src/drivers/families/modbus/registers.ts";
import { loadDriver, misfits } from "../../../../../src/drivers/index.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { type Asked, codeOf, type FarSide, farSide, never, registers, withCrc } from "../../support.ts";
import { answer, open, PATIENCE } from "./unit-support.ts";

describe("readings", () => {
  it("of one refused block are bad, while the others go on; a silent unit is an exception", async () => {
    let silent = false;
    await using far = await farSide(
      "tcp",
      (asked) => {
        if (silent) return;
        answer(asked, asked.address === 50 ? withCrc(3, 0x83, 2) : registers(3, 3, 215, 7));
      },
      PATIENCE,
    );
    const { next, wires } = await open(far, {
      points: {
        flow: { fc: 3, address: 10, decode: "int16", scale: 0.1, unit: "Cel" },
        pressure: { fc: 3, address: 11, range: [0, 6] },
        absent: { fc: 3, address: 50 },
      },
    });
    await using _wires = wires;
    expect((await next()).map(({ point, value, quality, code }) => [point, value, quality, code])).toEqual([
      ["flow", 21.5, "good", undefined],
      ["pressure", null, "bad", "value.out-of-range"],
      ["absent", null, "bad", "bus.exception"],
    ]);
    expect(far.asked.length).toBe(2);
    silent = true;
    expect(await codeOf(next())).toBe("bus.timeout");
  });

  it("of a counter that goes back are uncertain once", async () => {
    const totals = [100, 101, 40, 41];
    await using far = await farSide("tcp", (asked) => answer(asked, registers(3, 3, totals[asked.n - 1] ?? 0)), PATIENCE);
    const { next, wires } = await open(far, { points: { total: { fc: 3, address: 0, kind: "counter", unit: "m3" } } });
    await using _wires = wires;
    const qualities: unknown[] = [];
    for (let i = 0; i < 4; i++) qualities.push(...(await next()).map(({ value, quality, code }) => [value, quality, code]));
    expect(qualities).toEqual([
      [100, "good", undefined],
      [101, "good", undefined],
      [40, "uncertain", "value.went-back"],
      [41, "good", undefined],
    ]);
  });
});

describe("a point in the wrong order of bytes", () => {
  it("is not believed again because one value among impossible ones is possible", async () => {
    // 230.2 V and its like, sent with the bytes of each register exchanged; of these the third could be a voltage.
    const sent = [0x6643, 0x6643, 0x3f80, 0x6643, ...Array<number>(7).fill(0x3f80)];
    await using far = await farSide(
      "tcp",
      (asked) => answer(asked, registers(3, 3, sent[asked.n - 1] ?? 0, asked.n === 3 ? 0 : 0x3433)),
      PATIENCE,
    );
    const { next, wires } = await open(far, { points: { voltage: { fc: 3, address: 0, decode: "float32", unit: "V" } } });
    await using _wires = wires;
    const told: unknown[] = [];
    for (let i = 0; i < sent.length; i++) told.push(...(await next()).map(({ quality, code }) => code ?? quality));
    expect(told).toEqual([
      ...["value.implausible", "value.implausible", "value.doubted", "value.implausible"],
      ...Array<string>(5).fill("value.doubted"),
      ...["good", "good"],
    ]);
  });
});

describe("a counter", () => {
  const HOUR = 3_600_000;
  const energy = { fc: 3, address: 0, decode: "uint32", scale: 0.01, unit: "kW.h", kind: "counter" } as const;
  /** Raw counts as they come, each so long after the one before, and what is said of each. */
  const judgedCounts = (counts: readonly (readonly [raw: number, afterMs: number])[], more: Partial<RegisterPoint> = {}) => {
    const point: RegisterPoint = { ...energy, ...more };
    const belief = new ReadingJudge();
    let mono = 0;
    return counts.map(([raw, afterMs]) => {
      mono += afterMs;
      const decoded = decodePoint(Uint8Array.of(raw >>> 24, raw >>> 16, raw >>> 8, raw), { address: 0 }, point);
      const reading = { point: "energy", value: "value" in decoded ? decoded.value : null, quality: "good" as const, mono };
      return belief.judge(reading, point).code ?? "good";
    });
  };

  it("whose words are exchanged is not believed from its first step on", () => {
    const counts = [7, 8, 8, 9, 10, 11, 12, 13].map((raw) => [raw, 10_000] as const);
    expect(judgedCounts(counts, { words: "low-first" })).toEqual([
      ...["good", "value.leapt", "value.doubted"],
      ...Array<string>(5).fill("value.leapt"),
    ]);
    expect(judgedCounts(counts)).toEqual(counts.map(() => "good"));
  });

  it("that is read by radio once a day, counts in coarse steps, or has a range written, may leap", () => {
    const still = Array.from({ length: 24 }, () => [1000, HOUR] as const);
    expect(new Set(judgedCounts([...still, [2_000_000, 1000], [2_000_000, 1000]]))).toEqual(new Set(["good"]));
    expect(
      judgedCounts(
        [
          [1, 0],
          [2, 1000],
        ],
        { scale: 1000 },
      ),
    ).toEqual(["good", "good"]);
    expect(
      judgedCounts(
        [
          [1, 0],
          [4e9, 1000],
        ],
        { range: [0, 1e9] },
      ),
    ).toEqual(["good", "good"]);
  });

  it("of a meter that was replaced is believed again after some steps", () => {
    const after = [0, 1, 2, 3, 4, 5, 6].map((step) => [5_000_000 + step, 10_000] as const);
    expect(judgedCounts([[100, 0], ...after])).toEqual([
      "good",
      "value.leapt",
      ...Array<string>(5).fill("value.doubted"),
      "good",
    ]);
  });
});

describe("a command", () => {
  const points = {
    setpoint: { fc: 3, address: 20, decode: "int16", scale: 0.5, unit: "Cel", writable: true },
    pump: { coil: 4, writable: true },
    power: { fc: 3, address: 21, scale: 10, unit: "W", writable: true, limits: { min: 12, max: 46 } },
    speed: { fc: 3, address: 22, decode: "float32", scale: 120, unit: "1", writable: true, limits: { max: 241 } },
  };
  const run = async (far: FarSide, point: string, value: number | boolean) => {
    const { device, wires } = await open(far, { points });
    await using _wires = wires;
    return (await device.perform?.(point, value, never)) ?? null;
  };
  const writes = (far: FarSide) => far.asked.filter(({ fc }) => fc >= 5);

  it("is written once and succeeds by its answer", async () => {
    await using far = await farSide("tcp", (asked) => asked.socket.write(asked.bytes), PATIENCE);
    expect(await run(far, "setpoint", -1.5)).toEqual({ state: "succeeded", value: -1.5 });
    expect(await run(far, "pump", true)).toEqual({ state: "succeeded", value: true });
    expect(writes(far).map(({ fc, address, quantity }) => [fc, address, quantity])).toEqual([
      [6, 20, 0xfffd],
      [5, 4, 0xff00],
    ]);
  });

  it("is written with the function that its table names", async () => {
    await using far = await farSide(
      "tcp",
      (asked) => answer(asked, withCrc(3, asked.fc, 0, asked.address, 0, asked.fc > 6 ? 1 : asked.quantity)),
      PATIENCE,
    );
    const { device, wires } = await open(far, {
      points: {
        limit: { fc: 3, address: 20, writable: true, writeWith: 16 },
        release: { coil: 4, writable: true, writeWith: 15 },
      },
    });
    await using _wires = wires;
    expect(await device.perform?.("limit", 160, never)).toEqual({ state: "succeeded", value: 160 });
    expect(await device.perform?.("release", true, never)).toEqual({ state: "succeeded", value: true });
    expect(writes(far).map(({ bytes }) => bytes.subarray(7).toString("hex"))).toEqual(["10001400010200a0", "0f000400010101"]);
  });

  it("is answered with what the registers hold of it, and none leaves that they hold only outside its limits", async () => {
    await using far = await farSide("tcp", (asked) => asked.socket.write(asked.bytes), PATIENCE);
    expect(await run(far, "power", 22)).toEqual({ state: "succeeded", value: 20 });
    expect(await run(far, "power", 46)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(await run(far, "power", 12)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(writes(far).map(({ quantity }) => quantity)).toEqual([2]);
  });

  it("to a float32 may miss a limit by the last digit that it has", async () => {
    await using far = await farSide("tcp", (asked) => answer(asked, withCrc(3, 16, 0, 22, 0, 2)), PATIENCE);
    const { state, value } = (await run(far, "speed", 241)) ?? {};
    expect([state, value]).toEqual(["succeeded", expect.closeTo(241, 3)]);
    expect(await run(far, "speed", 241.01)).toEqual({ state: "failed", code: "command.out-of-range" });
  });

  it.each([
    ["equal", 42, { state: "succeeded", value: 21 }],
    ["different", 41, { state: "unknown", code: "command.no-answer" }],
  ])("without an answer is read back: %s", async (_, held, outcome) => {
    await using far = await farSide("tcp", (asked) => asked.fc === 3 && answer(asked, registers(3, 3, held)), PATIENCE);
    expect(await run(far, "setpoint", 21)).toEqual(outcome);
    expect(writes(far).length).toBe(1);
  });

  it("to a unit that says nothing at all is unknown; refused by the unit, failed", async () => {
    await using dead = await farSide("tcp", () => undefined, PATIENCE);
    expect(await run(dead, "pump", false)).toEqual({ state: "unknown", code: "command.no-answer" });
    expect(writes(dead).length).toBe(1);
    await using refusing = await farSide("tcp", (asked) => answer(asked, withCrc(3, 0x86, 3)), PATIENCE);
    const what = { en: "Unit 3 refused the request (Modbus exception 3)" };
    expect(await run(refusing, "setpoint", 21)).toMatchObject({ state: "failed", code: "bus.exception", told: { what } });
  });

  it.each([
    [4, 42, { state: "succeeded", value: 21 }],
    [5, 42, { state: "succeeded", value: 21 }],
    [10, 41, { state: "unknown", code: "command.no-answer" }],
    [11, 41, { state: "unknown", code: "command.no-answer" }],
  ])("that may be under way all the same (exception %i) is read back", async (exception, held, outcome) => {
    await using far = await farSide(
      "tcp",
      (asked) => answer(asked, asked.fc === 3 ? registers(3, 3, held) : withCrc(3, 0x86, exception)),
      PATIENCE,
    );
    expect(await run(far, "setpoint", 21)).toEqual(outcome);
    expect(writes(far).length).toBe(1);
  });

  it("that never left has failed, and so has one that the registers cannot hold", async () => {
    const far = await farSide("tcp", () => undefined, PATIENCE);
    await far[Symbol.asyncDispose]();
    const what = { en: "Bus plant cannot be reached: ECONNREFUSED (connection refused)" };
    expect(await run(far, "pump", true)).toMatchObject({ state: "failed", code: "bus.unreachable", told: { what } });
    expect(await run(far, "setpoint", 1e6)).toEqual({ state: "failed", code: "command.out-of-range" });
  });

  it("that waits in its line until its time is over has expired and never leaves", async () => {
    // A line that echoes: once for the echo, once for the reply.
    const obey = ({ fc, bytes, socket }: Asked) => fc === 5 && socket.write(Buffer.concat([bytes, bytes]));
    await using far = await farSide("rtu-tcp", obey, { timeout: "300ms", replyDeadline: "2s" });
    const { device, next, wires } = await open(far, { points });
    await using _wires = wires;
    expect(await codeOf(next())).toBe("bus.timeout");
    const late = device.perform?.("pump", true, never, monotonic() + 300);
    expect(await late).toEqual({ state: "expired", code: "command.expired" });
    // When the unit has rested it is asked again: nothing of the late one comes.
    expect(await device.perform?.("pump", false, never)).toEqual({ state: "succeeded", value: false });
    expect(writes(far).map(({ quantity }) => quantity)).toEqual([0]);
  });

  it("whose connection closes after the write is unknown", async () => {
    await using far = await farSide("tcp", (asked) => asked.socket.destroy(), PATIENCE);
    expect(await run(far, "pump", true)).toEqual({ state: "unknown", code: "command.no-answer" });
    expect(writes(far).length).toBe(1);
  });
});

describe("the written table", () => {
  it.each([
    [{ points: {} }, "at least one point"],
    [{ points: { Flow: { fc: 3, address: 1 } } }, "a name such as flow-temp"],
    [{ points: { flow: { fc: 4, address: 1, writable: true } } }, "only holding registers"],
    [{ points: { flow: { fc: 3, adress: 1 } } }, "expected {coil: n"],
    [
      { points: { flow: { fc: 3, address: 1, decode: "int16", writable: true, limits: { min: -20, max: -5, maxOn: "1h" } } } },
      "expected at least 0",
    ],
    [
      { points: { flow: { fc: 3, address: 1, scale: 10, writable: true, limits: { min: 12, max: 50, maxOn: "1h" } } } },
      "expected a number that the register holds exactly",
    ],
    [{ points: { open: { fc: 3, address: 1, decode: "bool", absent: [65_535] } } }, "expected none: a bool always has a value"],
    [
      { points: { pump: { coil: 1, limits: { maxOn: "1h" } } } },
      "expected true, where `limits`, `impact`, `safe` or `writeWith`",
    ],
    [{ points: { pump: { coil: 1, impact: "high" } } }, "expected true, where `limits`, `impact`, `safe` or `writeWith`"],
    [{ points: { level: { fc: 3, address: 1, safe: true } } }, "expected true, where `limits`, `impact`, `safe` or `writeWith`"],
    [{ points: { open: { fc: 2, address: 1, absent: [1] } } }, "expected none: a bool always has a value"],
    [{ points: { open: { fc: 3, address: 1, decode: "bool", range: [0, 1] } } }, "expected none: a bool is true or false"],
  ])("%j is refused", (written, reason) => {
    const { success, error } = modbusPoints.options.safeParse({ unit: 1, ...written });
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues)).toContain(reason);
  });

  it("unit 0 and 248 fit Modbus TCP only, and a meter no serial line of another kind", async () => {
    const rtu = { modbus: "rtu", port: "/dev/x", baud: 9600, parity: "none", stopBits: 1, replyDeadline: 2000, gap: 0 } as const;
    const tcp = { modbus: "tcp", host: "h", port: 502, replyDeadline: 2000, gap: 0 } as const;
    const sdm = await loadDriver("eastron-sdm120");
    expect(misfits(sdm, { unit: 248 }, rtu)).toHaveLength(1);
    expect(misfits(sdm, { unit: 248 }, tcp)).toEqual([]);
    expect(misfits(sdm, { unit: 1 }, { ble: "hci0" })).toHaveLength(1);
    expect(await codeOf(loadDriver("mbus-meter"))).toBe("config.type-not-yet");
  });
});
