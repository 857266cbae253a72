/** The status light of a unit: its rhythm is learned, and what it shows is told when it changes, whatever its period. */
import { describe, expect, it } from "vitest";
import { gpioBlink } from "../../../../../src/drivers/devices/gpio-blink.ts";
import { gpioColour } from "../../../../../src/drivers/devices/gpio-colour.ts";
import type { GpioChip, GpioEdge, Wires } from "../../../../../src/drivers/driver.ts";
import { Rhythm } from "../../../../../src/drivers/families/gpio/sign/rhythm.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { PushQueue } from "../../../../../src/kit/loop/push-queue.ts";
import type { Reading } from "../../../../../src/model/index.ts";
import fc from "../../../../support/property.ts";

const LONGEST = 30_000;

describe("a rhythm", () => {
  /** What is said in each moment, from the first flash to `until`. */
  function words(flashes: readonly (readonly [at: number, onMs: number])[], until: number): Rhythm {
    const rhythm = new Rhythm(LONGEST);
    rhythm.level(false, 0);
    for (const [at, onMs] of flashes) {
      rhythm.level(true, at);
      if (at + onMs <= until) rhythm.level(false, at + onMs);
    }
    return rhythm;
  }

  const period = fc.integer({ min: 300, max: 9000 });
  const regular = fc
    .record({ period, share: fc.double({ min: 0.01, max: 0.9, noNaN: true }), count: fc.integer({ min: 6, max: 30 }) })
    .map(({ period, share, count }) => {
      const onMs = Math.max(1, Math.round(period * share));
      return { period, onMs, flashes: Array.from({ length: count }, (_, i) => [1000 + i * period, onMs] as const) };
    });

  it("is blinking as long as it goes on, and dark or steady when three periods have passed without a change, and not before", () => {
    fc.assert(
      fc.property(regular, fc.boolean(), ({ period, onMs, flashes }, isSteady) => {
        const last = (flashes.at(-1)?.[0] ?? 0) + (isSteady ? 0 : onMs);
        const rhythm = words(isSteady ? [...flashes.slice(0, -1), [last, Number.POSITIVE_INFINITY]] : flashes, last);
        const wait = Math.max(2000, 3 * period);
        expect(rhythm.periodMs).toBe(period);
        expect(rhythm.word(last + wait - 1)).toBe("blinking");
        expect(rhythm.word(last + wait)).toBe(isSteady ? "steady" : "dark");
      }),
      { numRuns: 200 },
    );
  });

  it("is never blinking before its third flash, and never quieter than it was told at most", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 10, max: 60_000 }), { maxLength: 40 }), (gaps) => {
        const rhythm = new Rhythm(LONGEST);
        let [at, isOn, flashes] = [0, false, 0];
        rhythm.level(isOn, at);
        for (const gap of gaps) {
          at += gap;
          isOn = !isOn;
          rhythm.level(isOn, at);
          flashes = gap >= LONGEST ? Number(isOn) : flashes + Number(isOn);
          if (flashes < 3) expect(["blinking", "flicker"]).not.toContain(rhythm.word(at));
          expect(rhythm.waitMs).toBeLessThanOrEqual(LONGEST);
          expect(rhythm.word(at + LONGEST)).toBe(isOn ? "steady" : "dark");
        }
      }),
      { numRuns: 200 },
    );
  });

  it("that becomes slower is learned anew", () => {
    const fast = Array.from({ length: 10 }, (_, i) => [1000 + i * 500, 40] as const);
    const slow = Array.from({ length: 6 }, (_, i) => [20_000 + i * 6000, 40] as const);
    const rhythm = words([...fast, ...slow], 60_000);
    expect([rhythm.word(51_000), rhythm.periodMs]).toEqual(["blinking", 6000]);
  });
});

/** A chip whose edges the test makes. */
function watched(driver: typeof gpioBlink | typeof gpioColour, written: Readonly<Record<string, unknown>>) {
  const lines = new Map<number, PushQueue<GpioEdge>>();
  const chip: GpioChip = {
    watch: (line, _options, stop) => {
      const edges = new PushQueue<GpioEdge>({ most: 100, drops: "oldest" });
      lines.set(line, edges);
      return edges.drain(stop);
    },
    drive: () => Promise.reject(new Error("no output")),
  };
  const options = driver.options.parse({ line: 6, ...written }) as never;
  const wires = { gpio: () => chip } as unknown as Wires;
  const stop = new AbortController();
  const edge = (line: number, level: 0 | 1, mono: number) => lines.get(line)?.push({ level, mono });
  const open = async () => {
    const device = await driver.open({ id: "aed-light", options, bus: "pins", wires, stop: stop.signal });
    const readings = device.readings({ next: () => Promise.resolve(0) }, stop.signal)[Symbol.asyncIterator]();
    return async (): Promise<readonly Reading[]> => {
      // Until it has something to tell.
      for (;;) {
        const { value } = await readings.next();
        if (value === undefined || value.length > 0) return value ?? [];
      }
    };
  };
  return { open, edge, stop, lines };
}
const shown = (readings: readonly Reading[]) => readings.map(({ point, value, code }) => [point, value, code]);

describe("a sensor of a light", () => {
  it("tells what it shows when it changes, and a dark light by itself", async () => {
    const { open, edge, stop } = watched(gpioBlink, { darkAfter: "1s", every: "1h" });
    const next = await open();
    const first = next();
    const begun = monotonic();
    edge(6, 0, begun);
    for (let i = 1; i <= 3; i += 1) {
      edge(6, 1, begun + i * 20);
      edge(6, 0, begun + i * 20 + 10);
    }
    expect(shown(await first)).toEqual([["blink", "blinking", undefined]]);
    expect(shown(await next())).toEqual([["blink", "dark", undefined]]);
    stop.abort();
  });

  it("claims both its lines, and is lost with either", async () => {
    const { open, lines } = watched(gpioColour, { red: { line: 13 } });
    const next = await open();
    const first = next();
    lines.get(13)?.fail(new Error("the chip is gone"));
    await expect(first).rejects.toThrow("the chip is gone");
    const options = gpioColour.options.parse({ line: 6, red: { line: 13 } });
    expect(gpioColour.claims?.(options)).toEqual(["line 6", "line 13"]);
  });
});
