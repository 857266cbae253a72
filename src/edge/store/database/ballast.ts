/** A file of a few MB that is given up when the disk is full, because even a DELETE needs some room. */
import { open, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

export const BALLAST_BYTES = 4 * 2 ** 20;
/** Written in pieces: zeros of the whole size would stay in the memory of the process. */
const PIECE_BYTES = 64 * 1024;
/** Less than this free counts as full. */
const FULL_BYTES = 2 ** 20;
/** It is laid down only where this many times its size is free. */
const PLENTY = 4;

export class Ballast {
  /** The file system was full and has not had plenty of room since. */
  freed = false;
  readonly #path: string;
  readonly #bytes: number;

  constructor(file: string, bytes: number) {
    this.#path = `${file}.ballast`;
    this.#bytes = bytes;
  }

  /** True when room was made just now: trying again may work. */
  async free(): Promise<boolean> {
    if ((await this.#freeBytes()) >= FULL_BYTES) return false;
    this.freed = true;
    const had = (await stat(this.#path).catch(() => null))?.size ?? 0;
    await rm(this.#path, { force: true });
    return had > 0;
  }

  /** Lays the file down where there is plenty of room. */
  async lay(): Promise<void> {
    const had = (await stat(this.#path).catch(() => null))?.size ?? 0;
    if (had >= this.#bytes && !this.freed) return;
    if ((await this.#freeBytes()) < PLENTY * this.#bytes) return;
    this.freed = false;
    await using handle = await open(this.#path, "w", 0o600);
    const piece = Buffer.alloc(PIECE_BYTES);
    for (let left = this.#bytes; left > 0; left -= piece.length) await handle.writeFile(piece.subarray(0, left));
    // Flushed now, so that the disk's work does not fall into a later commit.
    await handle.datasync();
  }

  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.#path));
    return bavail * bsize;
  }
}
