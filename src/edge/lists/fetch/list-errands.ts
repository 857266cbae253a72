/** The lists that are to be fetched, one of each name at most: made durable, gone on with after a start, given up. */
import { rm } from "node:fs/promises";
import type { ListName } from "../../../contract/list-form.ts";
import { asEdgeError, EdgeError, toldOf } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { aborted, broadcast } from "../../../kit/loop/signals.ts";
import { addressIn } from "../../../kit/system/https-download.ts";
import type { ListStatus } from "../../../model/index.ts";
import { documentOn } from "../held-list.ts";
import type { ListDocument } from "../list-envelope.ts";
import { firstLineIn, ListFile, oneLine, stored } from "../list-file.ts";
import { type ErrandHost, type FetchOptions, ListErrand } from "./list-errand.ts";

export interface ErrandsOptions {
  /** Where the lists lie. */
  readonly folder: string;
  readonly fetch: FetchOptions;
  readonly log: Log;
}

interface Running {
  readonly errand: ListErrand;
  readonly done: Promise<void>;
}

export class ListErrands {
  readonly #o: ErrandsOptions;
  readonly #host: ErrandHost;
  readonly #running = new Map<ListName, Running>();
  /** What was refused after it had been fetched: the broker brings its envelope again at each connect. */
  readonly #vain = new Map<ListName, { readonly hash: string; readonly error: EdgeError }>();
  readonly #stop = broadcast();

  constructor(options: ErrandsOptions, host: ErrandHost) {
    this.#o = options;
    this.#host = {
      ...host,
      refuse: (document, error) => {
        this.#vain.set(document.name, { hash: document.hash, error });
        host.refuse(document, error);
      },
    };
  }

  /** What an earlier run was told to fetch, unless its list is in force by now. */
  async load(name: ListName, held: number): Promise<void> {
    const { path } = this.#file(name);
    try {
      const line = await firstLineIn(path);
      const document = documentOn(line, name);
      if (document.envelope.version > held && this.#begin(document, line.length + 1)) return;
    } catch (error) {
      // None is there; or what a damaged card left of one, which the platform has still retained.
      if (!(error instanceof Error && "syscall" in error)) this.#o.log.warn("lists.errand-lost", { list: name, cause: error });
    }
    await rm(path, { force: true });
  }

  /** Durable when this resolves: from then on the platform need not send it again. Throws why it is not worth fetching. */
  async want(document: ListDocument, payload: Uint8Array): Promise<void> {
    const { name, hash, content, envelope } = document;
    const { version } = envelope;
    const url = "url" in content ? content.url : undefined;
    if (url === undefined) throw new EdgeError("list.apart");
    addressIn(url);
    const vain = this.#vain.get(name);
    if (vain?.hash === hash) throw vain.error;
    const former = this.#running.get(name);
    if (former !== undefined && !former.errand.isOver) {
      const { hash: before, envelope } = former.errand.document;
      if (before === hash) return;
      if (version < envelope.version) throw new EdgeError("list.older", { version, held: envelope.version });
      if (version === envelope.version) throw new EdgeError("list.same-version", { version });
      former.errand.end();
    }
    await former?.done;
    const line = Buffer.from(`${oneLine(payload)}\n`);
    await stored(() => this.#file(name).replace((file) => file.writeFile(line)));
    this.#begin(document, line.length);
  }

  #begin(document: ListDocument, head: number): boolean {
    const { name, content } = document;
    const url = "url" in content ? content.url : undefined;
    if (url === undefined) return false;
    const { fetch, log } = this.#o;
    const errand = new ListErrand(document, url, { path: this.#file(name).path, head }, { ...fetch, log }, this.#host);
    const done = errand.run(this.#stop.signal).catch((error: unknown) => {
      log.error("lists.errand-failed", { list: name, code: asEdgeError(error).code, cause: error });
    });
    this.#running.set(name, { errand, done });
    return true;
  }

  /** A list of this version is in force: older ones are not wanted any more. */
  drop(name: ListName, version: number): void {
    const errand = this.#running.get(name)?.errand;
    if (errand !== undefined && errand.document.envelope.version <= version) errand.end();
  }

  of(name: ListName): ListStatus["fetching"] {
    const errand = this.#running.get(name)?.errand;
    if (errand === undefined || errand.isOver) return undefined;
    const { document, have, problem } = errand;
    const bytes = "bytes" in document.content ? document.content.bytes : 0;
    return {
      version: document.envelope.version,
      have,
      bytes,
      ...(problem !== null && { code: problem.code, told: toldOf(problem) }),
    };
  }

  /** Until stopped; what is not whole by then is gone on with at the next start. */
  async run(stop: AbortSignal): Promise<void> {
    await aborted(stop);
    await this.close();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #file(name: ListName): ListFile {
    return new ListFile(this.#o.folder, name, "fetch");
  }
}
