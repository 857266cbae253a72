/** Receives the file of a list from a person at the box, piece by piece, and brings it before those who judge it. */
import { appendFile, mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { EdgeError } from "../../kit/errors.ts";
import { Mutex } from "../../kit/mutex.ts";
import type { ListPiece, ListStatus } from "../../model/index.ts";
import { noRoom, roomAt } from "./disk-room.ts";
import { stored } from "./list-file.ts";
import type { Lists } from "./lists.ts";

/** The largest list, with an envelope and some deltas. */
const MOST_BYTES = 64 * 1_048_576;

/** One file at a time: whoever begins another one ends it. */
export class ListUpload {
  readonly #lists: Lists;
  readonly #mutex = new Mutex();
  #file = "";
  #bytes = 0;

  constructor(lists: Lists) {
    this.#lists = lists;
  }

  take(piece: ListPiece): Promise<ListStatus | null> {
    return this.#mutex.run(() => this.#take(piece));
  }

  async #take({ file, at, base64, isLast, keep }: ListPiece): Promise<ListStatus | null> {
    const path = this.#lists.brought;
    if (at === 0) {
      // What an upload of an earlier run left goes first.
      await this.#lists.load();
      await rm(path, { force: true });
      [this.#file, this.#bytes] = [file, 0];
    }
    const bytes = Buffer.from(base64, "base64");
    if (file !== this.#file || at !== this.#bytes) throw new EdgeError("cli.bad-line", { reason: `${this.#bytes} != ${at}` });
    if (at + bytes.length > MOST_BYTES) throw new EdgeError("list.too-large", { reason: `> ${MOST_BYTES}` });
    try {
      await stored(() => append(path, bytes));
    } catch (error) {
      this.#file = "";
      await rm(path, { force: true });
      throw error;
    }
    this.#bytes += bytes.length;
    if (!isLast) return null;
    this.#file = "";
    try {
      return await this.#lists.import(path, { keep });
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function append(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const room = await roomAt(dirname(path));
  if (room < bytes.length) throw noRoom(room);
  await appendFile(path, bytes, { mode: 0o600 });
}
