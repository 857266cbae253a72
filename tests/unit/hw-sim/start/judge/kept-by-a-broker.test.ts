/** What a broker kept while no gateway was there is right when it arrives; anywhere else, or at another time, it is wrong. */
import { expect, it } from "vitest";
import type { WireRecord } from "../../../../../hw-sim/site/wire-log.ts";
import { compareReadings } from "../../../../../hw-sim/start/judge/readings.ts";

const KILLED = 5000;
const READY = 8000;

function wrongOf(isKept: boolean, value: number, mono: number): number {
  const shown = (value: number, at: number): WireRecord => ({
    k: "shown",
    device: "tank",
    point: "level",
    value,
    from: at,
    to: at,
  });
  const { wrong } = compareReadings({
    served: [shown(1, 3000), shown(2, 6000), shown(3, 9000)],
    received: [{ source: "tank", name: "level", value, quality: "good", mono }],
    points: new Map([["tank.level", { bus: "lora", kind: "gauge", debounceMs: 0, change: 0, isKept }]]),
    blind: [[KILLED, READY]],
    waits: [],
    end: 20_000,
  });
  return wrong;
}

it("a reading that waited is told at its arrival", () => {
  expect(wrongOf(true, 2, 7900)).toBe(0);
  expect(wrongOf(false, 2, 7900)).toBe(1);
});

it("one from before the gateway was away, or long after its return, is wrong all the same", () => {
  expect(wrongOf(true, 1, 7900)).toBe(1);
  expect(wrongOf(true, 2, 12_000)).toBe(1);
  // Nothing arrives before it is published.
  expect(wrongOf(true, 3, 7900)).toBe(1);
});
