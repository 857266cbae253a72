/** Keeps each asset in the agenda at its next moment, and saves its state when that is due. */
import { Agenda } from "./agenda.ts";
import { stateKeyOf } from "./asset-key.ts";
import type { AssetRun, Epoch } from "./asset-run.ts";
import { savedOf } from "./saved.ts";

/** What was learned without deciding anything is saved this much later: until then the stored records can teach it again. */
const SAVE_MS = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

export class RunKeeper {
  /** The last numbers that were heard in the epoch. */
  heard: { readings: number; events: number } = { readings: 0, events: 0 };
  epoch: Epoch;
  #agenda = new Agenda<AssetRun>();
  readonly #save: (key: string, value: unknown) => void;

  constructor(epoch: Epoch, save: (key: string, value: unknown) => void) {
    this.epoch = epoch;
    this.#save = save;
  }

  /** Whose moment comes next. */
  get next(): AssetRun | undefined {
    return this.#agenda.first;
  }

  /** Takes it out of the agenda, until it is scheduled again. */
  take(): AssetRun | undefined {
    return this.#agenda.take();
  }

  schedule(run: AssetRun): void {
    run.schedule();
    this.#agenda.put(run);
  }

  /** Nobody is in the agenda any more. */
  clear(): void {
    this.#agenda = new Agenda();
  }

  /** Nothing is kept of an asset that is no more. */
  drop(run: AssetRun): void {
    this.#save(stateKeyOf(run.asset.id), null);
  }

  save(run: AssetRun): void {
    run.saveAt = NEVER;
    // What it knew is worth more than what it cannot hear.
    if (run.fault !== undefined) return;
    this.#save(stateKeyOf(run.asset.id), savedOf(run, { n: this.epoch.n, ...this.heard }));
  }

  /** Something was learned that led to no decision. */
  saveLater(run: AssetRun, at: number): void {
    run.saveAt = Math.min(run.saveAt, at + SAVE_MS);
  }
}
