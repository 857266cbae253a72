/** A full file system goes in; a few MB of room come out: a file kept for that day, because even a DELETE needs some. */
import { open, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

export const BALLAST_BYTES = 4 * 2 ** 20;
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
    if ((await this.#room()) >= FULL_BYTES) return false;
    this.freed = true;
    const had = (await stat(this.#path).catch(() => null))?.size ?? 0;
    await rm(this.#path, { force: true });
    return had > 0;
  }

  /** Lays the file down where there is plenty of room. */
  async lay(): Promise<void> {
    const had = (await stat(this.#path).catch(() => null))?.size ?? 0;
    if (had >= this.#bytes && !this.freed) return;
    if ((await this.#room()) < PLENTY * this.#bytes) return;
    this.freed = false;
    const handle = await open(this.#path, "w", 0o600);
    await handle.writeFile(Buffer.alloc(this.#bytes)).finally(() => handle.close());
  }

  async #room(): Promise<number> {
    const { bavail, bsize } = await statfs(dirname(this.#path));
    return bavail * bsize;
  }
}
