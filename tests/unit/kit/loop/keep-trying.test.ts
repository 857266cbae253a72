/** When work that fails, returns or is stopped runs again, and that nobody waits for what is over. */
import { describe, expect, it } from "vitest";
import { EdgeError } from "../../../../src/kit/errors.ts";
import { type Fields, noLog } from "../../../../src/kit/log.ts";
import { keepTrying } from "../../../../src/kit/loop/keep-trying.ts";
import { pause } from "../../../../src/kit/loop/pause.ts";

const HOUR = 3_600_000;
const never = (over: AbortSignal): Promise<void> =>
  new Promise((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));

describe("work that is told to stop", () => {
  it.each(["returns", "throws"])("and %s is not waited for, however long the wait would be", async (how) => {
    const stop = new AbortController();
    let runs = 0;
    const work = async (until: AbortSignal): Promise<void> => {
      runs += 1;
      await never(until);
      if (how === "throws") throw new EdgeError("internal", { message: "stopped" });
    };
    const done = keepTrying("it", work, { log: noLog, stop: stop.signal, waitMs: () => HOUR, woken: never });
    stop.abort();
    await done;
    expect(runs).toBe(1);
  });

  it("in the middle of its wait ends too", async () => {
    const stop = new AbortController();
    const done = keepTrying("it", () => Promise.reject(new EdgeError("internal", { message: "at once" })), {
      log: noLog,
      stop: stop.signal,
      waitMs: () => HOUR,
      woken: never,
      failed: () => setImmediate(() => stop.abort()),
    });
    await done;
  });
});

it("work that fails is run again after its wait, or as soon as it is woken", async () => {
  const stop = new AbortController();
  const seen: number[] = [];
  const work = async (_: AbortSignal): Promise<void> => {
    if (seen.length === 3) stop.abort();
    throw new EdgeError("internal", { message: "again" });
  };
  await keepTrying("it", work, {
    log: noLog,
    stop: stop.signal,
    waitMs: (failures) => (failures === 2 ? HOUR : 0),
    woken: () => (seen.length === 2 ? Promise.resolve() : new Promise(() => undefined)),
    failed: (_, failures) => seen.push(failures),
  });
  expect(seen).toEqual([1, 2, 3]);
});

it.each([
  ["counts as health", 20, [1, 1, 1]],
  ["is none where only work itself says so", Number.POSITIVE_INFINITY, [1, 2, 3]],
])("a run that was long before it failed %s", async (_, healthyMs, failures) => {
  const stop = new AbortController();
  const seen: number[] = [];
  const work = async (): Promise<void> => {
    await pause(30, stop.signal);
    if (seen.length === 3) stop.abort();
    throw new EdgeError("internal", { message: "again" });
  };
  await keepTrying("it", work, {
    log: noLog,
    stop: stop.signal,
    healthyMs,
    waitMs: () => 0,
    failed: (_, n) => seen.push(n),
  });
  expect(seen).toEqual(failures);
});

it("is named in the log by its own name, whatever the error names", async () => {
  const stop = new AbortController();
  const lines: Fields[] = [];
  const fail = () => Promise.reject(new EdgeError("credentials.missing", { name: "mqtt-password", folder: "/x", failures: 99 }));
  await keepTrying("sync", fail, {
    log: { ...noLog, warn: (event, fields = {}) => lines.push({ event, ...fields }) },
    stop: stop.signal,
    waitMs: () => 0,
    failed: (_, failures) => failures === 2 && stop.abort(),
  });
  const line = { event: "loop.failed", name: "sync", code: "credentials.missing", folder: "/x", "error.name": "mqtt-password" };
  expect(lines).toEqual([1, 2].map((failures) => ({ ...line, failures, "error.failures": 99, cause: undefined })));
});
