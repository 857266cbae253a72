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
import type { FetchOptions } from "./fetch/list-errand.ts";
import { ListErrands } from "./fetch/list-errands.ts";
import { changed, documentOn, type HeldList, mustFit, nameIn, readList, wholeOf } from "./held-list.ts";
import { statusOf, verdictOf } from "./list-answers.ts";
import type { ListDocument } from "./list-envelope.ts";
import { firstLineIn, ListFile, oneLine, stored } from "./list-file.ts";
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
  /** How entries that lie elsewhere are fetched. */
  readonly fetch: FetchOptions;
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
  readonly #errands: ListErrands;
  /** Resolves when what lay on the disk is in force again. */
  #loaded: Promise<void> | undefined;

  constructor(options: ListsOptions, teller: ListTeller) {
    this.#o = options;
    this.#teller = teller;
    this.#errands = new ListErrands(options, {
      check: (document) => this.#check(document),
      bring: (document, path, over) => this.#mutex.run(() => this.#fetched(document, path, over)),
      refuse: ({ name, envelope, hash }, error) => this.#refuse(name, envelope.version, hash, error),
      waiting: ({ name, envelope }, error) => teller.waiting(name, envelope.version, error),
    });
  }

  /** Loads them, and goes on fetching what was wanted, until stopped. */
  async run(stop: AbortSignal): Promise<void> {
    await this.load();
    await this.#errands.run(stop);
  }

  /** Nothing is fetched any more; what is not whole yet is gone on with at the next start. */
  close(): Promise<void> {
    return this.#errands.close();
  }

  /** What lies on the disk comes into force, each list after the other; until then nothing new is taken. Once. */
  load(): Promise<void> {
    this.#loaded ??= this.#mutex.run(async () => {
      await rm(this.brought, { force: true });
      for (const name of listNames) {
        await this.#loadOne(name);
        await this.#errands.load(name, this.#held.get(name)?.version ?? 0);
        if (this.#errands.of(name) === undefined) this.#teller.waiting(name, 0, null);
      }
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
   * A message of `lists/{list}`, or of `lists/{list}/delta`. Resolves when it is in force and durable, or refused, or durable and its entries are
   * being fetched; rejects where it could not be stored, and must come again: `list.not-stored`.
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

  async #accept(document: ListDocument, payload: Uint8Array): Promise<void> {
    const { name, envelope, content } = document;
    if (envelope.base !== undefined) return void (await this.#change(document, payload));
    await this.#check(document);
    this.#mustFollow(document, this.#held.get(name) ?? null);
    if (!("entries" in content)) return this.#errands.want(document, payload);
    const next = wholeOf(document);
    await stored(() => this.#file(name).replace((handle) => handle.writeFile(`${oneLine(payload)}\n`)));
    await this.#comesIntoForce(next);
  }

  /** A delta. */
  async #change(document: ListDocument, payload: Uint8Array): Promise<HeldList> {
    const { name } = document;
    await this.#check(document);
    const before = this.#changedBy(document, this.#held.get(name) ?? null);
    await stored(() => this.#file(name).append(oneLine(payload)));
    return this.#comesIntoForce(changed(before, document));
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
      return statusOf(held, this.#o.clock.now());
    });
  }

  async #delta(line: Uint8Array, name: ListName, before: HeldList | null, keep: boolean): Promise<HeldList> {
    const document = documentOn(line, name);
    if (before?.hashes.has(document.hash)) return before;
    if (keep) return this.#change(document, line);
    await this.#check(document);
    return this.#changedBy(document, before);
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
    await stored(() => this.#file(name).adopt(path, end));
    return this.#comesIntoForce(held);
  }

  async #fetched({ name }: ListDocument, path: string, over: AbortSignal): Promise<void> {
    if (!over.aborted) await this.#whole(path, name, this.#held.get(name) ?? null, true);
  }

  async #comesIntoForce(held: HeldList): Promise<HeldList> {
    this.#held.set(held.name, held);
    this.#refused.delete(held.name);
    this.#refusedHash.delete(held.name);
    this.#errands.drop(held.name, held.version);
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

  #mustFollow({ envelope: { version } }: ListDocument, before: HeldList | null): void {
    const held = before?.version ?? 0;
    if (version === held) throw new EdgeError("list.same-version", { version });
    if (version < held) throw new EdgeError("list.older", { version, held });
  }

  /** The list that a delta changes. */
  #changedBy(document: ListDocument, before: HeldList | null): HeldList {
    if (before === null) throw new EdgeError("list.other-base", { base: document.envelope.base ?? 0, held: 0 });
    mustFit(before, document);
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
      const fetching = this.#errands.of(name);
      const more = { ...(why && { refused: why }), ...(fetching && { fetching }) };
      if (held !== undefined) return [{ ...statusOf(held, this.#o.clock.now()), ...more }];
      return why || fetching ? [{ name, version: null, ...more }] : [];
    });
  }

  /** For `reported` (contract). */
  reported(): Readonly<Record<string, unknown>> {
    const all = this.status().map(({ name, version, kid, refused, fetching }) => {
      const why = refused && { version: refused.version, code: refused.code, reason: refused.told.what.en };
      const still = fetching && { version: fetching.version, ...(fetching.code && { code: fetching.code }) };
      return [
        name,
        { version, ...(kid !== undefined && { kid }), ...(why && { refused: why }), ...(still && { fetching: still }) },
      ];
    });
    return Object.fromEntries(all);
  }
}

const asSent = (name: ListName, isDelta: boolean): string => (isDelta ? `${name}/delta` : name);

/** A file that cannot be read is no fault of the list. */
function refusalOf(raw: unknown): EdgeError {
  if (raw instanceof EdgeError) return raw;
  const isOfSystem = raw instanceof Error && "syscall" in raw;
  return isOfSystem ? new EdgeError("list.not-stored", { reason: systemReason(raw) }, raw) : asEdgeError(raw);
}
