/** Remembers which assets are worked on: their events say so, and alarms that still stand afterwards are told again. */
import { hostEvent } from "../../model/host-events.ts";
import type { AssetMaintenance, EventDraft, Now, Text } from "../../model/index.ts";
import type { Alarms } from "../alarms.ts";

/** Running time: a work that is forgotten must not silence an asset for ever. */
export const MAINTENANCE_MAX_MS = 12 * 3_600_000;
/** The clock of whoever asks may be ahead by this much. */
const AHEAD_MS = 60_000;

const PREFIX = "maintenance/";

/** As it is saved. */
interface Work {
  /** Epoch ms; null: it began without the right time, and only the running time ends it. */
  readonly until: number | null;
  /** Running ms of the database. */
  readonly ends: number;
  readonly by: string;
}

export interface MaintenanceHost {
  now(): Now;
  /** Running time of the database, ms. */
  running(): number;
  raise(draft: EventDraft, mono: number): void;
  save(key: string, value: unknown): void;
  /** Its retained state is to be shown anew. */
  show(asset: string): void;
  /** What every event of an asset carries, and what people call it. */
  naming(asset: string): Pick<EventDraft, "extra"> & { readonly name: Text };
  readonly alarms: Pick<Alarms, "ofOwner" | "update">;
}

export class Maintenance {
  readonly #host: MaintenanceHost;
  readonly #works = new Map<string, Work>();

  /** `assets`: those of the configuration; of all others nothing is remembered. */
  constructor(host: MaintenanceHost, saved: ReadonlyMap<string, unknown>, assets: ReadonlySet<string>) {
    this.#host = host;
    for (const [key, work] of saved) {
      if (!key.startsWith(PREFIX) || work === null) continue;
      const asset = key.slice(PREFIX.length);
      if (assets.has(asset)) this.#works.set(asset, work as Work);
      else host.save(key, null);
    }
  }

  of(asset: string): AssetMaintenance | undefined {
    const work = this.#works.get(asset);
    return work === undefined ? undefined : { by: work.by, ...(work.until !== null && { until: work.until }) };
  }

  /** A moment that is past ends it. False: it would last too long. */
  begin(asset: string, until: number, by: string, mono: number): boolean {
    const { wall, synced } = this.#host.now();
    const lasts = Math.round(until) - wall;
    if (lasts > MAINTENANCE_MAX_MS + AHEAD_MS) return false;
    if (lasts <= 0) {
      if (this.#works.has(asset)) this.#end(asset, mono);
      return true;
    }
    const ends = this.#host.running() + Math.min(lasts, MAINTENANCE_MAX_MS);
    const work: Work = { until: synced ? Math.round(until) : null, ends, by };
    this.#works.set(asset, work);
    this.#host.save(PREFIX + asset, work);
    const is = { it: `in manutenzione, avviata da ${by}`, en: `in maintenance, begun by ${by}` };
    this.#note("asset.maintenance-begun", asset, is, mono, { by, until: work.until });
    this.#host.show(asset);
    return true;
  }

  /** To be called now and then: ends what is over. */
  look(mono: number): void {
    if (this.#works.size === 0) return;
    const running = this.#host.running();
    const { wall, synced } = this.#host.now();
    for (const [asset, { until, ends }] of [...this.#works])
      if (running >= ends || (synced && until !== null && wall >= until)) this.#end(asset, mono);
  }

  /** Whoever was not called meanwhile is called now: each critical alarm that still stands is told again, with its urgent copy. */
  #end(asset: string, mono: number): void {
    this.#works.delete(asset);
    this.#host.save(PREFIX + asset, null);
    this.#note("asset.maintenance-ended", asset, { it: "manutenzione finita", en: "maintenance is over" }, mono, {});
    const { name, extra } = this.#host.naming(asset);
    for (const { key, kind, severity } of this.#host.alarms.ofOwner(asset)) {
      if (severity !== "critical") continue;
      const text = {
        it: `${name.it}: ${kind} è ancora aperto dopo la manutenzione`,
        en: `${name.en}: ${kind} still stands after the maintenance`,
      };
      this.#host.alarms.update(asset, key, { kind, severity, asset, text, ...(extra && { extra }) }, mono);
    }
    this.#host.show(asset);
  }

  #note(
    kind: "asset.maintenance-begun" | "asset.maintenance-ended",
    asset: string,
    is: Text,
    mono: number,
    more: Readonly<Record<string, unknown>>,
  ): void {
    const { name, extra } = this.#host.naming(asset);
    const text = { it: `${name.it}: ${is.it}`, en: `${name.en}: ${is.en}` };
    this.#host.raise({ ...hostEvent(kind), state: "noted", asset, text, extra: { ...extra, ...more } }, mono);
  }
}
