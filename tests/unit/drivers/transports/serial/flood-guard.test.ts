/** Which amounts of bytes are more than any serial line carries. */
import { expect, it } from "vitest";
import { FloodGuard } from "../../../../../src/drivers/transports/serial/flood-guard.ts";

/** Whether so many pieces a second, evenly, are borne for ten seconds; before each `asked`th of them a request is sent. */
function borne(bytes: number, aSecond: number, asked = 0): boolean {
  const inflow = new FloodGuard();
  for (let n = 0; n < 10 * aSecond; n += 1) {
    if (asked > 0 && n % asked === 0) inflow.expectReply();
    if (inflow.floods(bytes, Math.floor((n * 1000) / aSecond))) return false;
  }
  return true;
}

it.each([
  ["a sensor at 115,200 baud, byte by byte", 1, 11_520, 0, true],
  ["a line of 4 Mbaud", 4096, 98, 0, true],
  ["replies of 255 bytes that come byte by byte", 1, 100_000, 255, true],
  ["ten thousand replies a second", 260, 10_000, 1, true],
  ["single bytes as fast as a network gives them", 1, 14_000, 0, false],
  ["a megabyte a second", 65_536, 16, 0, false],
])("%s: %i bytes %i times a second, a request before each %i", (_, bytes, aSecond, asked, good) => {
  expect(borne(bytes, aSecond, asked)).toBe(good);
});

it("a burst that waited while the gateway stood still is none, and no second owes to the one before", () => {
  const inflow = new FloodGuard();
  expect([0, 999].map((mono) => inflow.floods(262_144, mono))).toEqual([false, false]);
  expect(inflow.floods(1, 999)).toBe(true);
  expect(inflow.floods(262_144, 1000)).toBe(false);
});
