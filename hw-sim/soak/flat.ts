/** Samples of one process over a long run go in, in order; per figure how it was after the warm-up and at the end, and whether that is flat, come out. Pure. */
import type { Sample } from "./measure.ts";

export interface Level {
  readonly figure: keyof Sample;
  /** The least of the second and of the last third: what comes and goes is not in it, what stays is. The first third is the warm-up. */
  readonly before: number;
  readonly after: number;
  /** What it may grow by from one third to the next: of things nothing, of memory what a collection leaves to chance. */
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
  const third = Math.floor(samples.length / 3);
  if (third < 3) throw new Error(`${samples.length} samples are too few to say what is flat`);
  const middle = samples.slice(-2 * third, -third);
  const last = samples.slice(-third);
  return (Object.keys(MAY) as (keyof Sample)[]).map((figure) => {
    const before = Math.min(...middle.map((one) => one[figure]));
    const after = Math.min(...last.map((one) => one[figure]));
    return { figure, before, after, may: MAY[figure], flat: after - before <= MAY[figure] };
  });
}

export function levelLine({ figure, before, after, may, flat }: Level): string {
  const words = (n: number) =>
    figure === "rss" || figure === "heap" || figure === "outside" ? `${(n / MB).toFixed(1)} MB` : `${n}`;
  return `${figure.padEnd(12)} ${words(before).padStart(9)} ${words(after).padStart(9)}   ${flat ? "flat" : `GROWS by more than ${words(may)}`}`;
}
