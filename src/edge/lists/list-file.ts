/** The file of one list as it was signed: the envelope, a line for each entry that lies apart, then the deltas. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ListName } from "../../contract/list-form.ts";
import { EdgeError } from "../../kit/errors.ts";
import { systemReason } from "../../kit/text/reasons.ts";

/** A line longer than any entry, and than any message that comes down. */
const MOST_LINE = 262_144;
const PIECE = 32_768;
const NEWLINE = 10;

/** One line of a file, with the place of the byte behind it. `bytes` without the end of the line. */
export interface Line {
  readonly bytes: Buffer;
  readonly end: number;
}

export class ListFile {
  readonly path: string;

  /** `fetch`: what lies there is not whole yet. */
  constructor(folder: string, name: ListName, state: "list" | "fetch" = "list") {
    this.path = join(folder, `${name}.${state}`);
  }

  /** What is being written, before it counts. */
  get aside(): string {
    return `${this.path}.new`;
  }

  async exists(): Promise<boolean> {
    return stat(this.path).then(
      () => true,
      () => false,
    );
  }

  /** Takes the place of the former one: whole or not at all, and durable when this resolves. `write` gives its bytes. */
  async replace(write: (file: FileHandle) => Promise<void>): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const file = await open(this.aside, "w", 0o600);
    try {
      await write(file);
      await file.datasync();
    } catch (error) {
      await rm(this.aside, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await this.#takePlaceOf(this.aside);
  }

  /** The first so many bytes of another file on the same card take the place of the former one, without being written once more. */
  async adopt(path: string, bytes: number): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const file = await open(path, "r+");
    try {
      await file.truncate(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#takePlaceOf(path);
  }

  async #takePlaceOf(path: string): Promise<void> {
    await rename(path, this.path);
    const folder = await open(dirname(this.path), "r");
    await folder.sync().finally(() => folder.close());
  }

  /** Adds a delta; durable when this resolves. What a cut left half written was taken away at the last reading. */
  async append(line: string): Promise<void> {
    const { size } = await stat(this.path);
    const file = await open(this.path, "a", 0o600);
    try {
      await file.appendFile(`${line}\n`);
      await file.datasync();
    } catch (error) {
      await file.truncate(size).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Everything from a place on is gone. */
  async cut(at: number): Promise<void> {
    await truncate(this.path, at);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/**
 * Whole lines only, in pieces with a turn of the event loop between them. A last line without an end is left out; one that is too long ends the
 * reading.
 */
export async function* linesOf(path: string): AsyncGenerator<readonly Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE })) {
    rest = rest.length === 0 ? (piece as Buffer) : Buffer.concat([rest, piece as Buffer]);
    const lines: Line[] = [];
    let from = 0;
    for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE, from)) {
      end += at + 1 - from;
      lines.push({ bytes: rest.subarray(from, at), end });
      from = at + 1;
    }
    rest = rest.subarray(from);
    if (lines.length > 0) yield lines;
    if (rest.length > MOST_LINE) return;
  }
}

/** The sum over lines as they lay, each with its end. */
export class LineSum {
  readonly #hash = createHash("sha256");
  bytes = 0;

  add({ bytes }: Line): void {
    this.#hash.update(bytes).update("\n");
    this.bytes += bytes.length + 1;
  }

  get sha256(): string {
    return this.#hash.digest("hex");
  }
}

/** Throws `list.malformed` where there is none. */
export async function firstLineIn(path: string): Promise<Buffer> {
  for await (const [first] of linesOf(path)) if (first !== undefined) return first.bytes;
  throw new EdgeError("list.malformed", { reason: { it: "è vuota", en: "it is empty" } });
}

/** The signature does not cover the layout, so each document is stored as one line. */
export const oneLine = (payload: Uint8Array): string => JSON.stringify(JSON.parse(Buffer.from(payload).toString("utf8")));

/** Throws `list.not-stored`. */
export async function stored(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    throw new EdgeError("list.not-stored", { reason: systemReason(error) }, error);
  }
}
