/** Periods, offsets and names go in; when ticks come, and that names spread them, comes out. */
import { describe, expect, it } from "vitest";
import { monotonic } from "../../../src/kit/clock.ts";
import { pause } from "../../../src/kit/loop.ts";
import { type Metronome, metronome, offsetOf } from "../../../src/kit/metronome.ts";

/** Less than what a turn missed would make of it. */
const LATE_MS = 550;
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

describe.concurrent("a metronome", () => {
  /** When it ticks, from `begun` on, and that it is neither early nor, on a busy machine, very late. */
  async function expectTick(ticks: Metronome, begun: number, due: number): Promise<void> {
    const at = (await ticks.next(never)) - begun;
    expect(at).toBeGreaterThanOrEqual(due - 1);
    expect(at).toBeLessThan(due + LATE_MS);
  }

  it("ticks first at its offset, then each period from there, however long the rounds between", async () => {
    const begun = monotonic();
    const ticks = metronome(1200, 200);
    for (const [due, roundMs] of [
      [200, 0],
      [1400, 600],
      [2600, 40],
      [3800, 0],
    ] as const) {
      await expectTick(ticks, begun, due);
      await pause(roundMs, never);
    }
  });

  it("skips the turns that a long round missed, but never the first: who comes late for it is not made to wait a period", async () => {
    const begun = monotonic();
    const ticks = metronome(1200, 10);
    await pause(300, never);
    await expectTick(ticks, begun, 300);
    await pause(1400, never);
    await expectTick(ticks, begun, 2410);
  });

  it.each([
    ["before its first turn ticks at once, then at its turn", 0, [0, 600, 1800]],
    ["after its first turn, which nobody took, ticks once for both", 900, [900, 1800, 3000]],
  ])("that is poked %s", async (_, lateMs, wanted) => {
    const begun = monotonic();
    const ticks = metronome(1200, 600);
    await pause(lateMs, never);
    ticks.poke();
    for (const due of wanted) await expectTick(ticks, begun, due);
  });
});
