/** Finds out whether files in use were removed, replaced or cut since they were opened. */
import { rm, stat } from "node:fs/promises";
import { EdgeError } from "../../../kit/errors.ts";

/** Between two looks, a `stat` for each file, they are taken to be there. */
const AGAIN_MS = 5000;

/** Watches the open files: data written to a file that was removed vanish when the process ends, and a removed lock file keeps nobody out. */
export class ReplacedFileCheck {
  readonly #opened = new Map<string, string | null>();
  readonly #largest = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** To be called while the files are open: an inode in use is given to no other file. */
  async remember(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#opened.set(path, await identity(path));
  }

  /** Null: all are what was opened, or the last look was a moment ago. */
  async gone(mono: number): Promise<string | null> {
    if (mono - this.#lookedAt < AGAIN_MS) return null;
    this.#lookedAt = mono;
    for (const [file, opened] of this.#opened) {
      // A disk that does not answer is no removal; the commits meet it themselves.
      const now = await identity(file).catch(() => opened);
      if (now === null || now !== opened) return file;
    }
    return null;
  }

  /** `store.corrupt` for the first that has become smaller than it was: none of them ever shrinks while it is open. */
  async truncated(): Promise<EdgeError | null> {
    for (const file of this.#opened.keys()) {
      const size = (await stat(file).catch(() => null))?.size;
      const most = this.#largest.get(file) ?? 0;
      if (size !== undefined && size < most)
        return new EdgeError("store.corrupt", { file, reason: `cut from ${most} to ${size} bytes` });
      if (size !== undefined) this.#largest.set(file, size);
    }
    return null;
  }

  /** Removes the file, unless another has its name by now. */
  async remove(path: string): Promise<void> {
    if ((await identity(path)) === this.#opened.get(path)) await rm(path, { force: true });
  }
}

/**
 * Which file has this name; null: none. No link left counts as none too: a file that is mounted by itself keeps its name when it is deleted below. A
 * second name, given or removed, is no loss.
 */
async function identity(path: string): Promise<string | null> {
  try {
    const { dev, ino, nlink } = await stat(path, { bigint: true });
    return nlink === 0n ? null : `${dev}:${ino}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
