/** Says of each measured figure whether it stayed flat over a long run. Pure. */
import { FIGURES, type Sample } from "./measure.ts";

export interface Level {
  readonly figure: keyof Sample;
  /**
   * Of each quarter of the run the lowest sample is shown: what merely comes and goes is not in it. The first quarter is warm-up. Of the second
   * and the third the larger of the two lowest samples is taken, because a round of faults is longer than a quarter and some faults leave more going
   * on than others.
   */
  readonly before: number;
  /** The least of the last quarter. */
  readonly after: number;
  /** How much it may grow: counted things not at all, memory by what garbage collection leaves to chance. */
  readonly may: number;
  /** The lowest sample may have met less than usual by chance. What is kept is in every sample, so it raises the median of the quarter too. */
  readonly flat: boolean;
}

type Statistic = (values: readonly number[]) => number;

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
    const of = (quarter: readonly Sample[], statistic: Statistic) => statistic(quarter.map((one) => one[figure]));
    const compared = (statistic: Statistic) => ({
      before: Math.max(of(second, statistic), of(third, statistic)),
      after: of(last, statistic),
    });
    const grows = (statistic: Statistic) => compared(statistic).after - compared(statistic).before > MAY[figure];
    return { figure, ...compared(least), may: MAY[figure], flat: !(grows(least) && grows(median)) };
  });
}

const least: Statistic = (values) => Math.min(...values);
const median: Statistic = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

export function levelLine({ figure, before, after, may, flat }: Level): string {
  const words = (n: number) =>
    figure === "rss" || figure === "heap" || figure === "outside" ? `${(n / MB).toFixed(1)} MB` : `${n}`;
  return `${figure.padEnd(12)} ${words(before).padStart(11)} ${words(after).padStart(11)}   ${flat ? "flat" : `GROWS by more than ${words(may)}`}`;
}
