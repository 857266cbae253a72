/** Waits that double up to a limit, and how they are spread. */
import { expect, it } from "vitest";
import { backoff, doubling } from "../../../../src/kit/loop/backoff.ts";

it("doubles from the first failure on, up to its limit, however many there were", () => {
  const wait = doubling(250, 5000);
  expect([0, 1, 2, 3, 5, 6, 1000, 1e9].map(wait)).toEqual([250, 250, 500, 1000, 4000, 5000, 5000, 5000]);
});

it("keeps half of it, and spreads the other half", () => {
  expect([0, 0.5, 1].map((dice) => backoff(100, 1000, () => dice)(2))).toEqual([100, 150, 200]);
});
