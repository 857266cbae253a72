/** Watches the lines of one device together: what each tells comes in one row, and whichever is lost, all are. */
import { PushQueue } from "../../../kit/loop/push-queue.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import type { GpioChip } from "../../driver.ts";
import { Nudge, type Settled, settledOf, type WatchedLine } from "./settled.ts";

const UNTOLD = 1000;

/** In the order in which the lines are named they are opened. A nudge is for the last one. */
export async function* settledOfSeveral<P extends string>(
  chip: GpioChip,
  lines: readonly (readonly [part: P, line: WatchedLine])[],
  stop: AbortSignal,
  nudge: Nudge,
): AsyncGenerator<readonly [P, Settled]> {
  const queue = new PushQueue<readonly [P, Settled]>({ most: UNTOLD, drops: "oldest" });
  const ended = new AbortController();
  using over = new AnyOf(stop, ended.signal);
  const watch = async (part: P, line: WatchedLine, ofLine: Nudge): Promise<void> => {
    try {
      for await (const settled of settledOf(chip, line, over.signal, ofLine)) queue.push([part, settled]);
    } catch (error) {
      queue.fail(error);
    }
  };
  const watched = lines.map(([part, line], at) => watch(part, line, at === lines.length - 1 ? nudge : new Nudge()));
  try {
    yield* queue.drain(stop);
  } finally {
    ended.abort();
    await Promise.all(watched);
  }
}
