/** Prints the figures of two builds beside each other, and says which of them became worse. */
import type { Compared } from "./compare.ts";

/** Less than this more is no difference; of a figure measured once nobody knows how much it varies. */
const LEAST = { once: 0.1, often: 0.05 };

const sorted = (list: readonly number[]): readonly number[] => list.toSorted((a, b) => a - b);
const median = (list: readonly number[]): number => sorted(list)[list.length >> 1] ?? Number.NaN;

/** All figures are costs: less is better. Worse: noticeably greater, and the middle half of our rounds wholly above the middle half of theirs. */
export function worseOf({ ours, older }: Compared): boolean {
  const least = Math.min(ours.length, older.length) > 1 ? LEAST.often : LEAST.once;
  return median(ours) > (1 + least) * median(older) && quartiles(ours)[0] > quartiles(older)[1];
}

function quartiles(list: readonly number[]): readonly [first: number, third: number] {
  const all = sorted(list);
  return [all[Math.floor(all.length / 4)] ?? Number.NaN, all[Math.floor((3 * all.length) / 4)] ?? Number.NaN];
}

/** From the first quartile to the third; 0 where it was measured once. */
function spread(list: readonly number[]): number {
  const [first, third] = quartiles(list);
  return third - first;
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
