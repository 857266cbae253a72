/** Asks the lists whose badge a reader was shown, and says only what they answer: the number goes no further. */
import { hostEvent } from "../../model/host-events.ts";
import type { EventDraft, Now, Text } from "../../model/index.ts";
import type { AssetRun } from "../engine/asset/asset-run.ts";
import { placeOf } from "../engine/claims.ts";

export interface PermitVerdict {
  readonly verdict: "valid" | "expired" | "revoked" | "unknown";
  readonly list: string;
  /** null: there is no such list here. */
  readonly version: number | null;
  /** Epoch ms; null: no end is known. */
  readonly until: number | null;
  readonly age?: "stale";
}

export interface PermitLists {
  /** `shown`: for each badge key of this gateway `kid:hash`, with spaces between. */
  verdict(list: string, shown: string, asset: string): PermitVerdict;
}

/** Nobody can say whose badge it is. */
export const noLists: PermitLists = {
  verdict: (list) => ({ verdict: "unknown", list, version: null, until: null }),
};

/** A reader that repeats itself, or is made to, must not fill the disk: the same verdict again within this time is no news. */
const AGAIN_MS = 1000;

const IS: Readonly<Record<PermitVerdict["verdict"], Text>> = {
  valid: { it: "contrassegno valido", en: "valid badge" },
  expired: { it: "contrassegno scaduto", en: "expired badge" },
  revoked: { it: "contrassegno revocato", en: "revoked badge" },
  unknown: { it: "contrassegno sconosciuto", en: "unknown badge" },
};
const NO_LIST: Text = {
  it: "contrassegno letto, manca la lista per verificarlo",
  en: "badge read, there is no list to judge it by",
};

export interface BadgeListener {
  readonly asset: AssetRun["asset"];
  readonly list: string;
}

/** The assets for which a badge at this reader counts, each with the list that it asks. */
export function* listenersTo(reader: string, runs: Iterable<AssetRun>): Generator<BadgeListener> {
  for (const { asset, roles } of runs)
    for (const { sense } of roles)
      if (sense.of === "badge" && sense.from === reader && sense.list !== undefined) yield { asset, list: sense.list };
}

export class BadgeCheck {
  readonly #lists: PermitLists;
  readonly #now: () => Now;
  /** Asset → what was told last of which reader, and when. */
  readonly #told = new Map<string, { readonly text: string; readonly mono: number }>();

  constructor(lists: PermitLists, now: () => Now) {
    this.#lists = lists;
    this.#now = now;
  }

  /** What is to be told of a badge, one event for each asset that listens. */
  *verdicts(listeners: Iterable<BadgeListener>, reader: string, shown: string, mono: number): Generator<EventDraft> {
    for (const { asset, list } of listeners) {
      const { verdict, version, until, age } = this.#lists.verdict(list, shown, asset.id);
      const text = `${reader} ${list} ${verdict} ${version} ${until}`;
      const last = this.#told.get(asset.id);
      if (last?.text === text && mono - last.mono < AGAIN_MS) continue;
      this.#told.set(asset.id, { text, mono });
      const is = version === null ? NO_LIST : IS[verdict];
      yield {
        ...hostEvent("badge.shown"),
        state: "noted",
        asset: asset.id,
        text: { it: `${asset.name.it}: ${is.it}`, en: `${asset.name.en}: ${is.en}` },
        extra: {
          ...placeOf(asset),
          reader,
          permit: { list, version, verdict },
          until: this.#now().synced ? until : null,
          ...(age !== undefined && { list: age }),
        },
      };
    }
  }
}
