/** Whether a value is believed beside those before it: counters that go back or leap, and what follows impossible values. */
import type { Code } from "../../../kit/errors.ts";
import type { Reading } from "../../../model/index.ts";
import type { RegisterPoint } from "../../driver.ts";
import { isFloat } from "./decodes.ts";
import { mostPerHour } from "./plausible-ranges.ts";

/** Plausible values in a row after which a point is believed again that has shown an impossible one. */
const PROOFS = 5;
const HOUR_MS = 3_600_000;
/** A float32 has 24 bits: a counter in that format may leap by a few of its last digits. */
const FLOAT_STEP = 2 ** -20;

interface LastCount {
  readonly value: number;
  /** When it last changed: a meter that is read by radio moves once a day. */
  readonly changed: number;
}

/** Of one unit. It outlives reopenings: a meter is replaced, or forgets its count, exactly when it does not answer. */
export class ReadingJudge {
  readonly #counts = new Map<string, LastCount>();
  /** Points that showed the impossible, and how many plausible values they still owe. */
  readonly #owed = new Map<string, number>();

  judge(reading: Reading, spec: RegisterPoint | undefined): Reading {
    if (reading.code === "value.implausible") this.#owed.set(reading.point, PROOFS);
    if (reading.value === null || spec === undefined) return reading;
    return spec.kind === "counter" ? this.#count(reading, spec) : this.#prove(reading);
  }

  /** Marks a point doubtful until several plausible values in a row came: in a wrong order of bytes one may look right by chance, several hardly. */
  #prove(reading: Reading): Reading {
    const owed = this.#owed.get(reading.point) ?? 0;
    if (owed === 0 || reading.quality !== "good") return reading;
    this.#owed.set(reading.point, owed - 1);
    return doubtful(reading, "value.doubted");
  }

  /**
   * A counter that goes back was replaced or reset, or is read wrongly; one that leaps may be read in a wrong order of words. One that stands still
   * proves nothing.
   */
  #count(reading: Reading, spec: RegisterPoint): Reading {
    const { point, mono } = reading;
    const value = Number(reading.value);
    const before = this.#counts.get(point);
    if (before === undefined || value !== before.value) this.#counts.set(point, { value, changed: mono });
    if (before === undefined) return this.#prove(reading);
    if (value < before.value) return doubtful(reading, "value.went-back");
    if (value - before.value > mostIn(mono - before.changed, value, spec)) {
      this.#owed.set(point, PROOFS);
      return doubtful(reading, "value.leapt");
    }
    if (value !== before.value) return this.#prove(reading);
    return (this.#owed.get(point) ?? 0) > 0 ? doubtful(reading, "value.doubted") : reading;
  }
}

/**
 * By how much a counter may grow in this time: as much as is possible in its unit, and a step or two of its own. Unlimited where the site has written
 * a range.
 */
function mostIn(ms: number, value: number, { unit, decode, scale = 1, scaleFrom, range }: RegisterPoint): number {
  const perHour = range || scaleFrom !== undefined ? undefined : mostPerHour(unit);
  if (perHour === undefined) return Number.POSITIVE_INFINITY;
  return (perHour * Math.max(0, ms)) / HOUR_MS + (isFloat(decode) ? value * FLOAT_STEP : 2 * Math.abs(scale));
}

/** What is bad already has its own reason. */
export const doubtful = (reading: Reading, code: Code): Reading =>
  reading.quality === "bad" ? reading : { ...reading, quality: "uncertain", code };
