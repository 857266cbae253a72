/** Knows which loops of the gateway have not come round in time: systemd is told that all is well only while none is late. */
import { monotonic } from "../clock.ts";

export interface Heartbeat {
  /** The loop has come round. */
  touch(): void;
  /** The loop has ended as it should: nothing more is expected of it. */
  end(): void;
}

interface Expected {
  readonly name: string;
  readonly withinMs: number;
  touched: number;
}

/** For loops that come round by themselves; one that waits for the world, such as a pushed device, is not watched. */
export class Watchdog {
  readonly #mono: () => number;
  readonly #expected = new Set<Expected>();

  constructor(mono: () => number = monotonic) {
    this.#mono = mono;
  }

  /** From now on a touch is expected every `withinMs` at the latest: the longest that one honest round may take. */
  heartbeat(name: string, withinMs: number): Heartbeat {
    const one: Expected = { name, withinMs, touched: this.#mono() };
    this.#expected.add(one);
    return {
      touch: () => {
        one.touched = this.#mono();
      },
      end: () => void this.#expected.delete(one),
    };
  }

  /** Loops that should have come round by now, sorted; empty: all is well. */
  overdue(): readonly string[] {
    const now = this.#mono();
    return [...this.#expected]
      .filter(({ touched, withinMs }) => now - touched > withinMs)
      .map(({ name }) => name)
      .sort();
  }
}
