/** Fetches the entries of one list behind everything else, until they are whole, refused or not wanted any more. */
import { type FileHandle, open, rm, stat, truncate } from "node:fs/promises";
import { asEdgeError, EdgeError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { backoff } from "../../../kit/loop/backoff.ts";
import { keepTrying } from "../../../kit/loop/keep-trying.ts";
import { AnyOf, aborted, broadcast } from "../../../kit/loop/signals.ts";
import { type DownloadOptions, download } from "../../../kit/system/https-download.ts";
import { noRoom, roomAt } from "../disk-room.ts";
import type { Apart, ListDocument } from "../list-envelope.ts";
import { stored } from "../list-file.ts";

/** Who brought that much is not failing, only cut off now and then. */
const ENOUGH = 65_536;
/** Failures in a row before people are told. */
const TOLD_AT = 3;
/** What a file looks like that was put together from two. */
const MIXED = new Set(["list.damaged", "list.malformed", "list.too-large"]);
/** What is wrong with the list itself, or with where it lies: trying again would only cost traffic. */
const FINAL = /^(list|signature|fetch)\./;

export interface FetchOptions extends DownloadOptions {
  /** Wait before the next try, by the number of failures in a row. */
  readonly waitMs?: (failures: number) => number;
}

export interface ErrandHost {
  /** Throws where the document may not come into force. */
  check(document: ListDocument): Promise<void>;
  /** What was fetched lies in this file behind its envelope: it comes into force, or this throws why not. */
  bring(document: ListDocument, path: string, over: AbortSignal): Promise<void>;
  refuse(document: ListDocument, error: EdgeError): void;
  /** It does not come, or (null) it came, or is not wanted any more. */
  waiting(document: ListDocument, error: EdgeError | null): void;
}

/** Where it lies: the envelope in one line, then what was fetched so far. */
export interface Place {
  readonly path: string;
  /** Bytes of the line of the envelope, with its end. */
  readonly head: number;
}

export class ListErrand {
  readonly document: ListDocument;
  readonly #place: Place;
  readonly #apart: Apart & { readonly url: string };
  readonly #o: FetchOptions & { readonly log: Log };
  readonly #host: ErrandHost;
  readonly #over = broadcast();
  /** Something in the file is of another try: if it is wrong, it may be whole by itself. */
  #isPatched = true;
  have = 0;
  problem: EdgeError | null = null;

  constructor(
    document: ListDocument,
    url: string,
    place: Place,
    options: FetchOptions & { readonly log: Log },
    host: ErrandHost,
  ) {
    this.document = document;
    this.#apart = { ...(document.content as Apart), url };
    this.#place = place;
    this.#o = options;
    this.#host = host;
  }

  /** A newer one counts, or this one is in force or refused. */
  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** It is not wanted any more. */
  end(): void {
    this.#over.abort();
  }

  /** Resolves when it is over, or stopped; only then its file stays, for the next start. */
  async run(stop: AbortSignal): Promise<void> {
    using either = new AnyOf(stop, this.#over.signal);
    await keepTrying("lists.fetch", (_, works) => this.#try(either.signal, works), {
      log: this.#o.log,
      stop: either.signal,
      waitMs: this.#o.waitMs ?? backoff(10_000, 1_800_000),
      healthyMs: Number.POSITIVE_INFINITY,
      failed: (error, failures) => this.#failed(error, failures),
    });
    if (!this.isOver) return;
    await rm(this.#place.path, { force: true });
    this.#host.waiting(this.document, null);
  }

  #failed(error: EdgeError, failures: number): void {
    this.problem = error;
    if (failures >= TOLD_AT) this.#host.waiting(this.document, error);
  }

  async #try(over: AbortSignal, works: () => void): Promise<void> {
    try {
      await this.#host.check(this.document);
      await this.#fetch(over, works);
      await this.#bring(over);
    } catch (raw) {
      if (over.aborted) return;
      const error = asEdgeError(raw);
      if (error.retry || !FINAL.test(error.code)) throw error;
      this.#host.refuse(this.document, error);
    }
    this.end();
  }

  async #fetch(over: AbortSignal, works: () => void): Promise<void> {
    const { path, head } = this.#place;
    const { url, bytes } = this.#apart;
    this.have = (await stat(path)).size - head;
    if (this.have > bytes) await this.#beginAt(0);
    if (this.have === bytes) return;
    await this.#mustHaveRoom(bytes - this.have);
    const file = await open(path, "a", 0o600);
    const before = this.have;
    const sink = { begin: (from: number) => this.#beginAt(from), take: (piece: Buffer) => this.#take(file, piece) };
    try {
      await download({ url, bytes, from: before }, this.#o, sink, over);
    } finally {
      await file.close();
      if (this.have - before >= ENOUGH) works();
    }
  }

  async #take(file: FileHandle, piece: Buffer): Promise<void> {
    await stored(() => file.appendFile(piece));
    this.have += piece.length;
  }

  async #beginAt(from: number): Promise<void> {
    const { path, head } = this.#place;
    if (from !== this.have) await truncate(path, head + from);
    this.#isPatched = from > 0;
    this.have = from;
  }

  async #mustHaveRoom(bytes: number): Promise<void> {
    const room = await roomAt(this.#place.path);
    if (room >= bytes) return;
    // Bytes that can be fetched again must not keep the database from writing what cannot.
    if (room < 0) await this.#beginAt(0);
    throw noRoom(room);
  }

  async #bring(over: AbortSignal): Promise<void> {
    const bringing = this.#host.bring(this.document, this.#place.path, over);
    bringing.catch(() => undefined);
    try {
      // Whoever ends this errand may hold what the bringing waits for.
      await Promise.race([bringing, aborted(this.#over.signal)]);
    } catch (raw) {
      const error = asEdgeError(raw);
      if (this.#isPatched && MIXED.has(error.code)) {
        await this.#beginAt(0);
        throw new EdgeError("fetch.changed", { host: new URL(this.#apart.url).host }, error);
      }
      throw error;
    }
  }
}
