/** A joined signal ends with the first of its sources, once, and leaves nothing behind. */
import { getEventListeners } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { AnyOf } from "../../../../src/kit/loop/signals.ts";
import { ticker } from "../../../../src/kit/loop/ticker.ts";

describe("any of several signals", () => {
  it("ends with the first, for its reason", () => {
    const [one, two] = [new AbortController(), new AbortController()];
    using over = new AnyOf(one.signal, two.signal);
    expect(over.signal.aborted).toBe(false);
    two.abort("second");
    one.abort("first");
    expect([over.signal.aborted, over.signal.reason]).toEqual([true, "second"]);
  });

  it("has ended where one had ended before", () => {
    using over = new AnyOf(new AbortController().signal, AbortSignal.abort("long ago"));
    expect([over.signal.aborted, over.signal.reason]).toEqual([true, "long ago"]);
  });

  it("let go of, ends no more and listens to nobody", () => {
    const one = new AbortController();
    const over = new AnyOf(one.signal);
    expect(getEventListeners(one.signal, "abort")).toHaveLength(1);
    over[Symbol.dispose]();
    expect(getEventListeners(one.signal, "abort")).toEqual([]);
    one.abort();
    expect(over.signal.aborted).toBe(false);
  });
});

describe("a gateway that waits for stop or the next tick, for years", () => {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");

  it("holds no more after fifty thousand ticks than after the first", { timeout: 120_000 }, async () => {
    const stop = new AbortController();
    const ticks = ticker(60_000, 60_000);
    const heapAfter = async (times: number): Promise<number> => {
      for (let n = 0; n < times; n += 1) {
        const next = ticks.next(stop.signal);
        ticks.poke();
        await next;
      }
      // What is only weakly held goes when this job is over.
      await new Promise((resolve) => setImmediate(resolve));
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(5000);
    expect((await heapAfter(50_000)) - before).toBeLessThan(1_000_000);
  });
});
