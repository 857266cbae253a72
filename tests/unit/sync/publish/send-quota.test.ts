/** Who may send next when the broker takes only so many at once, and how fast history may go. */
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/kit/clock.ts";
import { TokenBucket } from "../../../../src/sync/publish/history-publisher.ts";
import { type Rank, sendQuota } from "../../../../src/sync/publish/send-quota.ts";

const never = new AbortController().signal;

describe("send quota", () => {
  it("gives places by priority and keeps one free for an alarm", async () => {
    const quota = sendQuota(3);
    const order: Rank[] = [];
    const hold = async (rank: Rank) => {
      const leave = await quota.acquire(rank, never);
      order.push(rank);
      return leave;
    };
    const first = await hold("readings");
    const second = await hold("events");
    const waiting = (["history", "readings", "events", "retained"] as const).map(hold);
    const alarm = await hold("urgent");
    expect(order).toEqual(["readings", "events", "urgent"]);
    expect(quota.inFlight).toBe(3);
    for (const leave of [first, second, alarm]) leave();
    await new Promise(setImmediate);
    expect(order.slice(3)).toEqual(["retained", "events"]);
    (await waiting[3])?.();
    (await waiting[2])?.();
    await Promise.all(waiting);
    expect(order.slice(5)).toEqual(["readings", "history"]);
  });

  it("forgets who stopped waiting", async () => {
    const quota = sendQuota(1);
    const leave = await quota.acquire("urgent", never);
    const stop = new AbortController();
    const gone = quota.acquire("urgent", stop.signal);
    stop.abort(new Error("over"));
    await expect(gone).rejects.toThrow("over");
    leave();
    leave();
    expect(quota.inFlight).toBe(0);
    (await quota.acquire("history", never))();
  });
});

it("lets bytes pass at the rate, one second's worth at once", async () => {
  const bucket = new TokenBucket(10_000, systemClock("assumed"));
  const begun = performance.now();
  for (let i = 0; i < 12; i += 1) await bucket.take(1000, never);
  expect(performance.now() - begun).toBeGreaterThan(180);
  // Without the second's worth at once it would be 1200 ms.
  expect(performance.now() - begun).toBeLessThan(1100);
});
