/** What a unit is asked in each round: rare points, repeated values, the pause after a connection. Real sockets. */
import { describe, expect, it } from "vitest";
import { KeepAlive } from "../../../../../src/drivers/families/modbus/unit-schedule.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { ExchangeError } from "../../../../../src/drivers/transports/modbus/exchange-error.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../../src/kit/errors.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, codeOf, type FarSide, farSide, mbap, never, registers, wait, withCrc } from "../../support.ts";

const PATIENCE = { timeout: "1s" };
const ticks: Ticks = { next: () => Promise.resolve(5) };

async function open(far: FarSide, written: Readonly<Record<string, unknown>>) {
  const wires = openWires({ plant: far.spec }, noLog);
  const driver = await loadDriver("modbus-points");
  const info = deviceInfo("charger", driver, driver.options.parse({ unit: 3, ...written }), "plant", wires);
  const opened = async () => {
    const device = await info.open(never);
    const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
    return { device, next: async (): Promise<readonly Reading[]> => (await batches.next()).value ?? [] };
  };
  return { ...(await opened()), opened, wires };
}

const answer = (asked: Asked, rtu: Buffer) => asked.socket.write(mbap(asked.transaction, rtu));
/** Obeys, and holds 7 in every register. */
const obey = (asked: Asked): void => {
  if (asked.fc >= 5)
    asked.socket.write(asked.fc > 6 ? mbap(asked.transaction, withCrc(3, 16, 0, asked.address, 0, 1)) : asked.bytes);
  else answer(asked, registers(3, asked.fc, ...Array<number>(asked.quantity).fill(7)));
};
const told = (far: FarSide) => far.asked.splice(0).map(({ fc, address, quantity }) => `${fc}:${address}:${quantity}`);

describe("a point with `leastEvery`", () => {
  const points = { power: { fc: 3, address: 10 }, serial: { fc: 3, address: 11, leastEvery: "1h" } };

  it("is asked in a request of its own, once in that time", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    expect((await next()).map(({ point }) => point)).toEqual(["power", "serial"]);
    expect(told(far)).toEqual(["3:10:1", "3:11:1"]);
    expect((await next()).map(({ point }) => point)).toEqual(["power"]);
    expect(told(far)).toEqual(["3:10:1"]);
  });

  it("has its turn again when the time is over", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const short = { ...points, serial: { fc: 3, address: 11, leastEvery: "300ms" } };
    const { next, wires } = await open(far, { every: "50ms", points: short });
    await using _wires = wires;
    const begun = monotonic();
    const times: number[] = [];
    while (times.length < 3) {
      if ((await next()).some(({ point }) => point === "serial")) times.push(monotonic() - begun);
      await wait(10);
    }
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(500);
  });

  it("is asked out of its turn when somebody waits for it", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const { device, next, wires } = await open(far, { points });
    await using _wires = wires;
    await next();
    await next();
    far.asked.splice(0);
    device.hurry?.();
    await next();
    expect(told(far)).toEqual(["3:10:1", "3:11:1"]);
  });

  it("that was busy is asked with the next round", async () => {
    let busy = true;
    await using far = await farSide(
      "tcp",
      (asked) => (asked.address === 11 && busy ? answer(asked, withCrc(3, 0x83, 6)) : obey(asked)),
      PATIENCE,
    );
    const { next, wires } = await open(far, { every: "50ms", points });
    await using _wires = wires;
    await next();
    busy = false;
    far.asked.splice(0);
    expect((await next()).map(({ point }) => point)).toEqual(["power", "serial"]);
  });
});

describe("a value with `atConnect`", () => {
  /** A unit with memory: what is written it holds, until it is restarted. */
  const unit = (obeys: (asked: Asked) => boolean = () => true) => {
    const held = new Map([[16, 0]]);
    const act = (asked: Asked): void => {
      if (asked.fc === 6 && obeys(asked)) held.set(asked.address, asked.quantity);
      if (asked.fc === 6) asked.socket.write(asked.bytes);
      else
        answer(
          asked,
          registers(3, asked.fc, ...Array.from({ length: asked.quantity }, (_, i) => held.get(asked.address + i) ?? 7)),
        );
    };
    return { held, act };
  };
  const points = { safe: { fc: 3, address: 16, scale: 0.1, unit: "A", atConnect: 6 }, power: { fc: 3, address: 17 } };
  const safe = (readings: readonly Reading[]) => {
    const { value, quality, code } = readings.find(({ point }) => point === "safe") ?? {};
    return [value, quality, code];
  };

  it("is written once, when the unit is met and holds something else", async () => {
    const { act } = unit();
    await using far = await farSide("tcp", act, PATIENCE);
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    expect(safe(await next())).toEqual([0, "good", undefined]);
    expect(safe(await next())).toEqual([6, "good", undefined]);
    await next();
    expect(told(far)).toEqual(["3:16:2", "6:16:60", "3:16:2", "3:16:2"]);
  });

  it("is not written where the unit holds it", async () => {
    const { act, held } = unit();
    held.set(16, 60);
    await using far = await farSide("tcp", act, PATIENCE);
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    await next();
    await next();
    expect(told(far)).toEqual(["3:16:2", "3:16:2"]);
  });

  it("is written again when the unit has lost it, as by a restart that nobody saw", async () => {
    const { act, held } = unit();
    held.set(16, 60);
    await using far = await farSide("tcp", act, PATIENCE);
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    await next();
    held.set(16, 0);
    expect(safe(await next())).toEqual([0, "good", undefined]);
    expect(safe(await next())).toEqual([6, "good", undefined]);
    expect(told(far)).toEqual(["3:16:2", "3:16:2", "6:16:60", "3:16:2"]);
  });

  it("that is not taken wears nothing: it is written once, and its readings say so", async () => {
    const { act } = unit(() => false);
    await using far = await farSide("tcp", act, PATIENCE);
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    await next();
    expect(safe(await next())).toEqual([0, "uncertain", "command.no-answer"]);
    await next();
    expect(told(far).filter((one) => one.startsWith("6"))).toEqual(["6:16:60"]);
  });

  it("that the unit refuses is told as what it said", async () => {
    const { act } = unit();
    await using far = await farSide(
      "tcp",
      (asked) => (asked.fc === 6 ? answer(asked, withCrc(3, 0x86, 3)) : act(asked)),
      PATIENCE,
    );
    const { next, wires } = await open(far, { points });
    await using _wires = wires;
    await next();
    expect(safe(await next())).toEqual([0, "uncertain", "bus.exception"]);
  });

  it.each([
    [{ writable: true, atConnect: 6 }, "what is commanded would be undone"],
    [{ keepAlive: { every: "1h", value: 6 }, atConnect: 6 }, "keepAlive writes it already"],
    [{ atConnect: 6.05 }, "a value that the register holds exactly"],
    [{ fc: 4, atConnect: 6 }, "only a coil or a whole holding register is written"],
  ])("%j is refused: %s", async (more, expected) => {
    const driver = await loadDriver("modbus-points");
    const written = { unit: 3, points: { safe: { fc: 3, address: 16, scale: 0.1, unit: "A", ...more } } };
    expect(driver.options.safeParse(written).error?.message).toContain(expected);
  });
});

describe("a value with `keepAlive`", () => {
  it("is written before the first round and then in its time, a fixed one without a command", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const { next, wires } = await open(far, {
      points: { life: { fc: 3, address: 0x0d00, keepAlive: { every: "1h", value: 0x55aa } }, power: { fc: 3, address: 0x0d01 } },
    });
    await using _wires = wires;
    await next();
    expect(told(far)).toEqual([`6:${0x0d00}:${0x55aa}`, `3:${0x0d00}:2`]);
    await next();
    expect(told(far)).toEqual([`3:${0x0d00}:2`]);
  });

  it("goes on while its time comes again and again", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const { next, wires } = await open(far, {
      every: "50ms",
      points: { life: { fc: 3, address: 1, keepAlive: { every: "100ms", value: 1 } } },
    });
    await using _wires = wires;
    const writes = () => far.asked.filter(({ fc }) => fc === 6).length;
    while (writes() < 4) {
      await next();
      await wait(10);
    }
    expect(writes()).toBeLessThan(far.asked.length - writes());
  });

  it("repeats what was commanded, and nothing of it after the device was opened anew", async () => {
    await using far = await farSide("tcp", obey, PATIENCE);
    const limit = { fc: 3, address: 4, writable: true, writeWith: 16, limits: { max: 32 }, keepAlive: { every: "50ms" } };
    const { device, next, opened, wires } = await open(far, { every: "50ms", points: { limit } });
    await using _wires = wires;
    await next();
    expect(told(far)).toEqual(["3:4:1"]);
    expect(await device.perform?.("limit", 16, never)).toEqual({ state: "succeeded", value: 16 });
    await wait(60);
    await next();
    expect(told(far)).toEqual(["16:4:1", "16:4:1", "3:4:1"]);
    await (await opened()).next();
    expect(told(far)).toEqual(["3:4:1"]);
  });

  it("never follows a newer command, whose answer was lost or which nobody knows the end of", async () => {
    let held = 0;
    let silent = false;
    await using far = await farSide(
      "tcp",
      (asked) => {
        if (asked.fc === 3) answer(asked, registers(3, 3, held));
        else if (!silent) [held] = [asked.quantity, asked.socket.write(asked.bytes)];
      },
      { timeout: "300ms" },
    );
    const limit = { fc: 3, address: 4, writable: true, keepAlive: { every: "50ms" } };
    const { device, next, wires } = await open(far, { every: "50ms", points: { limit } });
    await using _wires = wires;
    expect(await device.perform?.("limit", 16, never)).toEqual({ state: "succeeded", value: 16 });
    silent = true;
    held = 6;
    expect(await device.perform?.("limit", 6, never)).toEqual({ state: "succeeded", value: 6 });
    expect(await device.perform?.("limit", 9, never)).toEqual({ state: "unknown", code: "command.no-answer" });
    silent = false;
    far.asked.splice(0);
    await wait(60);
    await next();
    expect(told(far)).toEqual(["3:4:1"]);
    expect(await device.perform?.("limit", 70_000, never)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(await device.perform?.("limit", 10, never)).toEqual({ state: "succeeded", value: 10 });
    await wait(60);
    far.asked.splice(0);
    await next();
    expect(told(far)).toEqual(["6:4:10", "3:4:1"]);
  });

  it("that the unit refuses makes its reading doubtful, and no other", async () => {
    await using far = await farSide(
      "tcp",
      (asked) => (asked.fc === 6 ? answer(asked, withCrc(3, 0x86, 4)) : obey(asked)),
      PATIENCE,
    );
    const { next, wires } = await open(far, {
      points: { life: { fc: 3, address: 1, keepAlive: { every: "1h", value: 1 } }, power: { fc: 3, address: 2 } },
    });
    await using _wires = wires;
    expect((await next()).map(({ point, value, quality, code }) => [point, value, quality, code])).toEqual([
      ["life", 7, "uncertain", "bus.exception"],
      ["power", 7, "good", undefined],
    ]);
  });
});

/** Due in every round. */
const repeated = { fc: 3, address: 4, decode: "uint16", unit: "", kind: "gauge", keepAlive: { everyMs: 1, value: 5 } } as const;

describe("a value with `keepAlive` that cannot be repeated now", () => {
  it("is no reason of its own: a unit that fell silent is down by the silence of its polls", { timeout: 90_000 }, async () => {
    let silent = false;
    await using far = await farSide("tcp", (asked) => void (silent || obey(asked)), { timeout: "50ms" });
    // A silent unit is held back for 33 of its timeouts, which is longer than this.
    const life = { fc: 3, address: 1, keepAlive: { every: "200ms", value: 1 } };
    const { next, opened, wires } = await open(far, { every: "50ms", points: { life, power: { fc: 3, address: 9 } } });
    await using _wires = wires;
    expect((await next()).map(({ quality }) => quality)).toEqual(["good", "good"]);
    silent = true;
    const codes = [await codeOf(next())];
    for (let i = 0; i < 2; i++) codes.push(await codeOf((await opened()).next()));
    expect(codes).toEqual(Array(3).fill("bus.timeout"));
    silent = false;
    const again = await opened();
    again.device.hurry?.();
    expect((await again.next()).map(({ quality }) => quality)).toEqual(["good", "good"]);
  });

  it("gives way to the round on a line that others keep busy, whose readings stay what they were", async () => {
    // Half a second for each of the others' requests, the unit's own at once.
    const slow = (asked: Asked) => setTimeout(() => answer(asked, registers(8, 3, 7)), 500);
    await using far = await farSide("tcp", (asked) => void (asked.unit === 8 ? slow(asked) : obey(asked)), { timeout: "15s" });
    const life = { fc: 3, address: 1, keepAlive: { every: "100ms", value: 1 } };
    const { next, wires } = await open(far, { every: "50ms", points: { life } });
    await using _wires = wires;
    await next();
    await wait(100);
    const other = { unit: 8, fc: 3, address: 0, quantity: 1, priority: "command" } as const;
    const others = [1, 2].map(() => wires.modbus("plant").request(other, never));
    far.asked.splice(0);
    expect(await next()).toMatchObject([{ point: "life", value: 7, quality: "good" }]);
    expect(told(far)).toEqual(["3:0:1", "3:0:1", "3:1:1"]);
    await Promise.all(others);
    await next();
    expect(told(far)).toEqual(["6:1:1", "3:1:1"]);
  });

  it("holds up no other for more than one round: the one that waited longest is the first in the next", async () => {
    const repeats = new KeepAlive({ first: repeated, second: repeated }, 1000);
    const tried: string[] = [];
    const expire = (name: string) => {
      tried.push(name);
      return Promise.reject(new EdgeError("command.expired"));
    };
    for (let i = 0; i < 4; i++) {
      await repeats.refresh(expire);
      await wait(2);
    }
    expect(tried).toEqual(["first", "second", "first", "second"]);
    expect(repeats.failed.size).toBe(0);
  });
});

describe("the doubt that a failed repetition casts on a value", () => {
  const limit = { fc: 3, address: 4, writable: true, limits: { max: 32 }, keepAlive: { every: "50ms" } };

  /** Holds what it was written, while it obeys; commanded once, and silent to the repetition after it. */
  async function doubted() {
    let held = 0;
    const unit = { obeys: true };
    const far = await farSide(
      "tcp",
      (asked) => {
        if (asked.fc === 3) answer(asked, registers(3, 3, held));
        else if (unit.obeys) [held] = [asked.quantity, asked.socket.write(asked.bytes)];
      },
      { timeout: "300ms" },
    );
    const { device, next, wires } = await open(far, { every: "50ms", points: { limit } });
    const judged = async () => (await next()).map(({ value, quality, code }) => [value, quality, code]);
    const command = (value: number) => device.perform?.("limit", value, never);
    expect(await command(16)).toEqual({ state: "succeeded", value: 16 });
    unit.obeys = false;
    await wait(60);
    expect(await judged()).toEqual([[16, "uncertain", "bus.timeout"]]);
    const dispose = async () => {
      await wires[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
    };
    return { unit, judged, command, [Symbol.asyncDispose]: dispose };
  }

  it("ends with a command whose end nobody knows: nothing is repeated any more", async () => {
    await using device = await doubted();
    expect(await device.command(9)).toEqual({ state: "unknown", code: "command.no-answer" });
    expect(await device.judged()).toEqual([[16, "good", undefined]]);
  });

  it("ends with a command that succeeds, before that is repeated", async () => {
    const repeats = new KeepAlive({ limit: repeated }, 1000);
    await repeats.refresh(() =>
      Promise.reject(new ExchangeError(new EdgeError("bus.timeout", { device: "charger", bus: "plant" }))),
    );
    expect(repeats.failed.get("limit")).toBe("bus.timeout");
    await repeats.during("limit", () => Promise.resolve({ state: "succeeded", value: 10 }));
    expect(repeats.failed.get("limit")).toBeUndefined();
  });

  it("stays with a command that changes nothing: the value before it is still to be repeated", async () => {
    await using device = await doubted();
    expect(await device.command(70_000)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(await device.judged()).toEqual([[16, "uncertain", "bus.timeout"]]);
  });
});

describe("the pause of `atConnect`", () => {
  it("is kept after each connection, and not between requests", async () => {
    const heard: number[] = [];
    await using far = await farSide(
      "tcp",
      (asked) => {
        heard.push(monotonic());
        obey(asked);
      },
      PATIENCE,
    );
    const { next, wires } = await open(far, { atConnect: { pause: "700ms" }, points: { power: { fc: 3, address: 1 } } });
    await using _wires = wires;
    const begun = monotonic();
    for (let i = 0; i < 5; i++) await next();
    const [first = 0, , , , last = 0] = heard;
    expect(first - begun).toBeGreaterThanOrEqual(690);
    // Five requests with a pause before each would take five times as long.
    expect(last - begun).toBeLessThan(5 * 700);
    expect(far.connections()).toBe(1);
  });
});
