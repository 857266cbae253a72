/** Knows the assets of the site, and which of them listen to which points and sources. */
import type { AssetRun, Role } from "./asset/asset-run.ts";
import { isOfClock } from "./clock-senses.ts";
import { sourceOf } from "./senses.ts";

export interface Listener {
  readonly run: AssetRun;
  readonly role: Role;
}

const NOBODY: readonly Listener[] = [];

export class ListenerIndex {
  /** Source → point → who listens; and by source alone. */
  readonly #byPoint = new Map<string, Map<string, Listener[]>>();
  readonly #bySource = new Map<string, Listener[]>();

  readonly #byId = new Map<string, AssetRun>();

  /** In the order of the configuration. */
  get runs(): Iterable<AssetRun> {
    return this.#byId.values();
  }

  of(asset: string): AssetRun | undefined {
    return this.#byId.get(asset);
  }

  /** Other assets, in the order of the configuration. */
  replace(runs: readonly AssetRun[]): void {
    for (const map of [this.#byPoint, this.#bySource, this.#byId]) map.clear();
    for (const run of runs) this.#add(run);
    rank(this.#byId);
  }

  #add(run: AssetRun): void {
    this.#byId.set(run.asset.id, run);
    for (const role of run.roles) {
      if (isOfClock(role.sense)) continue;
      const { source, point } = sourceOf(role.sense);
      const points = this.#byPoint.get(source) ?? new Map<string, Listener[]>();
      this.#byPoint.set(source, points);
      push(points, point, { run, role });
      push(this.#bySource, source, { run, role });
    }
  }

  ofPoint(source: string, point: string): readonly Listener[] {
    return this.#byPoint.get(source)?.get(point) ?? NOBODY;
  }

  ofSource(source: string): readonly Listener[] {
    return this.#bySource.get(source) ?? NOBODY;
  }
}

/** Each asset comes after all that it listens to. In a circle, which has no first, the one that the configuration names first comes last. */
function rank(byId: ReadonlyMap<string, AssetRun>): void {
  const ranks = new Map<AssetRun, number>();
  const rankOf = (run: AssetRun): number => {
    const known = ranks.get(run);
    if (known !== undefined) return known;
    ranks.set(run, 0);
    const heard = run.roles.flatMap(({ sense }) => (isOfClock(sense) ? [] : (byId.get(sourceOf(sense).source) ?? [])));
    const above = Math.max(0, ...heard.map((one) => rankOf(one) + 1));
    ranks.set(run, above);
    return above;
  };
  for (const run of byId.values()) run.rank = rankOf(run);
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
