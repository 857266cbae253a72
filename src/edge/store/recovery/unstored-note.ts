/** A note in the machine's memory: how far numbers were given out that an unwritable disk never stored. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stream } from "../../../model/index.ts";
import { type KnownHeads, knownIn } from "./head-file.ts";

/** Runs that one note tells of. */
const MOST = 16;

/** Of one file in one boot: after a reboot the folder is empty, and nobody knows. */
export class UnstoredNote {
  /** What earlier runs gave out, until this run has named it. */
  #before: readonly KnownHeads[] = [];
  readonly #path: string | null;
  readonly #of: { readonly file: string; readonly boot: string };
  /** What the note says, null where there is none; undefined: not known. */
  #written: string | null | undefined;

  /** `folder`: outlives the process, not the boot, and lies on no card; undefined: there is none. */
  constructor(folder: string | undefined, of: { readonly file: string; readonly boot: string }) {
    this.#path = folder === undefined ? null : join(folder, "unstored.json");
    this.#of = of;
  }

  /** What is noted of this file and boot. */
  read(): readonly KnownHeads[] {
    if (this.#path === null) return [];
    try {
      const { file, boot, runs } = JSON.parse(readFileSync(this.#path, "utf8")) as Readonly<Record<string, unknown>>;
      if (file === this.#of.file && boot === this.#of.boot && Array.isArray(runs))
        this.#before = runs.map(knownIn).filter((one) => one !== null);
    } catch {
      // There is no note, or none that makes sense: nothing is known.
    }
    return this.#before;
  }

  /** The earlier runs are named in the file now. */
  named(): void {
    this.#before = [];
    this.#write([]);
  }

  /** Null: all that this run gave out is stored. */
  note({ n, id: epoch }: { readonly n: number; readonly id: string }, given: Readonly<Record<Stream, number>> | null): void {
    this.#write(given === null ? [] : [{ n, epoch, readings: given.readings, events: given.events }]);
  }

  /** Written synchronously, because a dead disk may hold all threads; the folder is memory. Where it cannot be written, nothing will be known. */
  #write(own: readonly KnownHeads[]): void {
    const runs = [...this.#before, ...own].slice(-MOST);
    const text = runs.length === 0 ? null : `${JSON.stringify({ ...this.#of, runs })}\n`;
    if (this.#path === null || text === this.#written) return;
    try {
      if (text === null) rmSync(this.#path, { force: true });
      else {
        writeFileSync(`${this.#path}.new`, text, { mode: 0o600 });
        renameSync(`${this.#path}.new`, this.#path);
      }
      this.#written = text;
    } catch {
      this.#written = undefined;
    }
  }
}
