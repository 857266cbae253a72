/** Loop detectors: presence is not known while the fault contact says fault, nor after it until a vehicle comes or goes. */
import { describe, expect, it } from "vitest";
import { gpioLoop } from "../../../../../src/drivers/devices/gpio-loop.ts";
import type { GpioChip, GpioEdge, Wires } from "../../../../../src/drivers/driver.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { PushQueue } from "../../../../../src/kit/loop/push-queue.ts";
import type { Reading } from "../../../../../src/model/index.ts";

const FAULT = { fault: { line: 23, active: "low" } };

/** A chip whose edges the test makes, each a while after the one before, so that it has settled. */
function detector(written: Readonly<Record<string, unknown>>) {
  const lines = new Map<number, PushQueue<GpioEdge>>();
  const chip: GpioChip = {
    watch: (line, _options, stop) => {
      const edges = new PushQueue<GpioEdge>({ most: 100, drops: "oldest" });
      lines.set(line, edges);
      return edges.drain(stop);
    },
    drive: () => Promise.reject(new Error("no output")),
  };
  const options = gpioLoop.options.parse({ line: 22, debounce: "20ms", every: "1h", ...written });
  const wires = { gpio: () => chip } as unknown as Wires;
  const stop = new AbortController();
  const open = async () => {
    const device = await gpioLoop.open({ id: "loop", options, bus: "pins", wires, stop: stop.signal });
    return device.readings({ next: () => Promise.resolve(0) }, stop.signal)[Symbol.asyncIterator]();
  };
  const edge = (line: number, level: 0 | 1, mono = monotonic()) => lines.get(line)?.push({ level, mono });
  return { options, open, edge, lines, stop };
}
const shown = (readings: readonly Reading[] | undefined) => readings?.map(({ point, value, code }) => [point, value, code]);

describe("a loop detector", () => {
  it("has a point for its fault contact where it has one, and claims both lines", () => {
    const [plain, whole] = [{ line: 22 }, { line: 22, ...FAULT }].map((written) => gpioLoop.options.parse(written));
    if (!plain || !whole) throw new Error("both are valid");
    expect(Object.keys(gpioLoop.points(plain))).toEqual(["presence"]);
    expect(Object.keys(gpioLoop.points(whole))).toEqual(["presence", "fault"]);
    expect(gpioLoop.claims?.(whole)).toEqual(["line 22", "line 23"]);
  });

  it("tells no presence while it is at fault, nor after it until something moves; a reopening changes nothing", async () => {
    const { open, edge, stop } = detector({ ...FAULT, afterPowerUp: "unknown" });
    const first = await open();
    const opened = first.next();
    edge(23, 0);
    expect(shown((await opened).value)).toEqual([["fault", true, undefined]]);
    edge(22, 0);
    expect(shown((await first.next()).value)).toEqual([["presence", null, "sensor.loop-fault"]]);
    edge(23, 1);
    expect(shown((await first.next()).value)).toEqual([["fault", false, undefined]]);
    await first.return?.(undefined);

    const second = await open();
    const again = second.next();
    edge(22, 0);
    expect(shown((await again).value)).toEqual([["presence", null, "sensor.untuned"]]);
    edge(22, 1);
    expect(shown((await second.next()).value)).toEqual([["presence", false, undefined]]);
    edge(22, 0);
    expect(shown((await second.next()).value)).toEqual([["presence", true, undefined]]);
    stop.abort();
  });

  it("is lost with either of its lines", async () => {
    const { open, lines } = detector(FAULT);
    const readings = await open();
    const opened = readings.next();
    lines.get(23)?.fail(new Error("the chip is gone"));
    await expect(opened).rejects.toThrow("the chip is gone");
  });
});
