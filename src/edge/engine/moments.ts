/** Turns the moments at which an engine is told something into the times of its site. */

import type { WallTime } from "../commit/record-numbers.ts";
import type { Moment } from "../kinds/kind.ts";
import type { SiteTime } from "./site-time.ts";

export class Moments {
  /** The times of the present epoch; replaced when the next one opens. */
  time: SiteTime;
  /** While stored records are heard again: the moment of the record; null otherwise. */
  past: Moment | null = null;
  /** Counts what the engine is told, so that a kind that threw is not asked about the same input again. */
  inputs = 0;
  readonly #wall: (mono: number) => WallTime;

  constructor(time: SiteTime, wall: (mono: number) => WallTime) {
    this.time = time;
    this.#wall = wall;
  }

  /** Ms of observation at a kernel monotonic moment. */
  at(mono: number): number {
    return this.time.at(mono);
  }

  mono(at: number): number {
    return this.time.mono(at);
  }

  wall(at: number): WallTime {
    return this.#wall(this.time.mono(at));
  }

  /** What a kind may know of the moment. */
  moment(at: number): Moment {
    if (this.past === null) return { at, passed: at + this.time.offMs, ...this.wall(at) };
    const before = this.past.at - at;
    return before === 0 ? this.past : { ...this.past, at, passed: this.past.passed - before, wall: this.past.wall - before };
  }
}
