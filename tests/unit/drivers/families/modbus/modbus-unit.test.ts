/** Units that refuse holes, name themselves or come back with less: what is asked of them and believed. Real sockets. */
import { describe, expect, it } from "vitest";
import type { Driver } from "../../../../../src/drivers/driver.ts";
import { modbusDevice } from "../../../../../src/drivers/families/modbus/modbus-table.ts";
import { deviceInfo } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, codeOf, type FarSide, farSide, never, registers, withCrc } from "../../support.ts";
import { answer, open, PATIENCE, ticks } from "./unit-support.ts";

describe("points with unused registers between them", () => {
  const points = {
    near: { fc: 3, address: 0 },
    far: { fc: 3, address: 4 },
    urgent: { fc: 3, address: 90, alarm: true },
  };
  const zeros = (asked: Asked) => registers(3, 3, ...Array.from({ length: asked.quantity }, (_, i) => asked.address + i));
  const ranges = (far: FarSide) => far.asked.splice(0).map(({ address, quantity }) => [address, quantity]);

  it("are read in one request where the table allows it, alarm points first", async () => {
    await using far = await farSide("tcp", (asked) => answer(asked, zeros(asked)), PATIENCE);
    const { next, wires } = await open(far, { maxGap: 3, points });
    await using _wires = wires;
    expect((await next()).map(({ point, value, quality }) => [point, value, quality])).toEqual([
      ["urgent", 90, "good"],
      ["near", 0, "good"],
      ["far", 4, "good"],
    ]);
    expect(ranges(far)).toEqual([
      [90, 1],
      [0, 5],
    ]);
  });

  it.each([2, 3])(
    "are read alone from the moment that the unit refuses the gap (exception %i), even when opened anew",
    async (exception) => {
      await using far = await farSide(
        "tcp",
        (asked) => answer(asked, asked.quantity > 1 ? withCrc(3, 0x83, exception) : zeros(asked)),
        PATIENCE,
      );
      const { info, next, wires } = await open(far, { maxGap: 3, points });
      await using _wires = wires;
      expect((await next()).map(({ quality }) => quality)).toEqual(["good", "good", "good"]);
      expect(ranges(far)).toEqual([
        [90, 1],
        [0, 5],
        [0, 1],
        [4, 1],
      ]);
      await next();
      expect(ranges(far)).toEqual([
        [90, 1],
        [0, 1],
        [4, 1],
      ]);
      await using again = await info.open(never);
      for await (const batch of again.readings(ticks, never)) {
        expect(batch.length).toBe(3);
        break;
      }
      expect(ranges(far).length).toBe(3);
    },
  );

  it("stay merged when the unit refuses everything: the gap was not to blame", async () => {
    let refuses = true;
    await using far = await farSide("tcp", (asked) => answer(asked, refuses ? withCrc(3, 0x83, 2) : zeros(asked)), PATIENCE);
    const { next, wires } = await open(far, { maxGap: 3, points });
    await using _wires = wires;
    expect((await next()).map(({ code }) => code)).toEqual(["bus.exception", "bus.exception", "bus.exception"]);
    refuses = false;
    far.asked.splice(0);
    await next();
    expect(ranges(far).length).toBe(2);
  });
});

describe("a device that must say what it is", () => {
  const driver = modbusDevice({
    type: "known",
    title: { it: "", en: "" },
    maxRegisters: 10,
    every: "1s",
    identity: [{ fc: 3, address: 0x0b, decode: "uint16", oneOf: [341, 345] }],
    points: {
      volts: { fc: 4, address: 0, decode: "uint16", unit: "V", kind: "gauge", range: [0, 600] },
      setting: { fc: 3, address: 5, decode: "uint16", unit: "1", kind: "gauge", writable: { value: "number", impact: "low" } },
    },
    goldens: [],
  });
  const run = async (identity: () => Buffer, options: Readonly<Record<string, unknown>> = {}) => {
    const far = await farSide(
      "tcp",
      (asked) =>
        asked.fc === 6
          ? asked.socket.write(asked.bytes)
          : answer(asked, asked.address === 0x0b ? identity() : registers(3, asked.fc, 230)),
      PATIENCE,
    );
    const wires = openWires({ plant: far.spec }, noLog);
    const info = deviceInfo("meter", driver as Driver, driver.options.parse({ unit: 3, ...options }), "plant", wires);
    const device = await info.open(never);
    const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
    return {
      asks: () => far.asked.splice(0).filter(({ address }) => address === 0x0b).length,
      writes: () => far.asked.filter(({ fc }) => fc === 6).length,
      device,
      next: async () =>
        ((await batches.next()).value as readonly Reading[]).map(({ value, quality, code }) => [value, quality, code]),
      async [Symbol.asyncDispose]() {
        await wires[Symbol.asyncDispose]();
        await far[Symbol.asyncDispose]();
      },
    };
  };
  const good = [230, "good", undefined];
  const doubtful = [230, "uncertain", "value.wrong-device"];

  it("is asked once and believed", async () => {
    await using unit = await run(() => registers(3, 3, 345));
    expect(await unit.next()).toEqual([good, good]);
    expect(await unit.next()).toEqual([good, good]);
    expect(unit.asks()).toBe(1);
  });

  it("and says something else gives nothing good and takes no command, until it says the right thing", async () => {
    let code = 331;
    await using unit = await run(() => registers(3, 3, code));
    expect(await unit.next()).toEqual([doubtful, doubtful]);
    expect(await unit.device.perform?.("setting", 1, never)).toEqual({ state: "failed", code: "value.wrong-device" });
    expect(unit.writes()).toBe(0);
    code = 341;
    expect(await unit.next()).toEqual([good, good]);
    expect(await unit.device.perform?.("setting", 1, never)).toEqual({ state: "succeeded", value: 1 });
  });

  it("and takes longer to say so than a command lasts takes no command", async () => {
    await using unit = await run(() => {
      for (const end = monotonic() + 100; monotonic() < end; );
      return registers(3, 3, 341);
    });
    expect(await unit.device.perform?.("setting", 1, never, monotonic() + 50)).toEqual({
      state: "expired",
      code: "command.expired",
    });
    expect(unit.writes()).toBe(0);
    expect(await unit.device.perform?.("setting", 2, never, monotonic() + 5000)).toEqual({ state: "succeeded", value: 2 });
  });

  it("is believed when it has no such register, and when the site says so", async () => {
    await using without = await run(() => withCrc(3, 0x83, 2));
    expect(await without.next()).toEqual([good, good]);
    await using told = await run(() => registers(3, 3, 331), { identity: false });
    expect(await told.next()).toEqual([good, good]);
    expect(told.asks()).toBe(0);
  });

  it("and cannot say it now is read all the same, but nothing is good before it is known", async () => {
    await using busy = await run(() => withCrc(3, 0x83, 6));
    const unknown = [230, "uncertain", "value.unidentified"];
    expect(await busy.next()).toEqual([unknown, unknown]);
  });
});

describe("a long round", () => {
  it("shows that it goes on after each request, also while it asks who the unit is and reads in parts", async () => {
    const driver = modbusDevice({
      type: "long",
      title: { it: "", en: "" },
      maxRegisters: 10,
      maxGap: 5,
      every: "1s",
      identity: [11, 12, 13].map((at) => ({ fc: 3, address: at, decode: "uint16" })),
      points: Object.fromEntries(
        [0, 2, 4, 6].map((at) => [`p${at}`, { fc: 4, address: at, decode: "uint16", unit: "1", kind: "gauge" }]),
      ),
      goldens: [],
    });
    let asked = 0;
    let most = 0;
    await using far = await farSide(
      "tcp",
      (request) => {
        most = Math.max(most, ++asked);
        answer(
          request,
          request.quantity > 1 || request.address === 12 ? withCrc(3, request.fc + 0x80, 2) : registers(3, request.fc, 1),
        );
      },
      PATIENCE,
    );
    await using wires = openWires({ plant: far.spec }, noLog);
    const device = await deviceInfo("meter", driver as Driver, driver.options.parse({ unit: 3 }), "plant", wires).open(never);
    const signs: Ticks = { next: async () => 5, goesOn: () => (asked = 0) };
    for await (const batch of device.readings(signs, never)) {
      expect(batch.map(({ quality }) => quality)).toEqual(["good", "good", "good", "good"]);
      break;
    }
    expect([far.asked.length, most]).toEqual([8, 1]);
  });
});

describe("a counter", () => {
  it("that stands lower after a silence went back: the meter may have been replaced meanwhile", async () => {
    let total: number | null = 100;
    await using far = await farSide("tcp", (asked) => total !== null && answer(asked, registers(3, 3, total)), PATIENCE);
    const { info, next, wires } = await open(far, { points: { total: { fc: 3, address: 0, kind: "counter", unit: "m3" } } });
    await using _wires = wires;
    expect((await next())[0]).toMatchObject({ value: 100, quality: "good" });
    total = null;
    expect(await codeOf(next())).toBe("bus.timeout");
    total = 7;
    await using again = await info.open(never);
    for await (const [reading] of again.readings(ticks, never)) {
      expect(reading).toMatchObject({ value: 7, quality: "uncertain", code: "value.went-back" });
      break;
    }
  });
});
