/** The platform's lists: checked whole, durable before they count, and told as events to the assets concerned. */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { HASHED, isListName, type ListName, listNames } from "../../contract/list-form.ts";
import type { Clock } from "../../kit/clock.ts";
import { asEdgeError, EdgeError, toldOf } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { Mutex } from "../../kit/mutex.ts";
import { systemReason } from "../../kit/text/reasons.ts";
import type { ListStatus } from "../../model/index.ts";
import type { PermitLists, PermitVerdict } from "../permits/badge-check.ts";
import type { TrustedKeys } from "../trust/trusted-keys.ts";
import { changed, documentOn, type HeldList, mustFit, nameIn, readList, wholeOf } from "./held-list.ts";
import { statusOf, verdictOf } from "./list-answers.ts";
import type { ListDocument } from "./list-envelope.ts";
import { copied, firstLineIn, ListFile } from "./list-file.ts";
import type { ListTeller } from "./list-teller.ts";

/** A sender's clock may be ahead by this much. */
const FUTURE_MS = 60_000;

export interface ListsOptions {
  /** Where their files lie. */
  readonly folder: string;
  /** Above `lists/{name}`, as the platform addresses this gateway. */
  readonly downTopic: string;
  readonly keys: Pick<TrustedKeys, "check">;
  /** Names of the badge keys of this gateway; null: it has none. */
  readonly badgeKeys: () => Promise<readonly string[] | null>;
  readonly clock: Clock;
  readonly log: Log;
}

export class Lists implements PermitLists {
  readonly #o: ListsOptions;
  readonly #teller: ListTeller;
  readonly #held = new Map<ListName, HeldList>();
  /** Why the last document of each list was refused, until one is accepted. */
  readonly #refused = new Map<ListName, { readonly version: number; readonly error: EdgeError }>();
  /** Of documents that were refused: the broker sends a retained one at each connect, and that is told once. */
  readonly #refusedHash = new Map<ListName, string>();
  readonly #mutex = new Mutex();
  /** Resolves when what lay on the disk is in force again. */
  #loaded: Promise<void> | undefined;

  constructor(options: ListsOptions, teller: ListTeller) {
    this.#o = options;
    this.#teller = teller;
  }

  /** What lies on the disk comes into force, each list after the other; until then nothing new is taken. Once. */
  load(): Promise<void> {
    this.#loaded ??= this.#mutex.run(async () => {
      await rm(this.brought, { force: true });
      for (const name of listNames) await this.#loadOne(name);
    });
    return this.#loaded;
  }

  async #loadOne(name: ListName): Promise<void> {
    const file = this.#file(name);
    if (!(await file.exists())) return;
    try {
      const { held, end, spoilt } = await readList(file.path, name, (document) => this.#check(document));
      const { size } = await stat(file.path);
      if (size > end) await file.cut(end);
      if (spoilt !== null) this.#teller.refused(name, held.version + 1, spoilt);
      this.#held.set(name, held);
      await this.#teller.inForce(held);
    } catch (raw) {
      const error = refusalOf(raw);
      // Left where it lies: a key that comes back brings it back at the next start, and a whole list replaces it.
      this.#refused.set(name, { version: 0, error });
      this.#teller.refused(name, 0, error);
    }
  }

  /**
   * A message of `lists/{list}`, or of `lists/{list}/delta`. Resolves when it is in force and durable, or refused; rejects where it could not be
   * stored, and must come again: `list.not-stored`.
   */
  async receive(list: string, payload: Uint8Array): Promise<void> {
    const [name = "", delta] = list.split("/");
    if (!isListName(name)) return void this.#o.log.debug("lists.ignored", { list });
    await this.load();
    await this.#mutex.run(async () => {
      await this.#take(name, payload, delta !== undefined);
    });
  }

  async #take(name: ListName, payload: Uint8Array, isDelta: boolean): Promise<void> {
    let version = 0;
    let hash = "";
    try {
      const document = documentOn(payload, name);
      version = document.envelope.version;
      hash = document.hash;
      if (this.#held.get(name)?.hashes.has(hash) === true) return;
      const isOne = document.envelope.base !== undefined;
      if (isOne !== isDelta) throw new EdgeError("list.other-topic", { name: asSent(name, isOne), list: asSent(name, isDelta) });
      await this.#accept(document, payload);
    } catch (raw) {
      const error = refusalOf(raw);
      if (error.retry && error.code === "list.not-stored") throw error;
      this.#refuse(name, version, hash, error);
    }
  }

  #refuse(name: ListName, version: number, hash: string, error: EdgeError): void {
    this.#refused.set(name, { version, error });
    if (hash !== "" && this.#refusedHash.get(name) === hash) return;
    this.#refusedHash.set(name, hash);
    this.#teller.refused(name, version, error);
  }

  async #accept(document: ListDocument, payload: Uint8Array): Promise<HeldList> {
    const { name, envelope, content } = document;
    const before = this.#held.get(name) ?? null;
    await this.#check(document);
    this.#mustFollow(document, before);
    const file = this.#file(name);
    if (envelope.base !== undefined && before !== null) {
      await stored(() => file.append(oneLine(payload)));
      return this.#comesIntoForce(changed(before, document));
    }
    if (!("entries" in content)) throw new EdgeError("list.apart");
    const next = wholeOf(document);
    await stored(() => file.replace((handle) => handle.writeFile(`${oneLine(payload)}\n`)));
    return this.#comesIntoForce(next);
  }

  /** Where an imported file lies until it is judged. */
  get brought(): string {
    return join(this.#o.folder, "brought");
  }

  /** Takes a list from a file that was brought here, or only says whether it would. Throws why not. */
  async import(path: string, { keep }: { readonly keep: boolean }): Promise<ListStatus> {
    await this.load();
    return this.#mutex.run(async () => {
      const first = await firstLineIn(path);
      const { name, envelope } = documentOn(first, nameIn(first));
      const before = this.#held.get(name) ?? null;
      const held =
        envelope.base === undefined ? await this.#whole(path, name, before, keep) : await this.#delta(first, name, before, keep);
      return statusOf(held, null, this.#o.clock.now());
    });
  }

  async #delta(line: Uint8Array, name: ListName, before: HeldList | null, keep: boolean): Promise<HeldList> {
    const document = documentOn(line, name);
    if (before?.hashes.has(document.hash)) return before;
    if (keep) return this.#accept(document, line);
    await this.#check(document);
    return this.#mustFollow(document, before) ?? wholeOf(document);
  }

  async #whole(path: string, name: ListName, before: HeldList | null, keep: boolean): Promise<HeldList> {
    const { held, end, spoilt } = await readList(path, name, async (document) => {
      await this.#check(document);
      const isWhole = document.envelope.base === undefined;
      if (isWhole && before?.hashes.has(document.hash) !== true) this.#mustFollow(document, before);
    });
    if (spoilt !== null) throw spoilt;
    // The same whole document, with no more deltas than are in force.
    if (before !== null && held.version <= before.version) return before;
    if (!keep) return held;
    await stored(() => this.#file(name).replace((handle) => copied(path, end, handle)));
    return this.#comesIntoForce(held);
  }

  async #comesIntoForce(held: HeldList): Promise<HeldList> {
    this.#held.set(held.name, held);
    this.#refused.delete(held.name);
    this.#refusedHash.delete(held.name);
    await this.#teller.inForce(held);
    return held;
  }

  /** Signed for this topic by a key that may sign this list, dated before now, and hashed with a key that is here. */
  async #check({ name, envelope, raw }: ListDocument): Promise<void> {
    const { base, kid, issuedAt } = envelope;
    const topic = `${this.#o.downTopic}/lists/${name}${base === undefined ? "" : "/delta"}`;
    await this.#o.keys.check(topic, raw, `lists/${name}`);
    const { wall, synced } = this.#o.clock.now();
    if (synced && issuedAt > wall + FUTURE_MS) throw new EdgeError("list.from-future");
    if (!HASHED.includes(name) || kid === undefined) return;
    const here = await this.#o.badgeKeys();
    if (here !== null && !here.includes(kid)) throw new EdgeError("list.other-kid", { kid });
  }

  /** The list that goes before, if any. */
  #mustFollow(document: ListDocument, before: HeldList | null): HeldList | null {
    const { version, base } = document.envelope;
    if (base !== undefined) {
      if (before === null) throw new EdgeError("list.other-base", { base, held: 0 });
      mustFit(before, document);
      return before;
    }
    const held = before?.version ?? 0;
    if (version === held) throw new EdgeError("list.same-version", { version });
    if (version < held) throw new EdgeError("list.older", { version, held });
    return before;
  }

  #file(name: ListName): ListFile {
    return new ListFile(this.#o.folder, name);
  }

  /** Whether what was shown to a reader stands in a list, for an asset. `shown`: for each key of this gateway `kid:hash`, with spaces between. */
  verdict(list: string, shown: string, asset: string): PermitVerdict {
    const held = isListName(list) ? this.#held.get(list) : undefined;
    return verdictOf(held, list, shown, asset, this.#o.clock.now());
  }

  /** Called now and then: tells of lists that became too old. */
  look(): void {
    for (const held of this.#held.values()) this.#teller.age(held);
  }

  status(): readonly ListStatus[] {
    return listNames.flatMap((name): readonly ListStatus[] => {
      const [held, refused] = [this.#held.get(name), this.#refused.get(name)];
      const why = refused && { version: refused.version, code: refused.error.code, told: toldOf(refused.error) };
      if (held !== undefined) return [statusOf(held, why ?? null, this.#o.clock.now())];
      return why === undefined ? [] : [{ name, version: null, refused: why }];
    });
  }

  /** For `reported` (contract). */
  reported(): Readonly<Record<string, unknown>> {
    const all = this.status().map(({ name, version, kid, refused }) => {
      const why = refused && { version: refused.version, code: refused.code, reason: refused.told.what.en };
      return [name, { version, ...(kid !== undefined && { kid }), ...(why && { refused: why }) }];
    });
    return Object.fromEntries(all);
  }
}

const asSent = (name: ListName, isDelta: boolean): string => (isDelta ? `${name}/delta` : name);

/** The signature does not cover the layout, so each document is stored as one line. */
const oneLine = (payload: Uint8Array): string => JSON.stringify(JSON.parse(Buffer.from(payload).toString("utf8")));

async function stored(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new EdgeError("list.not-stored", { reason: systemReason(error) }, error);
  }
}

/** A file that cannot be read is no fault of the list. */
function refusalOf(raw: unknown): EdgeError {
  if (raw instanceof EdgeError) return raw;
  const isOfSystem = raw instanceof Error && "syscall" in raw;
  return isOfSystem ? new EdgeError("list.not-stored", { reason: systemReason(raw) }, raw) : asEdgeError(raw);
}
