/** What columns say of themselves: letters made of several registers, and one register without an answer. Real sockets. */
import { describe, expect, it } from "vitest";
import { loadDriver } from "../../../../../src/drivers/index.ts";
import { never } from "../../support.ts";
import { simulatedColumn, told } from "./simulated-column.ts";

describe("the letter", () => {
  it.each([
    [0, 0, "A"],
    [2, 0, "A"],
    [2, 7, "B"],
    [1, 5, "B"],
    [5, 7, "B"],
    [3, 7, "C"],
    [4, 7, "F"],
  ])("of a KEBA with state %i and cable %i is %s", async (state, cable, letter) => {
    await using column = await simulatedColumn("keba-p30-p40");
    column.slave.unit().set("state-code", state);
    column.slave.unit().set("cable-code", cable);
    expect(told(await column.next(), "state")).toEqual([letter, "good"]);
  });

  it("of a warm Heidelberg is the one before, and none where there was none", async () => {
    await using column = await simulatedColumn("heidelberg-energy-control");
    column.slave.unit().set("state-code", 8);
    expect(told(await column.next(), "state")).toEqual([null, "bad", "value.undecided"]);
    column.slave.unit().set("state-code", 7);
    expect(told(await column.next(), "state")).toEqual(["C", "good"]);
    column.slave.unit().set("state-code", 8);
    const warm = await column.next();
    expect(told(warm, "state")).toEqual(["C", "good"]);
    expect(told(warm, "derating")).toEqual([true, "good"]);
  });

  it("of an Alfen that says E is A without a car and F with one", async () => {
    await using column = await simulatedColumn("alfen-eve");
    for (const [code, letter] of [
      ["A", "A"],
      ["E", "A"],
      ["B1", "B"],
      ["E", "F"],
      ["C2", "C"],
    ]) {
      column.slave.unit().set("state-code", code ?? "");
      expect(told(await column.next(), "state")).toEqual([letter, "good"]);
    }
  });

  it("of an EVlink is doubtful where its document is", async () => {
    await using column = await simulatedColumn("schneider-evlink-pro-ac");
    column.slave.unit().set("state-code", 8);
    expect(told(await column.next(), "state")).toEqual(["C", "good"]);
    column.slave.unit().set("state-code", 5);
    expect(told(await column.next(), "state")).toEqual(["B", "uncertain", "value.undecided"]);
    column.slave.unit().set("state-code", 77);
    expect(told(await column.next(), "state")).toEqual([null, "bad", "value.undecided"]);
  });

  it("of a go-e that says 0 is a fault only beside an error", async () => {
    await using column = await simulatedColumn("go-e-charger");
    expect(told(await column.next(), "state")).toEqual([null, "bad", "value.undecided"]);
    column.slave.unit().set("error-code", 3);
    expect(told(await column.next(), "state")).toEqual(["F", "good"]);
  });
});

describe("a column that is told a power", () => {
  it.each([
    [1, 2300],
    [3, 6900],
  ])("on %i phases takes 10 A of each as %i W, and what it falls back to likewise, switched on", async (phases, limit) => {
    const failSafe = { current: 0, after: "60s" };
    await using column = await simulatedColumn("delta-ac-max", { phases, control: { most: 16, failSafe } });
    const held = (address: number, count: number): readonly number[] => {
      const { pdu } = column.slave.unit().answer(Uint8Array.of(3, address >> 8, address & 0xff, 0, count));
      return Array.from({ length: count }, (_, i) => Buffer.from(pdu).readUInt16BE(2 + i * 2));
    };
    // The first round reads what it holds, the second writes what is to be.
    await column.next();
    await column.next();
    expect(held(201, 4)).toEqual([1, 60, 0, 0]);
    expect(await column.device.perform?.("limit", 10, never)).toEqual({ state: "succeeded", value: 10 });
    expect(held(1600, 2)).toEqual([0, limit]);
    expect(told(await column.next(), "limit")).toEqual([10, "good"]);
  });

  it("does not open without knowing how many phases there are", async () => {
    const { options } = await loadDriver("delta-ac-max");
    expect([{}, { phases: 2 }, { phases: 1 }].map((more) => options.safeParse({ unit: 1, ...more }).success)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("the energy of a KEBA", () => {
  it.each([
    [4_123_456, 10_200, 1000],
    [4_123_456, 10_201, 100],
    [312_345, 10_000, 100],
  ])("of model %i with firmware %i and a count of 1,000,000 is %i kWh", async (product, firmware, energy) => {
    await using column = await simulatedColumn("keba-p30-p40");
    column.slave.unit().set("product", product);
    column.slave.unit().set("firmware", firmware);
    column.slave.unit().set("energy-count", 1_000_000);
    const readings = await column.next();
    expect(told(readings, "energy")).toEqual([energy, "good"]);
    expect(readings.map(({ point }) => point)).not.toContain("energy-count");
  });
});

describe("one register without an answer", () => {
  it("is bad alone: the column stays open, and what does not need it is good", async () => {
    await using column = await simulatedColumn("keba-p30-p40");
    column.slave.unit().set("state-code", 3);
    column.slave.dead.add("3:1006");
    for (let round = 0; round < 2; round++) {
      // What is silent is asked once more, after all else was told.
      expect(told(await column.next(), "state")).toEqual(["C", "good"]);
      expect(told(await column.next(), "error-code")).toEqual([null, "bad", "bus.timeout"]);
    }
    expect(column.slave.connections()).toBe(1);
  });

  it("of the letter makes the letter bad, with the same reason", async () => {
    await using column = await simulatedColumn("keba-p30-p40");
    column.slave.dead.add("3:1004");
    expect((await column.next()).map(({ point }) => point)).not.toContain("state");
    expect(told(await column.next(), "state")).toEqual([null, "bad", "bus.timeout"]);
  });
});

describe("options", () => {
  it("ask for rounds that keep the column from falling back", async () => {
    const { options } = await loadDriver("heidelberg-energy-control");
    const parse = (every: string, after?: string) =>
      options.safeParse({ unit: 1, every, control: { most: 16, ...(after && { failSafe: { current: 0, after } }) } }).success;
    expect([parse("7s"), parse("8s"), parse("8s", "20s"), parse("11s", "20s")]).toEqual([true, false, true, false]);
  });

  it.each([
    [{ most: 5 }, "less than a cable offers"],
    [{ most: 33 }, "more than it can be told"],
    [{ most: 16, failSafe: { current: 3, after: "30s" } }, "a fail-safe current that no cable offers"],
    [{ most: 16, failSafe: { current: 6, after: "5s" } }, "a time that it does not take"],
  ])("refuse %j: %s", async (control, _) => {
    const { options } = await loadDriver("keba-p30-p40");
    expect(options.safeParse({ unit: 255, control }).success).toBe(false);
  });

  it("ask for fail-safe values where the column's own time is not known", async () => {
    const { options } = await loadDriver("vestel-evc04");
    expect(options.safeParse({ unit: 255, control: { most: 16 } }).success).toBe(false);
  });

  it("tell the controllers of one CHARX apart", async () => {
    const driver = await loadDriver("phoenix-charx");
    const claims = [1, 2].map((controller) => driver.claims?.(driver.options.parse({ unit: 1, controller })));
    expect(claims).toEqual([["unit 1, controller 1"], ["unit 1, controller 2"]]);
  });
});
