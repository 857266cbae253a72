/** Says of each measured figure whether it stayed flat over a long run. Pure. */
import { FIGURES, type Sample } from "./measure.ts";

export interface Level {
  readonly figure: keyof Sample;
  /**
   * Of each quarter of the run only the lowest sample counts: what merely comes and goes is not in it. The first quarter is warm-up. Of the second
   * and the third the larger of the two lowest samples is taken, because a round of faults is longer than a quarter and some faults leave more going
   * on than others.
   */
  readonly before: number;
  /** The least of the last quarter. */
  readonly after: number;
  /** How much it may grow: counted things not at all, memory by what garbage collection leaves to chance. */
  readonly may: number;
  readonly flat: boolean;
}

const MB = 1e6;
const MAY: Readonly<Record<keyof Sample, number>> = {
  rss: 2 * MB,
  heap: 0.5 * MB,
  outside: 0.5 * MB,
  listeners: 0,
  timers: 0,
  descriptors: 0,
  children: 0,
};

/** Throws when there are too few samples to say anything. */
export function levels(samples: readonly Sample[]): readonly Level[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 3) throw new Error(`${samples.length} samples are too few to say what is flat`);
  const [second = [], third = [], last = []] = [3, 2, 1].map((n) =>
    samples.slice(samples.length - n * quarter).slice(0, quarter),
  );
  return FIGURES.map((figure) => {
    const least = (of: readonly Sample[]) => Math.min(...of.map((one) => one[figure]));
    const before = Math.max(least(second), least(third));
    const after = least(last);
    return { figure, before, after, may: MAY[figure], flat: after - before <= MAY[figure] };
  });
}

export function levelLine({ figure, before, after, may, flat }: Level): string {
  const words = (n: number) =>
    figure === "rss" || figure === "heap" || figure === "outside" ? `${(n / MB).toFixed(1)} MB` : `${n}`;
  return `${figure.padEnd(12)} ${words(before).padStart(11)} ${words(after).padStart(11)}   ${flat ? "flat" : `GROWS by more than ${words(may)}`}`;
}
