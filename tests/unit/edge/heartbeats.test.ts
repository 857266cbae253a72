/** Stores that refuse or hang and devices that poll, push or hang: which of them the watchdog hears of. */
import { describe, expect, it, vi } from "vitest";
import { CommitBuffer } from "../../../src/edge/commit/commit-buffer.ts";
import { Collector } from "../../../src/edge/devices/collector.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import { EdgeError } from "../../../src/kit/errors.ts";
import { noLog } from "../../../src/kit/log.ts";
import { type Heartbeat, Watchdog } from "../../../src/kit/loop/watchdog.ts";
import type { DeviceInfo, Ticks } from "../../../src/model/index.ts";
import { MemoryStore } from "../../support/memory/memory-store.ts";

const never = () => new Promise<never>(() => undefined);

function opened(store: MemoryStore) {
  const hand = { aheadMs: 0 };
  const mono = () => monotonic() + hand.aheadMs;
  const clock: Clock = { boot: "boot", mono, now: () => ({ mono: mono(), wall: 1_764_000_000_000, synced: true }) };
  const seen = { touches: 0, ended: false };
  const heartbeat: Heartbeat = {
    touch: () => {
      seen.touches += 1;
    },
    end: () => {
      seen.ended = true;
    },
  };
  const window = new CommitBuffer({ store, clock, log: noLog, commitMs: 10, cat: "cat" });
  const stop = new AbortController();
  return { window, seen, hand, stop, run: window.run(stop.signal, heartbeat) };
}

describe("the store's heartbeat", () => {
  it("is a commit that returned, and ends with the loop", async () => {
    const { window, seen, stop, run } = opened(new MemoryStore(monotonic()));
    expect(seen.touches).toBe(0);
    await window.flush();
    expect(seen.touches).toBe(1);
    stop.abort();
    await run;
    expect(seen.ended).toBe(true);
  });

  it.each(["store.full", "store.unwritable"] as const)("is a disk that answers %s: no restart cures it", async (code) => {
    const store = new MemoryStore(monotonic());
    store.failing = code;
    const { window, seen, stop, run } = opened(store);
    window.save("a", 1);
    await vi.waitFor(() => expect(seen.touches).toBeGreaterThan(0), 15_000);
    stop.abort();
    await run;
  });

  it("is not a commit that never returns", async () => {
    const store = new MemoryStore(monotonic());
    store.commit = never;
    const { window, seen } = opened(store);
    void window.flush();
    window.save("a", 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen.touches).toBe(0);
  });

  it("is not a failure of our own, which a new process may cure", async () => {
    const store = new MemoryStore(monotonic());
    store.commit = async () => {
      store.attempts += 1;
      throw new EdgeError("store.binding", { reason: "test" });
    };
    const { window, seen, stop, run } = opened(store);
    window.save("a", 1);
    await vi.waitFor(() => expect(store.attempts).toBeGreaterThan(1), 15_000);
    expect(seen.touches).toBe(0);
    stop.abort();
    await run;
  });

  it("of a site where nothing happens is a write all the same", async () => {
    const store = new MemoryStore(monotonic());
    const { window, seen, hand, stop, run } = opened(store);
    store.tend = async () => {
      if (hand.aheadMs === 0) hand.aheadMs = 31_000;
      return { checkpointed: false, forgotten: [], deleted: 0, shed: [] };
    };
    await window.flush();
    await vi.waitFor(() => expect(store.saved.has("written")).toBe(true), 15_000);
    expect(seen.touches).toBe(2);
    stop.abort();
    await run;
  });
});

describe("a device's heartbeat", () => {
  function collected(everyMs: number | undefined, readings: (ticks: Ticks, stop: AbortSignal) => Promise<void>) {
    const hand = { ms: 0 };
    const watchdog = new Watchdog(() => hand.ms);
    const info: DeviceInfo = {
      id: "meter",
      type: "test",
      points: {},
      silentAfterMs: 1e9,
      ...(everyMs !== undefined && { everyMs }),
      open: async () => ({
        async *readings(ticks: Ticks, stop: AbortSignal) {
          await readings(ticks, stop);
          yield [];
        },
        async [Symbol.asyncDispose]() {},
      }),
    };
    const host = {
      readings: () => undefined,
      badge: () => undefined,
      remember: () => undefined,
      silence: () => undefined,
      durable: () => Promise.resolve(),
      log: noLog,
      watchdog,
    };
    const stop = new AbortController();
    return { hand, watchdog, stop, run: new Collector(info, host, false).run(stop.signal) };
  }

  it("of a polled one is its next round: a driver that hangs is overdue after five minutes", async () => {
    const { hand, watchdog } = collected(1000, never);
    await new Promise((resolve) => setTimeout(resolve, 10));
    hand.ms = 300_000;
    expect(watchdog.overdue()).toEqual([]);
    hand.ms = 300_001;
    expect(watchdog.overdue()).toEqual(["device meter"]);
  });

  it("is every part of a long round: a slow line is not a hanging driver", async () => {
    const parts = { done: () => undefined as unknown };
    const { hand, watchdog } = collected(1000, async (ticks: Ticks) => {
      parts.done = () => ticks.goesOn?.();
      await never();
    });
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (hand.ms = 0; hand.ms < 1_000_000; hand.ms += 250_000) parts.done();
    expect(watchdog.overdue()).toEqual([]);
    hand.ms += 300_001;
    expect(watchdog.overdue()).toEqual(["device meter"]);
  });

  it("is also its failure: a dead device is not a hanging one", async () => {
    let tries = 0;
    const { hand, watchdog, stop, run } = collected(10, async () => {
      tries += 1;
      throw new EdgeError("bus.timeout", { device: "meter", bus: "b" });
    });
    hand.ms = 299_000;
    await vi.waitFor(() => expect(tries).toBeGreaterThan(2), 15_000);
    hand.ms = 301_000;
    expect(watchdog.overdue()).toEqual([]);
    stop.abort();
    await run;
  });

  it("is not expected of a pushed one, which may say nothing for days", async () => {
    const { hand, watchdog } = collected(undefined, never);
    hand.ms = 1e9;
    expect(watchdog.overdue()).toEqual([]);
  });
});
