/** Watches a GPIO line and tells each level that has stood long enough, and signs of life between. */

import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import { AnyOf } from "../../../kit/loop/signals.ts";
import type { Golden, GpioChip, GpioEdge } from "../../driver.ts";
import { type Change, Debouncer } from "./debounce.ts";

export interface WatchedLine {
  readonly line: number;
  readonly bias: "none" | "up" | "down";
  readonly debounceMs: number;
  readonly atMostEveryMs: number;
  readonly everyMs: number;
  /** See GpioWatch. */
  readonly counts: boolean;
}

/** `opened`: the level that stood before anybody looked. `alive`: nothing else was told for a while; `now` is null while it is being decided. */
export type Settled =
  | { readonly is: "opened" | "changed"; readonly changes: readonly Change[] }
  | { readonly is: "alive"; readonly now: Change | null; readonly edges: number };

/** Lets a person who waits have a line's state reported now instead of at its next sign of life. */
export class Nudge {
  #isDue = false;
  /** Called for each nudge. */
  wake: () => void = () => undefined;

  now(): void {
    this.#isDue = true;
    this.wake();
  }

  taken(): boolean {
    const wasDue = this.#isDue;
    this.#isDue = false;
    return wasDue;
  }
}

export async function* settledOf(
  chip: GpioChip,
  of: WatchedLine,
  stop: AbortSignal,
  nudge = new Nudge(),
): AsyncGenerator<Settled> {
  const ended = new AbortController();
  const { bias, counts, debounceMs } = of;
  using over = new AnyOf(stop, ended.signal);
  const watched = chip.watch(of.line, { bias, counts, debounceMs }, over.signal);
  const arriving = new Mailbox(watched);
  const debouncer = new Debouncer(debounceMs, of.atMostEveryMs);
  let first = true;
  let told = 0;
  let alive = monotonic() + of.everyMs;
  nudge.wake = () => arriving.wake();
  try {
    while (!stop.aborted) {
      const edge = await arriving.next(Math.min(debouncer.due ?? alive, alive) - monotonic());
      if (edge === "ended") return;
      const changes = edge ? debouncer.edge(edge.level, edge.mono, edge.notBefore) : debouncer.tick(monotonic());
      if (changes.length > 0) yield { is: first ? "opened" : "changed", changes };
      if (edge) first = false;
      if (first || (monotonic() < alive && !nudge.taken())) continue;
      alive = monotonic() + of.everyMs;
      yield { is: "alive", now: debouncer.now(monotonic()), edges: debouncer.edges - told };
      told = debouncer.edges;
    }
  } finally {
    ended.abort();
    await arriving.close();
  }
}

/** A golden's edges, "0@0 1@120" = level@ms, and the time in which the last one settles. */
export function settledIn(golden: Golden, debounceMs: number): readonly Settled[] {
  const debouncer = new Debouncer(debounceMs);
  const all = golden.rx.split(" ").map((edge, i): Settled => {
    const [, level, mono] = /^([01])@(\d+)$/.exec(edge) ?? [];
    if (level === undefined) throw new EdgeError("frame.invalid", { device: golden.name });
    return { is: i === 0 ? "opened" : "changed", changes: debouncer.edge(level === "1" ? 1 : 0, Number(mono)) };
  });
  return [...all, { is: "changed", changes: debouncer.tick((debouncer.due ?? 0) + debounceMs) }];
}

/** Waits for the next edge or for some time. `Promise.race` is not used: on a line that rests for a year it would pile up callbacks on one promise. */
class Mailbox {
  readonly #edges: AsyncIterator<GpioEdge>;
  #arrived: GpioEdge | "ended" | null = null;
  #error: unknown = null;
  #pulling = false;
  #wake: () => void = () => undefined;

  constructor(edges: AsyncIterable<GpioEdge>) {
    this.#edges = edges[Symbol.asyncIterator]();
  }

  /** Null when `ms` have passed first. */
  async next(ms: number): Promise<GpioEdge | "ended" | null> {
    if (!this.#pulling) void this.#pull();
    if (this.#arrived === null && this.#error === null) await this.#wait(Math.max(0, ms));
    if (this.#error !== null) throw this.#error;
    const edge = this.#arrived;
    this.#arrived = null;
    if (edge !== null) this.#pulling = false;
    return edge;
  }

  /** Whoever waits is given what there is, or null. */
  wake(): void {
    this.#wake();
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      const { done, value } = await this.#edges.next();
      this.#arrived = done ? "ended" : value;
    } catch (error) {
      this.#error = error;
    }
    this.#wake();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // After a stall of this process an edge may already lie in the pipe: let it be read before time is believed.
      const timer = setTimeout(() => setImmediate(resolve), ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async close(): Promise<void> {
    await this.#edges.return?.();
  }
}
