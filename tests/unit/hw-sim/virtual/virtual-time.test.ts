/** Virtual time passes only when it is let, and its timers act in order, each after what followed from the one before. */
import { expect, it } from "vitest";
import { VirtualTime } from "../../../../hw-sim/virtual/virtual-time.ts";

const open = () => {
  const time = new VirtualTime({ mono: 1000, wall: 1_000_000 });
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(`${time.mono} ${what}`);
  return { time, told, tell };
};

it("leaps to the next timer, and stands where there is none", async () => {
  const { time, told, tell } = open();
  time.timer(tell("a day"), 86_400_000);
  time.timer(tell("soon"), 5);
  expect([await time.step(), await time.step(), await time.step()]).toEqual([true, true, false]);
  expect(told).toEqual(["1005 soon", "86401000 a day"]);
  expect(time.wall).toBe(1_000_000 + 86_400_000);
});

it("has the older of two first, and what follows from it before the other", async () => {
  const { time, told, tell } = open();
  time.timer(() => {
    tell("first")();
    void Promise.resolve().then(tell("what follows"));
  }, 10);
  time.timer(tell("second"), 10);
  await time.step();
  expect(told).toEqual(["1010 first", "1010 what follows", "1010 second"]);
});

it("repeats without drift, until it is closed", async () => {
  const { time, told, tell } = open();
  const every = time.timer(tell("tick"), 20, true);
  for (let n = 0; n < 3; n += 1) await time.step();
  every.close();
  expect(await time.step()).toBe(false);
  expect(told).toEqual(["1020 tick", "1040 tick", "1060 tick"]);
});

it("ends a sleep by its signal, as Node does, and leaves no timer behind", async () => {
  const { time } = open();
  const stop = new AbortController();
  const slept = time.sleep(50, undefined, { signal: stop.signal });
  stop.abort();
  await expect(slept).rejects.toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
  expect(await time.step()).toBe(false);
  const aborted = time.sleep(50, undefined, { signal: stop.signal });
  await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
});

it("starts a timer anew from the present moment when it is refreshed", async () => {
  const { time, told, tell } = open();
  const late = time.timer(tell("late"), 30);
  time.timer(() => late.refresh(), 20);
  await time.step();
  await time.step();
  expect(told).toEqual(["1050 late"]);
});
