/** When ticks come for periods and offsets, and that names spread them. */
import { afterAll, describe, expect, it } from "vitest";
import { monotonic } from "../../../../src/kit/clock.ts";
import { pause } from "../../../../src/kit/loop/pause.ts";
import { offsetOf, type Ticker, ticker } from "../../../../src/kit/loop/ticker.ts";
import { watchStalls } from "../../../support/machine/stalls.ts";

const never = new AbortController().signal;

describe("the place of a device in the round", () => {
  const names = Array.from({ length: 30 }, (_, i) => `meter-${i + 1}`);

  it.each([1000, 10_000])("of %i ms is its own: thirty names fill every fifth of it", (everyMs) => {
    const fifths = names.map((name) => Math.floor((5 * offsetOf(name, everyMs)) / everyMs));
    expect([...new Set(fifths)].sort()).toEqual([0, 1, 2, 3, 4]);
    // Nor are they all but a few in one of them.
    for (const fifth of [0, 1, 2, 3, 4]) expect(fifths.filter((one) => one === fifth).length).toBeLessThanOrEqual(12);
  });

  it("is always the same", () => {
    // FNV-1a, 32 bits, of the name: 1533509978, computed elsewhere.
    for (let i = 0; i < 2; i++) expect(offsetOf("meter-hall", 10_000)).toBe(9978);
  });
});

describe.concurrent("a ticker", () => {
  const stalls = watchStalls();
  afterAll(() => stalls[Symbol.dispose]());

  /** When it ticks, from `begun` on, and that it is neither early nor later than this process was kept waiting. */
  async function expectTick(ticks: Ticker, begun: number, due: number): Promise<void> {
    const at = (await ticks.next(never)) - begun;
    expect(at).toBeGreaterThanOrEqual(due - 1);
    expect(at).toBeLessThan(due + 250 + stalls.longestMs);
  }

  it("ticks first at its offset, then each period from there, however long the rounds between", async () => {
    const begun = monotonic();
    const ticks = ticker(600, 100);
    for (const [due, roundMs] of [
      [100, 0],
      [700, 400],
      [1300, 20],
      [1900, 0],
    ] as const) {
      await expectTick(ticks, begun, due);
      await pause(roundMs, never);
    }
  });

  it("skips the turns that a long round missed, but never the first: who comes late for it is not made to wait a period", async () => {
    const begun = monotonic();
    const ticks = ticker(600, 10);
    await pause(150, never);
    await expectTick(ticks, begun, 150);
    await pause(700, never);
    await expectTick(ticks, begun, 1210);
  });

  it.each([
    ["before its first turn ticks at once, then at its turn", 0, [0, 300, 900]],
    ["after its first turn, which nobody took, ticks once for both", 450, [450, 900, 1500]],
  ])("that is poked %s", async (_, lateMs, wanted) => {
    const begun = monotonic();
    const ticks = ticker(600, 300);
    await pause(lateMs, never);
    ticks.poke();
    for (const due of wanted) await expectTick(ticks, begun, due);
  });
});
