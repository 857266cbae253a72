/** A gateway's lists in a folder of their own, with everything that is told of them. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Alarms } from "../../../src/edge/alarms.ts";
import type { ListNews } from "../../../src/edge/answers/told-lists.ts";
import type { FetchOptions } from "../../../src/edge/lists/fetch/list-errand.ts";
import { ListTeller } from "../../../src/edge/lists/list-teller.ts";
import { Lists } from "../../../src/edge/lists/lists.ts";
import { TrustedKeys } from "../../../src/edge/trust/trusted-keys.ts";
import type { Clock } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { EventDraft } from "../../../src/model/index.ts";
import { DOWN, Signer } from "./signer.ts";

export const NOW = 1_764_000_100_000;

export class ListBox implements AsyncDisposable {
  readonly signer = new Signer().trust("city", "lists/*").trust("parking", "lists/payments");
  readonly folder = join(this.signer.folder, "lists");
  readonly events: EventDraft[] = [];
  readonly news: ListNews[] = [];
  readonly saved = new Map<string, unknown>();
  kids: readonly string[] | null = ["k1", "k2"];
  readonly fetch: FetchOptions = { idleMs: 20_000, wholeMs: 60_000, waitMs: () => 10 };
  wall = NOW;
  synced = true;
  lists: Lists;

  readonly #assets: ReadonlySet<string>;

  constructor(assets: readonly string[] = ["bay-1", "bay-2"]) {
    this.#assets = new Set(assets);
    this.lists = this.#opened();
  }

  /** As after a restart. */
  async again(): Promise<void> {
    this.events.length = 0;
    this.lists = this.#opened();
    await this.lists.load();
  }

  #opened(): Lists {
    const now = () => ({ mono: this.wall - NOW + 1_000_000, wall: this.wall, synced: this.synced });
    const raise = (draft: EventDraft): void => void this.events.push(draft);
    const recorder = {
      raise: (draft: EventDraft, mono: number) => {
        raise(draft);
        return {
          ...draft,
          id: draft.id ?? `e/${this.events.length}`,
          seq: 1,
          after: 0,
          at: this.wall,
          since: this.wall,
          mono,
          clock: "synced" as const,
        };
      },
      save: (key: string, value: unknown) => void this.saved.set(key, value),
      openAlarms: () => {},
      wall: () => ({ wall: this.wall, synced: true }),
    };
    const host = {
      alarms: new Alarms(recorder as never, this.saved),
      listed: (news: ListNews, draft: EventDraft) => {
        this.news.push(news);
        raise(draft);
      },
      raise,
      save: (key: string, value: unknown) => void this.saved.set(key, structuredClone(value)),
      now,
    };
    const clock = { now, mono: () => now().mono, boot: "boot" } as unknown as Clock;
    const keys = new TrustedKeys(this.signer.file);
    const options = {
      folder: this.folder,
      downTopic: DOWN,
      keys,
      badgeKeys: async () => this.kids,
      fetch: this.fetch,
      clock,
      log: noLog,
    };
    return new Lists(options, new ListTeller(host, this.saved, this.#assets));
  }

  send(list: string, document: unknown): Promise<void> {
    return this.lists.receive(list, Buffer.from(typeof document === "string" ? document : JSON.stringify(document)));
  }

  /** Kinds of what was told, with the code of a refusal. */
  get told(): readonly string[] {
    return this.events.map(({ kind, state, extra }) =>
      [kind, ...(state === "noted" ? [] : [state]), extra?.["code"]].filter(Boolean).join(" "),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.signer.folder, { recursive: true, force: true });
  }
}
