/** What pushed lists say of assets and of days, as events told it, so that a replay gets the answers given then. */

/** When an entry holds, epoch ms, in order and apart from one another. */
export type Spans = readonly (readonly [from: number, to: number])[];

/** What an event tells of a list: of one asset, or that there is such a list, with the days that it makes holidays. */
export interface ListNews {
  readonly list: string;
  readonly version: number;
  readonly asset?: string;
  readonly spans?: Spans;
  /** YYYY-MM-DD or MM-DD. */
  readonly days?: readonly string[];
  /** Epoch ms from which on it is older than its sender allows. */
  readonly staleAt?: number;
}

/** What is known of one list, as it is saved. */
export interface ToldList {
  readonly version: number;
  readonly days: readonly string[];
  readonly assets: Readonly<Record<string, Spans>>;
  readonly staleAt?: number;
}

const PREFIX = "list/";
export const listKey = (list: string): string => PREFIX + list;

const NEVER = Number.MAX_SAFE_INTEGER;

export class ToldLists {
  readonly #lists: Map<string, ToldList>;

  constructor(saved: ReadonlyMap<string, unknown> = new Map()) {
    const rows = [...saved].filter(([key, row]) => key.startsWith(PREFIX) && row !== null);
    this.#lists = new Map(rows.map(([key, row]) => [key.slice(PREFIX.length), row as ToldList]));
  }

  of(list: string): ToldList | undefined {
    return this.#lists.get(list);
  }

  /** Days that a list makes holidays. */
  get days(): readonly string[] {
    return this.#lists.get("holidays")?.days ?? [];
  }

  /** What is known of that list from now on. */
  tell({ list, version, asset, spans, days, staleAt }: ListNews): ToldList {
    const before = this.#lists.get(list) ?? { version, days: [], assets: {} };
    const assets = asset === undefined || spans === undefined ? before.assets : { ...before.assets, [asset]: spans };
    // News of one asset says nothing of the age of the list.
    const stale = staleAt ?? (version === before.version ? before.staleAt : undefined);
    const told = { version, days: days ?? before.days, assets, ...(stale !== undefined && { staleAt: stale }) };
    this.#lists.set(list, told);
    return told;
  }

  /** It still counts, and what it decides says so. */
  isStale(list: string, wall: number): boolean {
    return wall > (this.#lists.get(list)?.staleAt ?? NEVER);
  }

  /** undefined: there is no such list, so nobody knows. */
  listed(
    list: string,
    asset: string,
    wall: number,
  ): { readonly is: boolean; readonly from: number; readonly to: number } | undefined {
    const told = this.#lists.get(list);
    if (told === undefined) return undefined;
    const spans = Object.hasOwn(told.assets, asset) ? (told.assets[asset] ?? []) : [];
    let from = 0;
    for (const [begins, ends] of spans) {
      if (wall < begins) return { is: false, from, to: begins };
      if (wall < ends) return { is: true, from: begins, to: ends };
      from = ends;
    }
    return { is: false, from, to: NEVER };
  }
}
