/** Totals of increments without the remainders of binary fractions, each saved. */
import { expect, it } from "vitest";
import { Counters } from "../../../../src/edge/devices/counters.ts";

it("goes on from what was saved, and says of a new point that its past is not known", () => {
  const saved = new Map<string, unknown>([["counters/water", { volume: 1.5 }]]);
  const counters = new Counters([{ id: "water" }], saved, (key, value) => saved.set(key, value));
  expect(counters.total("water", "edges")).toBe(undefined);
  expect([counters.add("water", "volume", 0.01), counters.add("water", "edges", 2)]).toEqual([
    { total: 1.51, first: false },
    { total: 2, first: true },
  ]);
  expect(saved.get("counters/water")).toEqual({ volume: 1.51, edges: 2 });
});

it("adds decimal parts as people would", () => {
  const counters = new Counters([{ id: "water" }], new Map(), () => undefined);
  for (let i = 0; i < 100_000; i += 1) counters.add("water", "volume", 0.01);
  expect(counters.total("water", "volume")).toBe(1000);
});
