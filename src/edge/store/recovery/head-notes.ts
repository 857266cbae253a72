/** Keeps the notes beside the file true: how far its streams came, and whether it is to be set aside at the next opening. */
import type { Log } from "../../../kit/log.ts";
import type { Stream } from "../../../model/index.ts";
import type { Epoch, StreamIndex } from "../stream-index.ts";
import { type HeadFile, type KnownHeads, writeHeadFile } from "./head-file.ts";
import type { UnstoredNote } from "./unstored-note.ts";

/** Former epochs whose ends are noted. */
const MOST_KNOWN = 100;

export interface HeadNotesOptions {
  readonly file: string;
  readonly epoch: Epoch;
  readonly index: StreamIndex;
  /** The note in the memory of the machine. */
  readonly unstored: UnstoredNote;
  readonly log: Log;
}

export class HeadNotes {
  /** Damage was found: the next opening sets the file aside. */
  suspect = false;
  readonly #o: HeadNotesOptions;
  /** The last numbers given out, where they are beyond those that are stored. */
  #given: Readonly<Record<Stream, number>> | null = null;

  constructor(options: HeadNotesOptions) {
    this.#o = options;
  }

  /** See Store.unstored; what is noted beside the file is not written here. */
  unstored(given: Readonly<Record<Stream, number>> | null): void {
    this.#o.unstored.note(this.#o.epoch, given);
    this.#given = given;
  }

  /** What earlier runs left unstored is named in the file now. */
  named(): void {
    this.#o.unstored.named();
  }

  /** What the file must hold at least, so that an older copy is recognised. Never fails a commit that is durable already. */
  async write(): Promise<void> {
    const { file, epoch, index, log } = this.#o;
    const of = ({ n, id }: Epoch): KnownHeads => ({ n, epoch: id, ...index.heads(id) });
    const open = new Set(index.entries.filter(({ head, upTo }) => upTo < head).map((entry) => entry.epoch));
    open.delete(epoch);
    const own = of(epoch);
    // Only when the file is damaged: the next opening takes a sound file that holds less than its note for an older copy.
    const given = this.suspect && this.#given !== null ? this.#given : own;
    const headFile: HeadFile = {
      ...own,
      readings: Math.max(own.readings, given.readings),
      events: Math.max(own.events, given.events),
      suspect: this.suspect,
      known: [...open].slice(-MOST_KNOWN).map(of),
    };
    await writeHeadFile(file, headFile).catch((cause: unknown) => log.warn("store.note-failed", { cause }));
  }
}
