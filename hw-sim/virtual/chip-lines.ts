/** The lines of a simulated GPIO chip for a gateway in the same process: levels and edges. */
import type { GpioChip, GpioEdge, GpioOutput } from "../../src/drivers/driver.ts";
import { monotonic } from "../../src/kit/clock.ts";
import { EdgeError } from "../../src/kit/errors.ts";
import { PushQueue } from "../../src/kit/loop/push-queue.ts";
import type { Chip } from "../site/gpio/chip.ts";

/** More than may ever wait: whoever reads does so before time goes on. */
const MOST_EDGES = 1000;

export const chipLines = (chip: Chip): GpioChip => ({
  async *watch(line, _options, stop) {
    const edges = new PushQueue<GpioEdge>({ most: MOST_EDGES, drops: "newest" });
    const release = taken(chip, line, ({ level, ns }) => edges.push({ level, mono: Number(ns / 1_000_000n) }));
    try {
      yield { level: chip.level(line), mono: monotonic() };
      yield* edges.drain(stop);
    } finally {
      release();
    }
  },

  async drive(line, first): Promise<GpioOutput> {
    const found = chip.level(line);
    const release = taken(chip, line, "output");
    const set = (level: 0 | 1) => {
      chip.drive(line, level);
      return level;
    };
    set(first === "keep" ? found : first);
    return {
      level: async () => chip.level(line),
      set: async (level) => set(level),
      lost: new AbortController().signal,
      [Symbol.asyncDispose]: async () => release(),
    };
  },
});

function taken(chip: Chip, line: number, holder: Parameters<Chip["hold"]>[1]): () => void {
  const release = chip.hold([line], holder);
  if (release === "busy")
    throw new EdgeError("gpio.line-busy", { line, reason: { it: "è già tenuta", en: "it is held already" } });
  return release;
}
