/** Which blocks of a unit are due, and which values it is told again and again, or when it is met. */
import { monotonic } from "../../../kit/clock.ts";
import { type Code, EdgeError } from "../../../kit/errors.ts";
import type { Outcome, Reading } from "../../../model/index.ts";
import { isOfUnit, isRefusal, keyOf, PASSING, type Told } from "./poll-round.ts";
import { type Block, encodePoint, type Points } from "./registers.ts";

/** Blocks that are asked more rarely than the device: their points change rarely, or the device bears no more. */
export class PollCadence {
  readonly #roundMs: number;
  readonly #answered = new Map<string, number>();

  constructor(roundMs: number) {
    this.#roundMs = roundMs;
  }

  /** The blocks to ask in this round: those whose time is nearer to this round than to the next one. */
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
    const isRefused = "code" in told && told.isRefused === true;
    if (told.block.leastEveryMs !== undefined && ("reply" in told || isRefused))
      this.#answered.set(keyOf(told.block), monotonic());
  }
}

type Write = (point: string, value: number | boolean, stop: AbortSignal) => Promise<unknown>;

interface Repeat {
  readonly everyMs: number;
  value: number | boolean | undefined;
  written: number;
  /** Of a repetition that is on its way, perhaps still in its line's queue. */
  waiting: AbortController | null;
}

/**
 * Values that are written again and again, to show the unit that its master is alive. A commanded value is repeated only on the connection over which
 * the command went.
 */
export class KeepAlive {
  readonly #roundMs: number;
  readonly #repeats = new Map<string, Repeat>();
  /** Points whose last repetition failed, and why. */
  readonly failed = new Map<string, Code>();

  constructor(points: Points, roundMs: number) {
    this.#roundMs = roundMs;
    for (const [point, { keepAlive }] of Object.entries(points)) {
      const { everyMs, value } = keepAlive ?? {};
      if (everyMs !== undefined) this.#repeats.set(point, { everyMs, value, written: Number.NEGATIVE_INFINITY, waiting: null });
    }
  }

  /** A command is on its way: the value before it must not follow it. */
  async during(point: string, command: () => Promise<Outcome>): Promise<Outcome> {
    const repeat = this.#repeats.get(point);
    if (!repeat) return await command();
    const { value: before } = repeat;
    const failure = this.failed.get(point);
    // What is not repeated now cannot have failed to be.
    repeat.value = undefined;
    this.failed.delete(point);
    repeat.waiting?.abort();
    const { state, value, ...more } = await command();
    if (state === "succeeded" && (typeof value === "number" || typeof value === "boolean"))
      [repeat.value, repeat.written] = [value, monotonic()];
    // Of what may or may not have happened neither the old value nor the new one is repeated.
    else if (state !== "unknown") {
      repeat.value = before;
      if (failure !== undefined) this.failed.set(point, failure);
    }
    return { state, ...more, ...(value !== undefined && { value }) };
  }

  /** Throws what the wire fails with; what the unit itself says against it is kept for the point's next reading. */
  async refresh(write: Write): Promise<void> {
    // The value that waited longest comes first, so that each has its turn where the line has no time for all.
    for (const [point, repeat] of [...this.#repeats].sort(([, one], [, other]) => one.written - other.written)) {
      const { value, everyMs } = repeat;
      if (value === undefined || monotonic() + this.#roundMs / 2 < repeat.written + everyMs) continue;
      const waiting = new AbortController();
      [repeat.written, repeat.waiting] = [monotonic(), waiting];
      try {
        await write(point, value, waiting.signal);
        this.failed.delete(point);
      } catch (error) {
        if (waiting.signal.aborted) continue;
        // The unit is held back or the line is busy, so nothing is repeated in this round. No error is kept: the round's own polls say what is wrong.
        if (error instanceof EdgeError && error.code === "command.expired") return;
        if (!isOfUnit(error)) throw error;
        this.failed.set(point, error.code);
      } finally {
        repeat.waiting = null;
      }
    }
  }
}

interface Setting {
  /** undefined: nothing was commanded yet. */
  value: number | boolean | undefined;
  /** As a reading gives it. */
  held: number | boolean | undefined;
  /** `lost`: it holds something else; `tried`: it was told, and has not yet been seen to hold it. */
  state: "unknown" | "holds" | "lost" | "tried";
  /** What was read before this moment says nothing about it. */
  since: number;
  /** Of a write that is on its way, perhaps still in its line's queue. */
  waiting: AbortController | null;
}

/**
 * What a unit must hold: fail-safe values, and what it was commanded to be where it forgets that. It is read like any other point; a write wears it,
 * and is one for each loss.
 */
export class Settings {
  readonly #points: Points;
  readonly #settings = new Map<string, Setting>();
  /** Points that do not hold what they must, and why. */
  readonly failed = new Map<string, Code>();

  constructor(points: Points) {
    this.#points = points;
    for (const [point, { atConnect: value, kept, writeOnly }] of Object.entries(points)) {
      if (value === undefined && !kept) continue;
      // What the unit does not say is written once on each connection.
      const state = writeOnly && value !== undefined ? "lost" : "unknown";
      this.#settings.set(point, { value, held: this.#heldOf(point, value), state, since: 0, waiting: null });
    }
  }

  #heldOf(point: string, value: number | boolean | undefined): number | boolean | undefined {
    const spec = this.#points[point];
    return value === undefined || spec === undefined ? undefined : encodePoint(value, spec)?.value;
  }

  /** A command is on its way: what was kept before must not follow it. */
  async during(point: string, command: () => Promise<Outcome>): Promise<Outcome> {
    const setting = this.#settings.get(point);
    if (setting === undefined || this.#points[point]?.kept !== true) return await command();
    const before = setting.value;
    setting.value = undefined;
    setting.waiting?.abort();
    const outcome = await command();
    const { state, value } = outcome;
    // Of what may or may not have happened neither the old value nor the new one is kept.
    if (state === "succeeded" && (typeof value === "number" || typeof value === "boolean")) setting.value = value;
    else if (state !== "unknown") setting.value = before;
    setting.held = this.#heldOf(point, setting.value);
    setting.state = "unknown";
    setting.since = monotonic();
    this.failed.delete(point);
    return outcome;
  }

  /** What the unit said of its points. */
  read(readings: readonly Reading[]): void {
    for (const { point, value, quality, mono } of readings) {
      const setting = this.#settings.get(point);
      if (setting?.value === undefined || quality === "bad" || mono < setting.since) continue;
      if (value === setting.held) {
        setting.state = "holds";
        this.failed.delete(point);
        // The unit accepted the write and holds another value all the same: writing it again would only wear its memory.
      } else if (setting.state === "tried") this.failed.set(point, this.failed.get(point) ?? "command.no-answer");
      else setting.state = "lost";
    }
  }

  /** Throws what the wire fails with; what the unit itself says against it is kept for the point's next reading. */
  async restore(write: Write): Promise<void> {
    for (const [point, setting] of this.#settings) {
      const { state, value } = setting;
      if (state !== "lost" || value === undefined) continue;
      const waiting = new AbortController();
      [setting.state, setting.waiting] = ["tried", waiting];
      try {
        await write(point, value, waiting.signal);
      } catch (error) {
        if (waiting.signal.aborted) continue;
        // Not sent: its unit is held back, or the line is busy.
        if (error instanceof EdgeError && error.code === "command.expired") setting.state = "lost";
        else if (isOfUnit(error)) {
          this.failed.set(point, error.code);
          // A unit that is busy has written nothing.
          if (isRefusal(error, PASSING)) setting.state = "lost";
        } else throw error;
      } finally {
        setting.waiting = null;
      }
    }
  }
}
