/** What assets say to other assets in one moment, in order, and who of them never comes to rest. */
import type { ReadingRecord } from "../../../model/index.ts";
import type { AssetRun } from "./asset-run.ts";

/** So many steps may follow one another in a moment, from asset to asset. */
export const CASCADE_STEPS = 1000;

export interface Step {
  readonly record: ReadingRecord;
  readonly seq: number;
}

export class Cascade {
  /** Who was in a circle in this moment: it is asked again at the next. */
  readonly broken = new Set<AssetRun>();
  #queue: Step[] = [];
  #count = 0;
  readonly #steps = new Map<string, number>();

  add(step: Step): void {
    this.#queue.push(step);
  }

  /** The next step to be heard; undefined: all are at rest. */
  next(): Step | undefined {
    const step = this.#queue.shift();
    if (step === undefined) {
      this.#again();
      this.broken.clear();
      return undefined;
    }
    const { source } = step.record;
    this.#count += 1;
    this.#steps.set(source, (this.#steps.get(source) ?? 0) + 1);
    return step;
  }

  /** The asset that said most of too much; null: it is not too much yet. What it said and nobody heard yet is dropped, and nothing of others. */
  circling(): string | null {
    if (this.#count <= CASCADE_STEPS) return null;
    const [busiest] = [...this.#steps].reduce((most, one) => (one[1] > most[1] ? one : most));
    this.#queue = this.#queue.filter(({ record }) => record.source !== busiest);
    this.#again();
    return busiest;
  }

  #again(): void {
    this.#count = 0;
    this.#steps.clear();
  }
}
