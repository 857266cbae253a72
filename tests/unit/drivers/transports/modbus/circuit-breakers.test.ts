/** When a unit may be asked again after answers and silences, and how busy its line was. */
import { describe, expect, it } from "vitest";
import type { ModbusRequest, Priority } from "../../../../../src/drivers/driver.ts";
import { CircuitBreakers } from "../../../../../src/drivers/transports/modbus/circuit-breakers.ts";
import { LineLoad } from "../../../../../src/drivers/transports/modbus/line-load.ts";

const request = (unit: number, priority: Priority = "poll"): ModbusRequest => ({
  unit,
  fc: 3,
  address: 0,
  quantity: 1,
  priority,
});

/** Half a second of the line was lost on this unit, up to `now`. */
const lose = (units: CircuitBreakers, unit: number, now: number) => units.silent(unit, 500, now);

describe("a silent unit", () => {
  it("is asked again after the first silence, and then held back by 33 times what a silence cost", () => {
    const units = new CircuitBreakers();
    lose(units, 1, 1000);
    expect(units.due(request(1))).toBe(0);
    expect(units.stats(1)).toMatchObject({ held: false });
    lose(units, 1, 2000);
    expect(units.due(request(1))).toBe(2000 + 33 * 500);
    expect(units.due(request(1, "alarm"))).toBe(2000 + 33 * 500);
    expect(units.stats(1)).toMatchObject({ held: true });
    expect(units.due(request(2))).toBe(0);
  });

  it("is probed by one request, and stays closed when that is lost too", () => {
    const units = new CircuitBreakers();
    lose(units, 1, 0);
    lose(units, 1, 500);
    lose(units, 1, 17_500);
    expect(units.due(request(1))).toBe(17_500 + 33 * 500);
  });

  it("is free again at its first answer, be it an exception", () => {
    for (const answer of [(u: CircuitBreakers) => u.answered(1, 20), (u: CircuitBreakers) => u.heard(1)]) {
      const units = new CircuitBreakers();
      lose(units, 1, 0);
      lose(units, 1, 500);
      answer(units);
      expect(units.due(request(1))).toBe(0);
      expect(units.stats(1)).toMatchObject({ held: false });
    }
  });

  it("does not keep a command waiting, except for its own late answer", () => {
    const units = new CircuitBreakers();
    units.rests(1, 2500);
    lose(units, 1, 0);
    lose(units, 1, 1000);
    expect(units.due(request(1, "command"))).toBe(2500);
    expect(units.due(request(1))).toBe(1000 + 33 * 500);
  });

  it("shares the three per cent with the others that are silent, up to a minute", () => {
    const units = new CircuitBreakers();
    for (let unit = 1; unit <= 30; unit++) for (const now of [0, 0]) lose(units, unit, now);
    expect(units.due(request(2))).toBe(2 * 33 * 500);
    expect(units.due(request(4))).toBe(60_000);
    expect(units.due(request(30))).toBe(60_000);
    for (const now of [0, 0]) units.silent(40, 5000, now);
    expect(units.due(request(40))).toBe(33 * 5000);
  });
});

it("counts by unit, and smooths the latency", () => {
  const units = new CircuitBreakers();
  expect(units.stats(1)).toBeUndefined();
  units.asked(1);
  units.answered(1, 40);
  units.asked(1);
  units.answered(1, 48);
  units.asked(1);
  units.timedOut(1);
  units.asked(1);
  units.corrupted(1);
  units.asked(1);
  units.refused(1);
  expect(units.stats(1)).toMatchObject({ requests: 5, timeouts: 1, checksumErrors: 1, exceptions: 1, latencyMs: 41 });
});

describe("occupancy", () => {
  it("is what was used of the last one to two windows", () => {
    const used = new LineLoad(1000, 0);
    expect(used.percent(0)).toBe(0);
    used.add(100, 200);
    expect(used.percent(400)).toBe(25);
    used.add(400, 1000);
    expect(used.percent(1000)).toBe(50);
    expect(used.percent(1250)).toBe(40);
    expect(used.percent(2000)).toBe(40);
  });

  it("forgets what is older, and never exceeds the whole", () => {
    const used = new LineLoad(1000, 0);
    used.add(900, 1000);
    expect(used.percent(10_000)).toBe(0);
    used.add(5000, 10_500);
    expect(used.percent(10_500)).toBe(100);
  });
});
