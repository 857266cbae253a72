/** Columns that answer late, not at all, refuse or restart: each command is written once at most, and told. */
import { describe, expect, it } from "vitest";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { never } from "../../support.ts";
import { COLUMNS, controlOf, type Manner, simulatedColumn, told } from "./simulated-column.ts";

const open = (type: string, more = {}) => simulatedColumn(type, { control: controlOf(type, more) });

/** How the command ends for each manner of the column: where it says what it holds, and where it does not. */
const ENDS: Readonly<Record<Exclude<Manner, "ignores">, readonly [isRead: object, isNot: object]>> = {
  obeys: [
    { state: "succeeded", value: 10 },
    { state: "succeeded", value: 10 },
  ],
  late: [
    { state: "succeeded", value: 10 },
    { state: "unknown", code: "command.no-answer" },
  ],
  silent: [
    { state: "succeeded", value: 10 },
    { state: "unknown", code: "command.no-answer" },
  ],
  refuses: [
    { state: "failed", code: "bus.exception" },
    { state: "failed", code: "bus.exception" },
  ],
  restarts: [
    { state: "unknown", code: "command.no-answer" },
    { state: "unknown", code: "command.no-answer" },
  ],
};

describe.each(Object.entries(ENDS))("a column that %s", (manner, [whereRead, whereNot]) => {
  it("is told a limit once, whatever its type, and how that ended is told", async () => {
    await Promise.all(
      COLUMNS.map(async ({ type, at, isRead }) => {
        await using column = await open(type);
        column.slave.manner = manner as Manner;
        const outcome = await column.device.perform?.("limit", 10, never);
        expect(outcome, type).toMatchObject(isRead ? whereRead : whereNot);
        expect(column.slave.writes, type).toEqual([at]);
      }),
    );
  });
});

describe("a command", () => {
  it("whose time is over is not sent", async () => {
    await Promise.all(
      COLUMNS.map(async ({ type }) => {
        await using column = await open(type);
        const outcome = await column.device.perform?.("limit", 10, never, monotonic());
        expect(outcome, type).toEqual({ state: "expired", code: "command.expired" });
        expect(column.slave.writes, type).toEqual([]);
      }),
    );
  });

  it("that the column acknowledges and does not keep is not called a success", async () => {
    await using column = await open("heidelberg-energy-control");
    column.slave.manner = "ignores";
    const outcome = await column.device.perform?.("limit", 10, never);
    expect(outcome).toEqual({ state: "unknown", code: "command.not-held" });
    expect(column.slave.writes).toEqual([261]);
  });

  it("for less than a cable offers, or more than the wiring bears, is not sent; 0 is where it pauses", async () => {
    await using column = await open("heidelberg-energy-control");
    for (const amperes of [5.9, 16.1, -1])
      expect(await column.device.perform?.("limit", amperes, never)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(await column.device.perform?.("limit", 0, never)).toEqual({ state: "succeeded", value: 0 });
    expect(column.slave.writes).toEqual([261]);
    await using other = await open("bender-cc612");
    expect(await other.device.perform?.("limit", 0, never)).toEqual({ state: "failed", code: "command.out-of-range" });
    expect(other.slave.writes).toEqual([]);
  });

  it("that the column obeys already is not written where writing wears it", async () => {
    await using column = await open("go-e-charger");
    column.slave.unit().set("limit", 10);
    expect(await column.device.perform?.("limit", 10, never)).toEqual({ state: "succeeded", value: 10 });
    expect(column.slave.writes).toEqual([]);
    expect(await column.device.perform?.("limit", 12, never)).toEqual({ state: "succeeded", value: 12 });
    expect(column.slave.writes).toEqual([299]);
  });

  it("to pause is a switch where the column has one", async () => {
    for (const [type, at] of [
      ["phoenix-em-cp", 400],
      ["go-e-charger", 337],
    ] as const) {
      await using column = await open(type);
      column.slave.unit().set("paused", false);
      expect(await column.device.perform?.("paused", true, never), type).toEqual({ state: "succeeded", value: true });
      expect(column.slave.writes, type).toEqual([at]);
      expect(told(await column.next(), "paused"), type).toEqual([true, "good"]);
      expect(await column.device.perform?.("paused", false, never), type).toEqual({ state: "succeeded", value: false });
      expect(told(await column.next(), "paused"), type).toEqual([false, "good"]);
    }
  });

  it("is refused where the site does not let the gateway command the column, and nothing is ever written", async () => {
    await Promise.all(
      COLUMNS.map(async ({ type }) => {
        await using column = await simulatedColumn(type);
        expect(await column.device.perform?.("limit", 10, never), type).toEqual({
          state: "failed",
          code: "command.out-of-range",
        });
        await column.next();
        await column.next();
        expect(column.slave.writes, type).toEqual([]);
      }),
    );
  });
});

describe("a limit that the column loses in a restart", () => {
  it("is written once more, and not against somebody who holds it elsewhere", async () => {
    await using column = await open("heidelberg-energy-control");
    await column.device.perform?.("limit", 10, never);
    expect(told(await column.next(), "limit")).toEqual([10, "good"]);
    column.slave.unit().set("limit", 16);
    await column.next();
    expect(told(await column.next(), "limit")).toEqual([10, "good"]);
    expect(column.slave.writes).toEqual([261, 261]);
    column.slave.manner = "ignores";
    column.slave.unit().set("limit", 16);
    for (let round = 0; round < 4; round++) await column.next();
    expect(column.slave.writes).toEqual([261, 261, 261]);
    expect(told(await column.next(), "limit")).toEqual([16, "uncertain", "command.no-answer"]);
  });
});

describe("fail-safe values", () => {
  const asked = { failSafe: { current: 8, after: "20s" } };

  it("are written when the column is met and holds others, and then left alone", async () => {
    for (const type of ["heidelberg-energy-control", "abb-terra-ac", "keba-p30-p40", "bender-cc612"]) {
      await using column = await simulatedColumn(type, { every: "3s", control: { most: 16, ...asked } });
      await column.next();
      await column.next();
      const first = [...column.slave.writes];
      expect(first.length, type).toBe(2);
      await column.next();
      await column.next();
      expect(column.slave.writes, type).toEqual(first);
      expect([column.slave.unit().get("fail-safe-current"), column.slave.unit().get("fail-safe-after")], type).toEqual([8, 20]);
    }
  });

  it("that cannot be read are written once on each connection", async () => {
    await using column = await simulatedColumn("vestel-evc04", { control: { most: 16, ...asked } });
    await column.next();
    await column.next();
    expect(column.slave.writes.filter((at) => at !== 6000)).toEqual([2000, 2002]);
  });
});
