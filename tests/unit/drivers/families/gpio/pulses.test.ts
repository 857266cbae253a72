/** What each pulse of an output adds, and when nobody counted. */

import { describe, expect, it } from "vitest";
import { gpioPulse } from "../../../../../src/drivers/devices/gpio-pulse.ts";
import type { GpioEdge, GpioWatch, Wires } from "../../../../../src/drivers/driver.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import fc from "../../../../support/property.ts";

/** All that the device tells of these edges, until they are over and settled. */
async function told(written: Readonly<Record<string, unknown>>, edges: readonly (readonly [0 | 1, number])[]) {
  const asked: GpioWatch[] = [];
  const stop = new AbortController();
  const wires = {
    gpio: () => ({
      async *watch(_line: number, watch: GpioWatch, until: AbortSignal): AsyncGenerator<GpioEdge> {
        asked.push(watch);
        for (const [level, mono] of edges) yield { level, mono };
        setTimeout(() => stop.abort(), Number(written["waitMs"] ?? 30));
        await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve(), { once: true }));
      },
    }),
  } as unknown as Wires;
  const { waitMs: _, ...config } = written;
  const options = gpioPulse.options.parse({ line: 17, ...config });
  const device = await gpioPulse.open({ id: "w", options, bus: "pins", wires, stop: stop.signal });
  const readings: Reading[] = [];
  for await (const batch of device.readings({ next: () => Promise.resolve(0) }, stop.signal)) readings.push(...batch);
  return { readings, asked };
}
const REST = [1, 0] as const;

describe("a pulse meter", () => {
  it.each([
    [{ litresPerPulse: 10 }, "volume", "m3", 0.01],
    [{ litresPerPulse: 1 }, "volume", "m3", 0.001],
    [{ pulsesPerKWh: 2000 }, "energy", "kW.h", 0.0005],
    [{}, "pulses", "1", 1],
  ])("with %o adds to %s in %s: %d a pulse, at the time of its edge", async (written, point, unit, each) => {
    expect(gpioPulse.points(gpioPulse.options.parse({ line: 17, ...written }))).toEqual({
      [point]: { unit, kind: "increments" },
    });
    const { readings } = await told(written, [REST, [0, 1000], [1, 1100], [0, 2000], [1, 2100]]);
    expect(readings.slice(1)).toEqual([1000, 2000].map((mono) => ({ point, value: each, quality: "good", mono })));
  });

  it("says when it begins to count that nobody did before, and counts no pulse that stands by then", async () => {
    const { readings, asked } = await told({ litresPerPulse: 10 }, [
      [0, 500],
      [1, 700],
      [0, 3000],
    ]);
    expect(readings).toEqual([
      { point: "volume", value: 0, quality: "uncertain", code: "counter.unobserved", mono: 500 },
      { point: "volume", value: 0.01, quality: "good", mono: 3000 },
    ]);
    expect(asked).toEqual([{ bias: "none", counts: true, debounceMs: 20 }]);
  });

  it("counts every pulse and pause that stood for its time, and nothing else", async () => {
    const width = fc.integer({ min: 1, max: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(width, width), { minLength: 1, maxLength: 30 }), async (pulses) => {
        const edges: (readonly [0 | 1, number])[] = [REST];
        let mono = 1000;
        let expected = 0;
        let settled: 0 | 1 = 1;
        for (const [low, high] of pulses) {
          edges.push([0, mono], [1, mono + low]);
          if (low >= 20 && settled === 1) {
            settled = 0;
            expected += 1;
          }
          if (high >= 20) settled = 1;
          mono += low + high;
        }
        const { readings } = await told({ waitMs: 1 }, edges);
        expect(readings.filter(({ value }) => value === 1).length).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it("chatter adds nothing and is told once", async () => {
    const edges: (readonly [0 | 1, number])[] = [REST];
    for (let mono = 1000; mono < 61_000; mono += 1) edges.push([(mono % 2) as 0 | 1, mono]);
    const { readings } = await told({}, edges);
    expect(readings.slice(1).map(({ value, code }) => [value, code])).toEqual([[0, "contact.chatter"]]);
  });

  it("shows every change of level where the site asks for them", async () => {
    const now = monotonic();
    const { readings } = await told({ edges: true, every: "50ms", waitMs: 120 }, [
      [1, now],
      [0, now],
      [1, now],
      [0, now],
    ]);
    const edges = readings.filter(({ point }) => point === "edges");
    expect(edges.reduce((sum, { value }) => sum + Number(value), 0)).toBe(3);
  });

  it("measures one thing", () => {
    expect(gpioPulse.options.safeParse({ line: 17, litresPerPulse: 1, pulsesPerKWh: 1000 }).success).toBe(false);
    expect(gpioPulse.options.safeParse({ line: 17, litresPerPulse: 0 }).success).toBe(false);
  });
});
