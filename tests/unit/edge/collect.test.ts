/** Devices that open late, fail, fall silent or run ahead of time go in; when they are asked, what is taken from them and what reaches them come out. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Collector } from "../../../src/edge/collect.ts";
import { monotonic } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import { Pulse } from "../../../src/kit/pulse.ts";
import type { Device, DeviceInfo, Outcome, Reading } from "../../../src/model.ts";

const open: AbortController[] = [];
afterEach(() => {
  for (const stop of open.splice(0)) stop.abort();
});

const untilStopped = (stop: AbortSignal) => new Promise<void>((resolve) => stop.addEventListener("abort", () => resolve()));

/** A device of the test's own making, collected until the test is over; `rows` are what it left. */
function collected(device: Partial<Device>, more: Partial<DeviceInfo> = {}) {
  const info: DeviceInfo = {
    id: "d",
    type: "test",
    points: {},
    silentAfterMs: 1e9,
    open: async () => ({
      async *readings(_ticks, stop) {
        await untilStopped(stop);
        yield [];
      },
      async [Symbol.asyncDispose]() {},
      ...device,
    }),
    ...more,
  };
  const rows: Reading[] = [];
  const host = {
    readings: (_: DeviceInfo, readings: readonly Reading[]) => void rows.push(...readings),
    silence: () => undefined,
    log: noLog,
    pulse: new Pulse(),
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
    const { collector } = collected(
      {},
      {
        open: () =>
          new Promise((resolve) => {
            ready = () => resolve({ readings: async function* () {}, perform, async [Symbol.asyncDispose]() {} });
          }),
      },
    );
    const latest = monotonic() + 50;
    const outcome = collector.perform("on", true, new AbortController().signal, latest);
    await vi.waitUntil(() => monotonic() > latest);
    ready();
    expect(await outcome).toEqual({ state: "expired", code: "command.expired" });
    expect(written).toEqual([]);
  });
});
