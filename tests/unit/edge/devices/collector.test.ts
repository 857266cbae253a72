/** Devices that open late, fail, fall silent or run ahead of time: when they are asked, and what is taken from them. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Collector, polledRetry } from "../../../../src/edge/devices/collector.ts";
import { monotonic } from "../../../../src/kit/clock.ts";
import { EdgeError } from "../../../../src/kit/errors.ts";
import { noLog } from "../../../../src/kit/log.ts";
import { pause } from "../../../../src/kit/loop/pause.ts";
import { offsetOf } from "../../../../src/kit/loop/ticker.ts";
import { Watchdog } from "../../../../src/kit/loop/watchdog.ts";
import type { Device, DeviceInfo, Outcome, Reading } from "../../../../src/model/index.ts";
import { watchStalls } from "../../../support/machine/stalls.ts";

const open: AbortController[] = [];
afterEach(() => {
  for (const stop of open.splice(0)) stop.abort();
});

const untilStopped = (stop: AbortSignal) => new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve()));

/** A device of the test's own making, collected until the test is over; `rows` are what it left. */
function collected(device: Partial<Device>, more: Partial<DeviceInfo> = {}, ready: Promise<void> = Promise.resolve()) {
  const info: DeviceInfo = {
    id: "d",
    type: "test",
    points: {},
    silentAfterMs: 1e9,
    open: async () => {
      await ready;
      return {
        async *readings(_ticks, stop) {
          await untilStopped(stop);
          yield [];
        },
        async [Symbol.asyncDispose]() {},
        ...device,
      };
    },
    ...more,
  };
  const rows: Reading[] = [];
  const host = {
    readings: (_: DeviceInfo, readings: readonly Reading[]) => void rows.push(...readings),
    durable: () => Promise.resolve(),
    badge: () => undefined,
    remember: () => undefined,
    silence: () => undefined,
    log: noLog,
    watchdog: new Watchdog(),
  };
  const stop = new AbortController();
  open.push(stop);
  const collector = new Collector(info, host, false);
  void collector.run(stop.signal);
  return { collector, rows };
}

describe("a command", () => {
  it("that waits for its device to open until its time is over never reaches it", async () => {
    const written: unknown[] = [];
    const perform = async (_: string, value: unknown): Promise<Outcome> => {
      written.push(value);
      return { state: "succeeded" };
    };
    let ready: () => void = () => undefined;
    const whenReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    const { collector } = collected({ perform }, {}, whenReady);
    const latest = monotonic() + 50;
    const outcome = collector.perform("on", true, new AbortController().signal, latest);
    await vi.waitUntil(() => monotonic() > latest, 15_000);
    ready();
    expect(await outcome).toEqual({ state: "expired", code: "command.expired" });
    expect(written).toEqual([]);
  });
});

describe("a polled device", () => {
  const HOUR = 3_600_000;
  /** First turns are spread over ten seconds: one whose own is at once. */
  const early = Array.from({ length: 1000 }, (_, i) => `tag-${i}`).find((name) => offsetOf(name, 10_000) < 50) ?? "";
  /** Notes when it is asked; the first time it answers as told. */
  function polled(everyMs: number, id: string, first: "answers" | "fails", openMs = 0) {
    const asked: number[] = [];
    const readings: Device["readings"] = async function* (ticks, stop) {
      for (;;) {
        await ticks.next(stop);
        if (stop.aborted) return;
        asked.push(monotonic());
        if (asked.length === 1 && first === "fails") throw new EdgeError("bus.timeout", { device: id, bus: "b" });
        yield [];
      }
    };
    return { asked, ...collected({ readings }, { id, everyMs }, pause(openMs, new AbortController().signal)) };
  }

  it("that failed once is asked again after the back-off, not after a period", async () => {
    const { asked } = polled(HOUR, early, "fails");
    await vi.waitFor(() => expect(asked).toHaveLength(2), 15_000);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(2499);
  });

  it("that failed once and is well again keeps its turns", async () => {
    using stalls = watchStalls();
    const { asked } = polled(1000, early, "fails");
    await vi.waitFor(() => expect(asked).toHaveLength(5), 15_000);
    const between = asked.slice(2).map((at, i) => at - (asked[i + 1] ?? 0));
    for (const ms of between.slice(1)) expect(Math.abs(ms - 1000)).toBeLessThan(300 + stalls.longestMs);
  });

  it("that takes longer to open than its turn is asked then", async () => {
    const { asked } = polled(HOUR, early, "answers", 200);
    await vi.waitFor(() => expect(asked).toHaveLength(1), 15_000);
  });

  it("that stays silent is asked ever more rarely, in the end about as often as one that answers", () => {
    for (const everyMs of [60_000, 900_000, 6 * HOUR]) {
      expect(polledRetry(everyMs)(1)).toBeLessThanOrEqual(5000);
      expect(polledRetry(everyMs)(30)).toBeGreaterThanOrEqual(everyMs / 2);
      expect(polledRetry(everyMs)(30)).toBeLessThanOrEqual(everyMs);
    }
    expect(polledRetry(1000)(30)).toBeLessThanOrEqual(10_000);
  });

  it("has its own place in the round from the first on: a site that starts asks one after the other", async () => {
    using stalls = watchStalls();
    const EVERY = 4000;
    const names = Array.from({ length: 100 }, (_, i) => `meter-${i}`);
    const chosen = [200, 1200, 2200, 3200].map(
      (from) => names.find((name) => offsetOf(name, EVERY) >= from && offsetOf(name, EVERY) < from + 100) ?? "",
    );
    const begun = monotonic();
    const all = chosen.map((id) => polled(EVERY, id, "answers"));
    await vi.waitFor(() => expect(all.every(({ asked }) => asked.length > 0)).toBe(true), 15_000);
    for (const [i, { asked }] of all.entries()) {
      const late = (asked[0] ?? 0) - begun - offsetOf(chosen[i] ?? "", EVERY);
      expect(late).toBeGreaterThanOrEqual(-1);
      expect(late).toBeLessThan(400 + stalls.longestMs);
    }
  });
});

it("no reading is of a later moment than now: what comes after it would have to wait for its time", async () => {
  const { rows } = collected(
    {
      async *readings(_ticks, stop) {
        const mono = monotonic();
        for (const [value, aheadMs] of [
          [1, -500],
          [2, 60_000],
        ] as const)
          yield [{ point: "level", value, quality: "good", mono: mono + aheadMs }];
        await untilStopped(stop);
      },
    },
    { points: { level: { unit: "1", kind: "gauge" } } },
  );
  const begun = monotonic();
  await vi.waitFor(() => expect(rows).toHaveLength(2), 15_000);
  expect(rows[0]?.mono).toBeLessThanOrEqual((rows[1]?.mono ?? 0) - 500);
  expect(rows[1]?.mono).toBeGreaterThanOrEqual(begun);
  expect(rows[1]?.mono).toBeLessThanOrEqual(monotonic());
});

it("what a person is identified by is never a record, and stands in no status", async () => {
  const number = "0415-PC-775533";
  const points = {
    number: { unit: "", kind: "credential" as const },
    shown: { unit: "", kind: "state" as const },
  };
  const common = { quality: "good" as const, mono: 0 };
  const { collector, rows } = collected(
    {
      async *readings(_ticks, stop) {
        yield [
          { point: "number", value: number, ...common },
          { point: "shown", value: true, ...common },
        ];
        await untilStopped(stop);
        throw new EdgeError("port.lost", { port: "p" });
      },
    },
    { points },
  );
  await vi.waitUntil(() => rows.length > 0, 15_000);
  expect(rows.map(({ point }) => point)).toEqual(["shown"]);
  expect(collector.status().points.map(({ point }) => point)).toEqual(["shown"]);
  expect(JSON.stringify([rows, collector.status()])).not.toContain(number);
});

it("a person who waited in vain is forgotten: what the device's wire holds back for the others is held back again", async () => {
  let hurried = 0;
  let ends: () => void = () => undefined;
  const opened: unknown[] = [];
  const { collector } = collected({
    async *readings(_ticks, stop) {
      opened.push(stop);
      // Ends by itself, without a word.
      await Promise.race([untilStopped(stop), new Promise<void>((resolve) => (ends = resolve))]);
      if (stop.aborted) yield [];
    },
    hurry: () => {
      hurried += 1;
    },
  });
  await vi.waitFor(() => expect(opened).toHaveLength(1), 15_000);
  await expect(collector.readNow(10)).rejects.toMatchObject({ code: "device.silent" });
  expect(hurried).toBe(1);
  ends();
  await vi.waitFor(() => expect(opened).toHaveLength(2), 15_000);
  expect(hurried).toBe(1);
});
