/** Units silent, busy or corrupt in the middle of a round: what they said is kept, the rest asked again. Real sockets. */
import { describe, expect, it } from "vitest";
import type { Driver } from "../../../../../src/drivers/driver.ts";
import { modbusDevice } from "../../../../../src/drivers/families/modbus/modbus-table.ts";
import { deviceInfo, loadDriver } from "../../../../../src/drivers/index.ts";
import { openWires } from "../../../../../src/drivers/wires.ts";
import { noLog } from "../../../../../src/kit/log.ts";
import type { Device, Reading, Ticks } from "../../../../../src/model/index.ts";
import { type Asked, codeOf, type FarSide, farSide, mbap, never, registers, withCrc } from "../../support.ts";

const ticks: Ticks = { next: () => Promise.resolve(5) };
/** Silences are short; on RTU a unit rests no longer than that either. */
const BRIEF = { timeout: "80ms", replyDeadline: "80ms" };
/** Where nothing has to be waited for: a process that stands still is no silence. */
const LONG = { timeout: "15s", replyDeadline: "15s" };
const OFTEN = "1s";
const SELDOM = "15min";

/** Nine blocks, far from each other, each holding its own address. */
const POINTS = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`p${i}`, { fc: 3, address: i * 10 }]));
const GOOD = Object.entries(POINTS).map(([point, { address }]) => [point, address, "good", undefined]);
const own = ({ unit, fc, address, quantity }: Asked) =>
  registers(unit, fc, ...Array.from({ length: quantity }, (_, i) => address + i));

const rowsOf = (batch: readonly Reading[]) => batch.map(({ point, value, quality, code }) => [point, value, quality, code]);
const sorted = (rows: readonly (readonly unknown[])[]) => rows.toSorted(([a], [b]) => String(a).localeCompare(String(b)));

interface Opened extends AsyncDisposable {
  readonly device: Device;
  readonly next: () => Promise<readonly (readonly unknown[])[]>;
  readonly again: () => Promise<Opened>;
}

async function opened(far: FarSide, written: Readonly<Record<string, unknown>>, made?: Driver): Promise<Opened> {
  const wires = openWires({ plant: far.spec }, noLog);
  const driver = made ?? (await loadDriver("modbus-points"));
  const info = deviceInfo(
    "boiler",
    driver,
    driver.options.parse({ unit: 3, every: OFTEN, ...written }) as object,
    "plant",
    wires,
  );
  const fresh = async (): Promise<Opened> => {
    const device = await info.open(never);
    const batches = device.readings(ticks, never)[Symbol.asyncIterator]();
    return {
      device,
      next: async () => rowsOf((await batches.next()).value ?? []),
      again: fresh,
      [Symbol.asyncDispose]: () => wires[Symbol.asyncDispose](),
    };
  };
  return await fresh();
}

describe.each(["tcp", "rtu-tcp"] as const)("%s", (modbus) => {
  const reply = (asked: Asked, rtu: Buffer) => asked.socket.write(modbus === "tcp" ? mbap(asked.transaction, rtu) : rtu);
  const far = (answer: (asked: Asked) => void, patience: object = BRIEF) => farSide(modbus, answer, { ...patience });
  /** On RTU the very bytes of a reply that was just given are asked for twice. */
  const doubted = modbus === "tcp" ? 1 : 2;
  const asks = (side: FarSide, address: number) => side.asked.filter((asked) => asked.address === address).length;

  it.each([0, 4, 8])("a unit that is silent for block %i alone: the other eight are good, and it is not down", async (dead) => {
    await using side = await far((asked) => asked.address !== dead * 10 && reply(asked, own(asked)));
    await using unit = await opened(side, { points: POINTS });
    const bad = [`p${dead}`, null, "bad", "bus.timeout"];
    const expected = sorted([...GOOD.filter(([point]) => point !== `p${dead}`), bad]);
    for (let round = 0; round < 4; round++) expect(sorted(await unit.next())).toEqual(expected);
    // A register that is never answered is not asked at each round: the line has others to serve.
    expect(asks(side, dead * 10)).toBeLessThan(4);
  });

  it("a unit that is silent for several blocks in a row is asked on, as it answers what it answered before", async () => {
    await using side = await far((asked) => (asked.address < 30 || asked.address > 60) && reply(asked, own(asked)));
    await using unit = await opened(side, { points: POINTS });
    const rows = sorted(await unit.next());
    expect(rows.map(([, , quality]) => quality)).toEqual(["good", "good", "good", "bad", "bad", "bad", "bad", "good", "good"]);
  });

  it("a unit that is silent for its first blocks is found alive by the others at the next tries", async () => {
    await using side = await far((asked) => asked.address >= 30 && reply(asked, own(asked)));
    await using unit = await opened(side, { points: POINTS });
    expect(await codeOf(unit.next())).toBe("bus.timeout");
    expect(side.asked.map(({ address }) => address)).toEqual([0, 10]);
    unit.device.hurry?.();
    expect(await codeOf((await unit.again()).next())).toBe("bus.timeout");
    unit.device.hurry?.();
    const third = await unit.again();
    expect(sorted(await third.next()).map(([, , quality]) => quality)).toEqual([
      ...["bad", "bad", "bad"],
      ...["good", "good", "good", "good", "good", "good"],
    ]);
  });

  it("a unit that says nothing costs its line two silences, and then one for each try", async () => {
    await using side = await far(() => undefined);
    await using unit = await opened(side, { points: POINTS });
    expect(await codeOf(unit.next())).toBe("bus.timeout");
    expect(side.asked.length).toBe(2);
    unit.device.hurry?.();
    expect(await codeOf((await unit.again()).next())).toBe("bus.timeout");
    expect(side.asked.length).toBe(3);
  });

  it("a unit that falls silent in the middle is down after what it said was told", async () => {
    await using side = await far((asked) => asked.n <= 3 && reply(asked, own(asked)));
    await using unit = await opened(side, { points: POINTS });
    expect((await unit.next()).filter(([, , quality]) => quality === "good").map(([point]) => point)).toEqual(["p0", "p1", "p2"]);
    expect(await codeOf(unit.next())).toBe("bus.timeout");
    // Two silences, and the question whether it is still there.
    expect(side.asked.length).toBe(6);
  });

  it("a far side that hangs up after each reply gives the whole round", { timeout: 40_000 }, async () => {
    await using side = await far(
      (asked) => {
        reply(asked, own(asked));
        asked.socket.end();
      },
      { timeout: "1s", replyDeadline: "1s" },
    );
    await using unit = await opened(side, { points: POINTS });
    expect(await unit.next()).toEqual(GOOD);
  });

  it("a far side that hangs up under a request is asked again on a new connection; one block that always ends it fails alone", async () => {
    await using side = await far((asked) => {
      if (asked.address === 40 || asked.n === 2) asked.socket.destroy();
      else reply(asked, own(asked));
    }, BRIEF);
    await using unit = await opened(side, { points: POINTS });
    const rows = sorted(await unit.next());
    expect(rows).toEqual(GOOD.map((row) => (row[0] === "p4" ? ["p4", null, "bad", "bus.unreachable"] : row)));
    expect(asks(side, 40)).toBe(2);
  });

  it("a reply that is too short fails its block alone", async () => {
    await using side = await far((asked) => reply(asked, asked.address === 0 ? registers(asked.unit, asked.fc, 1) : own(asked)));
    const points = { wide: { fc: 3, address: 0, decode: "uint32" }, p2: { fc: 3, address: 20 } };
    await using unit = await opened(side, { points });
    expect(sorted(await unit.next())).toEqual([
      ["p2", 20, "good", undefined],
      ["wide", null, "bad", "bus.foreign-reply"],
    ]);
  });

  it("a gateway's word that nobody answers is a silence of that block", async () => {
    await using side = await far((asked) => reply(asked, asked.address === 10 ? withCrc(3, 0x83, 11) : own(asked)));
    await using unit = await opened(side, { points: POINTS });
    expect(sorted(await unit.next())).toEqual(GOOD.map((row) => (row[0] === "p1" ? ["p1", null, "bad", "bus.exception"] : row)));
  });

  it("a silent block of a unit that is asked seldom is asked once more within seconds", async () => {
    let silent = true;
    await using side = await far((asked) => {
      if (asked.address === 20 && silent) silent = false;
      else reply(asked, own(asked));
    });
    await using unit = await opened(side, { points: POINTS, every: SELDOM });
    expect(await unit.next()).toEqual(GOOD.filter(([point]) => point !== "p2"));
    expect(await unit.next()).toEqual(GOOD.filter(([point]) => point === "p2"));
  });

  it.each([4, 5, 6, 8])("exception %i is asked again within seconds, and nothing bad is told before", async (exception) => {
    let busy = 2;
    await using side = await far((asked) => {
      const isBusy = asked.address === 20 && busy > 0;
      if (isBusy) busy -= 1;
      reply(asked, isBusy ? withCrc(3, 0x83, exception) : own(asked));
    }, LONG);
    await using unit = await opened(side, { points: POINTS, every: SELDOM });
    expect(await unit.next()).toEqual(GOOD.filter(([point]) => point !== "p2"));
    expect(await unit.next()).toEqual(GOOD.filter(([point]) => point === "p2"));
    expect(asks(side, 20)).toBe(3);
  });

  it("a unit that stays busy is asked three times more, all its blocks together, and is bad then", {
    timeout: 40_000,
  }, async () => {
    await using side = await far((asked) => reply(asked, withCrc(3, 0x83, 6)), LONG);
    await using unit = await opened(side, { points: POINTS, every: SELDOM });
    expect(sorted(await unit.next())).toEqual(GOOD.map(([point]) => [point, null, "bad", "bus.exception"]));
    expect(asks(side, 0)).toBe(4);
  });

  it("what a unit refuses for good is not asked again, and one that is asked often is asked at its next turn", async () => {
    await using side = await far((asked) => reply(asked, asked.address === 20 ? withCrc(3, 0x83, 2) : own(asked)), LONG);
    await using unit = await opened(side, { points: POINTS, every: SELDOM });
    expect((await unit.next()).filter(([, , quality]) => quality === "bad")).toEqual([["p2", null, "bad", "bus.exception"]]);
    expect(asks(side, 20)).toBeLessThanOrEqual(doubted);
    await using busy = await far((asked) => reply(asked, asked.address === 20 ? withCrc(3, 0x83, 6) : own(asked)), LONG);
    await using often = await opened(busy, { points: POINTS, every: OFTEN });
    for (const round of [1, 2]) {
      expect((await often.next()).filter(([, , quality]) => quality === "bad")).toEqual([["p2", null, "bad", "bus.exception"]]);
      expect(asks(busy, 20)).toBeLessThanOrEqual(round * doubted);
    }
  });

  it("somebody who waits for a busy unit does not wait for its pause", { timeout: 40_000 }, async () => {
    let busy = 1;
    await using side = await far((asked) => reply(asked, busy-- > 0 ? withCrc(3, 0x83, 6) : own(asked)), LONG);
    await using unit = await opened(side, { points: { p0: { fc: 3, address: 0 } }, every: SELDOM });
    const hurried = unit.next();
    await expect.poll(() => side.asked.length).toBe(1);
    const timer = setInterval(() => unit.device.hurry?.(), 20);
    const begun = performance.now();
    expect(await hurried).toEqual([["p0", 0, "good", undefined]]);
    clearInterval(timer);
    // Less than the pause of a second.
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

it("a reply that the line spoiled is asked for again within seconds", async () => {
  let spoilt = 1;
  await using side = await farSide(
    "rtu-tcp",
    (asked) => {
      const frame = own(asked);
      if (asked.address === 20 && spoilt-- > 0) frame.writeUInt8(frame.readUInt8(4) ^ 1, 4);
      asked.socket.write(frame);
    },
    LONG,
  );
  await using unit = await opened(side, { points: POINTS, every: SELDOM });
  expect(await unit.next()).toEqual(GOOD.filter(([point]) => point !== "p2"));
  expect(await unit.next()).toEqual(GOOD.filter(([point]) => point === "p2"));
});

describe("a device that must say what it is", () => {
  const driver = modbusDevice({
    type: "known",
    title: { it: "", en: "" },
    maxRegisters: 10,
    every: "1s",
    identity: [{ fc: 3, address: 0x0b, decode: "uint16", oneOf: [341] }],
    points: {
      volts: { fc: 4, address: 0, decode: "uint16", unit: "V", kind: "gauge" },
      setting: { fc: 3, address: 5, decode: "uint16", unit: "1", kind: "gauge", writable: { value: "number", impact: "low" } },
    },
    goldens: [],
  }) as Driver;
  const values = (asked: Asked) => mbap(asked.transaction, registers(3, asked.fc, asked.address === 0x0b ? 341 : 230));

  it("and stays silent to that alone is read, but nothing of it is good", async () => {
    await using side = await farSide("tcp", (asked) => asked.address !== 0x0b && asked.socket.write(values(asked)), BRIEF);
    await using unit = await opened(side, {}, driver);
    for (let round = 0; round < 2; round++)
      expect(sorted(await unit.next())).toEqual([
        ["setting", 230, "uncertain", "value.unidentified"],
        ["volts", 230, "uncertain", "value.unidentified"],
      ]);
    expect(side.asked.filter(({ address }) => address === 0x0b).length).toBe(1);
  });

  it("and is busy just then is asked again before its values are told; so is it before a command", async () => {
    const busyTwice = (left: number) => (asked: Asked) =>
      asked.fc === 6
        ? asked.socket.write(asked.bytes)
        : asked.socket.write(asked.address === 0x0b && left-- > 0 ? mbap(asked.transaction, withCrc(3, 0x83, 6)) : values(asked));
    await using side = await farSide("tcp", busyTwice(1), LONG);
    await using unit = await opened(side, { every: SELDOM }, driver);
    expect((await unit.next()).map(([, , quality]) => quality)).toEqual(["good", "good"]);
    await using other = await farSide("tcp", busyTwice(1), LONG);
    await using commanded = await opened(other, {}, driver);
    expect(await commanded.device.perform?.("setting", 1, never)).toEqual({ state: "succeeded", value: 1 });
  });

  it("and hangs up under that question is asked on a new connection", async () => {
    await using side = await farSide(
      "tcp",
      (asked) => (asked.n === 1 ? asked.socket.destroy() : asked.socket.write(values(asked))),
      LONG,
    );
    await using unit = await opened(side, {}, driver);
    expect((await unit.next()).map(([, , quality]) => quality)).toEqual(["good", "good"]);
  });

  it("and says nothing at all is down", async () => {
    await using side = await farSide("tcp", () => undefined, BRIEF);
    await using unit = await opened(side, {}, driver);
    expect(await codeOf(unit.next())).toBe("bus.timeout");
    expect(side.asked.length).toBe(2);
  });
});

it("a write whose proof is asked of a busy unit is read back again, and never written twice", async () => {
  let busy = 2;
  await using side = await farSide(
    "tcp",
    (asked) => {
      if (asked.fc === 6) asked.socket.write(mbap(asked.transaction, withCrc(3, 0x86, 5)));
      else asked.socket.write(mbap(asked.transaction, busy-- > 0 ? withCrc(3, 0x83, 6) : registers(3, 3, 42)));
    },
    LONG,
  );
  await using unit = await opened(side, { points: { level: { fc: 3, address: 1, writable: true } } });
  expect(await unit.device.perform?.("level", 42, never)).toEqual({ state: "succeeded", value: 42 });
  expect(side.asked.map(({ fc }) => fc)).toEqual([6, 3, 3, 3]);
});
