/** Prints the figures of two builds beside each other, and says which of them became worse. */
import type { Compared } from "./compare.ts";

/** Of a figure measured once nobody knows how much it varies: it may be so much greater. */
const UNKNOWN_SPREAD = 0.05;

const sorted = (list: readonly number[]): readonly number[] => list.toSorted((a, b) => a - b);
const median = (list: readonly number[]): number => sorted(list)[list.length >> 1] ?? Number.NaN;

/** All figures are costs: less is better. Worse: greater by more than a twentieth, and by more than either side varies between its quartiles. */
export function worseOf({ ours, older }: Compared): boolean {
  const more = median(ours) - median(older);
  return more > UNKNOWN_SPREAD * median(older) && more > Math.max(spread(ours), spread(older));
}

/** From the first quartile to the third; 0 where it was measured once. */
function spread(list: readonly number[]): number {
  const all = sorted(list);
  return (all[Math.floor((3 * all.length) / 4)] ?? 0) - (all[Math.floor(all.length / 4)] ?? 0);
}

export function printComparison(name: string, figures: readonly Compared[]): void {
  const cells = figures.map((one) => [
    one.what,
    shown(one.ours),
    shown(one.older),
    (median(one.ours) / median(one.older)).toFixed(2),
    one.unit,
    worseOf(one) ? "WORSE" : "",
  ]);
  const all = [["", "this checkout", "older", "×", "", ""], ...cells];
  const widths = all[0]?.map((_, i) => Math.max(...all.map((line) => line[i]?.length ?? 0))) ?? [];
  const line = (words: readonly string[]) =>
    words
      .map((word, i) => (i > 0 && i < 4 ? word.padStart(widths[i] ?? 0) : word.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  process.stdout.write(`older: ${name}\n${all.map(line).join("\n")}\n`);
}

/** The median, and how far it varies. */
function shown(list: readonly number[]): string {
  const varies = spread(list);
  return varies === 0 ? short(median(list)) : `${short(median(list))} ±${short(varies / 2)}`;
}

const short = (figure: number): string => String(Number(figure.toPrecision(3)));
