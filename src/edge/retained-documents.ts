/** What the platform keeps as retained documents: the catalog, the newest durable state of each asset, the open alarms. */
import type { AssetState, OpenAlarm } from "../model/index.ts";
import type { Catalog } from "./catalog.ts";
import type { CommitBuffer } from "./commit/commit-buffer.ts";
import { assetsIn, stateKeyOf } from "./engine/asset/asset-key.ts";

export class RetainedDocuments {
  readonly catalog: Catalog;
  readonly #buffer: CommitBuffer;
  readonly #removed: Set<string>;

  /** `saved`: what former runs left; `assets`: those of the configuration. */
  constructor(catalog: Catalog, buffer: CommitBuffer, saved: ReadonlyMap<string, unknown>, assets: readonly string[]) {
    this.catalog = catalog;
    this.#buffer = buffer;
    this.#removed = new Set(assetsIn(saved.keys()));
    for (const asset of assets) this.#removed.delete(asset);
  }

  assets(): readonly AssetState[] {
    return [...this.#buffer.assets.values()];
  }

  /** Assets that are not configured any more and whose last state the platform still keeps. */
  removedAssets(): readonly string[] {
    return [...this.#removed];
  }

  /** The platform keeps nothing of a removed asset any more. */
  clearedAsset(asset: string): void {
    if (this.#removed.delete(asset)) this.#buffer.save(stateKeyOf(asset), null);
  }

  alarms(): { readonly asOf: number; readonly open: readonly OpenAlarm[] } {
    return { asOf: this.#buffer.asOf, open: this.#buffer.alarms };
  }
}
