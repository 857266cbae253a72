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

  clear(): void {
    for (const map of [this.#byPoint, this.#bySource, this.#byId]) map.clear();
  }

  add(run: AssetRun): void {
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

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
