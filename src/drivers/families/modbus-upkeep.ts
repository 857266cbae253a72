/** Which blocks of a unit have their turn in a round (`leastEvery`), and what it is written again and again (`keepAlive`). */
import { monotonic } from "../../kit/clock.ts";
import type { Code } from "../../kit/errors.ts";
import { isOfUnit, keyOf, PASSING, type Told } from "./modbus-round.ts";
import type { Block, Points } from "./registers.ts";

/** Blocks that are asked more rarely than the device: their points change rarely, or the device bears no more. */
export class Turns {
  readonly #roundMs: number;
  readonly #answered = new Map<string, number>();

  constructor(roundMs: number) {
    this.#roundMs = roundMs;
  }

  /** The round that comes nearest to its time is its turn. */
  due(blocks: readonly Block[]): readonly Block[] {
    const soon = monotonic() + this.#roundMs / 2;
    return blocks.filter(
      (block) => soon >= (this.#answered.get(keyOf(block)) ?? Number.NEGATIVE_INFINITY) + (block.leastEveryMs ?? 0),
    );
  }

  /** Somebody waits: all of them have their turn in the next round. */
  wake(): void {
    this.#answered.clear();
  }

  /** What was silent, busy or spoiled has its turn again in the next round. */
  told(told: Told): void {
    const isRefused = "code" in told && told.code === "bus.exception" && !PASSING.includes(Number(told.why?.["exception"]));
    if (told.block.leastEveryMs !== undefined && ("reply" in told || isRefused))
      this.#answered.set(keyOf(told.block), monotonic());
  }
}

type Write = (point: string, value: number | boolean) => Promise<unknown>;

/** What is written so that a unit knows that somebody is in command. What was commanded is repeated only on the connection on which it was. */
export class Repeats {
  readonly #roundMs: number;
  readonly #values = new Map<string, { readonly everyMs: number; value: number | boolean | undefined; written: number }>();
  /** Points whose last repetition failed, and why. */
  readonly failed = new Map<string, Code>();

  constructor(points: Points, roundMs: number) {
    this.#roundMs = roundMs;
    for (const [point, { keepAlive }] of Object.entries(points))
      if (keepAlive)
        this.#values.set(point, { everyMs: keepAlive.everyMs, value: keepAlive.value, written: Number.NEGATIVE_INFINITY });
  }

  commanded(point: string, value: number | boolean): void {
    const repeat = this.#values.get(point);
    if (repeat) [repeat.value, repeat.written] = [value, monotonic()];
  }

  /** Throws what the wire fails with; what the unit itself says against it is kept for the point's next reading. */
  async refresh(write: Write): Promise<void> {
    for (const [point, repeat] of this.#values) {
      const { value, everyMs } = repeat;
      if (value === undefined || monotonic() + this.#roundMs / 2 < repeat.written + everyMs) continue;
      try {
        repeat.written = monotonic();
        await write(point, value);
        this.failed.delete(point);
      } catch (error) {
        if (!isOfUnit(error)) throw error;
        this.failed.set(point, error.code);
      }
    }
  }
}
