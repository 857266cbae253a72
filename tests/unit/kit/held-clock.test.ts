/** A clock without a time server is trusted for as long as its crystal can be, whatever the system clock says meanwhile. */
import { expect, it } from "vitest";
import { type Clock, clockOf } from "../../../src/kit/clock.ts";
import { HeldClock } from "../../../src/kit/held-clock.ts";

const RIGHT = 1_764_000_000_000;

function hands() {
  const at = { mono: 1000, offset: RIGHT, synced: true };
  const source: Clock = {
    boot: "b",
    mono: () => at.mono,
    now: () => ({ mono: at.mono, wall: at.mono + at.offset, synced: at.synced }),
  };
  return { at, source, clock: new HeldClock(source) };
}

it("goes on by its own offset: steps of the system clock do not count until a time server is back", () => {
  const { at, clock } = hands();
  expect(clock.now()).toEqual({ mono: 1000, wall: RIGHT + 1000, synced: true, heldMs: 0 });
  Object.assign(at, { mono: 61_000, synced: false, offset: 0 });
  expect(clock.now()).toEqual({ mono: 61_000, wall: RIGHT + 61_000, synced: true, heldMs: 60_000 });
  Object.assign(at, { synced: true, offset: RIGHT + 300 });
  expect(clock.now()).toMatchObject({ wall: RIGHT + 61_300, heldMs: 0 });
});

it("stamps `synced` while it may be wrong by less than 500 ms, and is trusted for hours and expiries below 60 s", () => {
  const { at, clock } = hands();
  clock.now();
  const after = (ms: number) => {
    Object.assign(at, { mono: 1000 + ms, synced: false });
    const now = clock.now();
    return [clockOf(now), now.synced];
  };
  expect(after(4_999_999)).toEqual(["synced", true]);
  expect(after(5_000_000)).toEqual(["unsynced", true]);
  expect(after(599_999_999)).toEqual(["unsynced", true]);
  expect(after(600_000_000)).toEqual(["unsynced", false]);
});

it("that never met a time server knows nothing, and one that a former run of this boot left goes on", () => {
  const { at, source } = hands();
  at.synced = false;
  expect(new HeldClock(source).now()).toMatchObject({ synced: false, heldMs: Number.POSITIVE_INFINITY });
  const left = new HeldClock(source, { offset: 5, mono: 400 });
  expect(left.now()).toEqual({ mono: 1000, wall: 1005, synced: true, heldMs: 600 });
});
