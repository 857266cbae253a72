/** Samples of one process over a long run go in, in order; per figure how it was after the warm-up and at the end, and whether that is flat, come out. Pure. */
import { FIGURES, type Sample } from "./measure.ts";

export interface Level {
  readonly figure: keyof Sample;
  /** The least of the third and of the last quarter: what comes and goes is not in it, what stays is. A whole round of faults is the warm-up. */
  readonly before: number;
  readonly after: number;
  /** What it may grow by from one quarter to the next: of things nothing, of memory what a collection leaves to chance. */
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
  const third = samples.slice(-2 * quarter, -quarter);
  const last = samples.slice(-quarter);
  return FIGURES.map((figure) => {
    const before = Math.min(...third.map((one) => one[figure]));
    const after = Math.min(...last.map((one) => one[figure]));
    return { figure, before, after, may: MAY[figure], flat: after - before <= MAY[figure] };
  });
}

export function levelLine({ figure, before, after, may, flat }: Level): string {
  const words = (n: number) =>
    figure === "rss" || figure === "heap" || figure === "outside" ? `${(n / MB).toFixed(1)} MB` : `${n}`;
  return `${figure.padEnd(12)} ${words(before).padStart(11)} ${words(after).padStart(11)}   ${flat ? "flat" : `GROWS by more than ${words(may)}`}`;
}
