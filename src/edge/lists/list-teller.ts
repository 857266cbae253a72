/** Tells of lists: that one is in force or was refused, what it says of each asset, and that it has become too old. */
import type { EdgeError } from "../../kit/errors.ts";
import { hostEvent } from "../../model/host-events.ts";
import type { EventDraft, Now, Text } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";
import { type ListNews, listKey, type Spans, ToldLists } from "../answers/told-lists.ts";
import type { HeldList } from "./held-list.ts";
import { isStale } from "./list-answers.ts";
import { spansIn } from "./list-spans.ts";

const STALE = "stale";
const NOT_FETCHED = "not-fetched";
/** A list that is refused again and again with new contents is told of no more often than this. */
const REFUSED_EVERY_MS = 60_000;

export interface TellerHost {
  readonly alarms: Pick<Alarms, "raise" | "clear">;
  /** The kinds hear the news, in the commit of the event that tells them. */
  listed(news: ListNews, draft: EventDraft): void;
  raise(draft: EventDraft): void;
  save(key: string, value: unknown): void;
  now(): Now;
}

/** Under which the alarm of a list that is too old stands open. */
export const ownerOf = (list: string): string => `list/${list}`;

export class ListTeller {
  readonly #host: TellerHost;
  readonly #assets: ReadonlySet<string>;
  /** What was told so far. */
  readonly #told: ToldLists;
  readonly #refusedAt = new Map<string, number>();

  constructor(host: TellerHost, saved: ReadonlyMap<string, unknown>, assets: ReadonlySet<string>) {
    this.#host = host;
    this.#assets = assets;
    this.#told = new ToldLists(saved);
  }

  /** Tells what is new of a list that is in force now; after a start nothing, unless other assets ask. */
  async inForce(held: HeldList): Promise<void> {
    const { wall, synced } = this.#host.now();
    const since = synced ? wall : null;
    const spans = await spansIn(held.table, this.#assets, since);
    const told = this.#told.of(held.name);
    // What an earlier release told says nothing of its age.
    if (told?.version !== held.version || told.staleAt !== staleAt(held)) this.#accepted(held);
    for (const asset of this.#assets) {
      const now = spans.get(asset) ?? [];
      const before = (this.#told.of(held.name)?.assets[asset] ?? []).filter(([, to]) => since === null || to >= since);
      if (JSON.stringify(now) !== JSON.stringify(before)) this.#said(held, asset, now);
    }
    this.age(held);
  }

  #accepted(held: HeldList): void {
    const { name, version, kid, table, days } = held;
    const news = { list: name, version, staleAt: staleAt(held), ...(name === "holidays" && { days: [...days].sort() }) };
    const entries = table.size;
    const text = { it: `Lista ${name}: versione ${version} in vigore`, en: `List ${name}: version ${version} is in force` };
    const extra = { ...news, entries, ...(kid !== undefined && { kid }) };
    this.#hear(news, { ...hostEvent("list.accepted"), state: "noted", text, extra });
  }

  #said({ name, version }: HeldList, asset: string, spans: Spans): void {
    const text = { it: `Lista ${name}: è cambiata per ${asset}`, en: `List ${name}: changed for ${asset}` };
    const draft = { ...hostEvent("list.told"), state: "noted" as const, asset, text, extra: { list: name, version, spans } };
    this.#hear({ list: name, version, asset, spans }, draft);
  }

  #hear(news: ListNews, draft: EventDraft): void {
    this.#host.listed(news, draft);
    this.#host.save(listKey(news.list), this.#told.tell(news));
  }

  /** At most once a minute of one list: `reported` always says the newest. */
  refused(list: string, version: number, error: EdgeError): void {
    const { mono } = this.#host.now();
    if (mono - (this.#refusedAt.get(list) ?? Number.NEGATIVE_INFINITY) < REFUSED_EVERY_MS) return;
    this.#refusedAt.set(list, mono);
    const text = naming(list, { it: error.what("it"), en: error.what("en") });
    const extra = { list, ...(version > 0 && { version }), code: error.code };
    this.#host.raise({ ...hostEvent("list.refused"), state: "noted", text, extra });
  }

  /** Raises that its entries cannot be fetched, or (null) ends that. */
  waiting(list: string, version: number, error: EdgeError | null): void {
    const { mono } = this.#host.now();
    const text: Text =
      error === null
        ? { it: `Lista ${list}: niente più da scaricare`, en: `List ${list}: nothing is left to fetch` }
        : naming(list, { it: error.what("it"), en: error.what("en") });
    const extra = { list, ...(version > 0 && { version }), ...(error && { code: error.code }) };
    const draft = { ...hostEvent("list.not-fetched"), text, extra };
    if (error === null) this.#host.alarms.clear(ownerOf(list), NOT_FETCHED, draft, mono);
    else this.#host.alarms.raise(ownerOf(list), NOT_FETCHED, draft, mono);
  }

  /** Raises that it is older than its sender allows, or ends that. */
  age(held: HeldList): void {
    const { name, version } = held;
    const now = this.#host.now();
    if (!now.synced) return;
    const isOld = isStale(held, now);
    const text: Text = isOld
      ? { it: `Lista ${name}: versione ${version} troppo vecchia`, en: `List ${name}: version ${version} is too old` }
      : { it: `Lista ${name}: di nuovo attuale`, en: `List ${name}: up to date again` };
    const draft = { ...hostEvent("list.stale"), text, extra: { list: name, version } };
    if (isOld) this.#host.alarms.raise(ownerOf(name), STALE, draft, now.mono);
    else this.#host.alarms.clear(ownerOf(name), STALE, draft, now.mono);
  }
}

const staleAt = ({ issuedAt, maxAgeMs }: HeldList): number => issuedAt + maxAgeMs;

const naming = (list: string, { it, en }: Text): Text => ({ it: `Lista ${list}: ${it}`, en: `List ${list}: ${en}` });
