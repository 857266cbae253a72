/** Makes the bays, groups and car parks that tests of groups let live. */
import { SiteAnswers } from "../../../../../src/edge/answers/site-answers.ts";
import type { SiteAsset } from "../../../../../src/edge/kinds/index.ts";
import type { AnyKind } from "../../../../../src/edge/kinds/kind.ts";
import { parkingBay } from "../../../../../src/edge/kinds/parking-bay/index.ts";
import { parkingGroup } from "../../../../../src/edge/kinds/parking-group/index.ts";
import type { LivedSite } from "../../../../support/memory/lived-site.ts";

export const ANSWERS = new SiteAnswers({ timezone: "Europe/Rome" });

function assetOf(kind: AnyKind, id: string, options: object, silentAfterMs: Readonly<Record<string, number>>): SiteAsset {
  const parsed = kind.options.parse(options);
  return { asset: { id, urn: `urn:${id}`, kind: kind.kind, name: { it: id, en: id }, options: parsed, silentAfterMs }, kind };
}

export const bay = (id: string, more: object = {}): SiteAsset => {
  const silentAfterMs = { occupancy: 600_000, socket: 600_000 };
  return assetOf(parkingBay, id, { occupancy: `${id}-sensor.presence`, debounce: "0s", ...more }, silentAfterMs);
};

export const groupOf = (...bays: readonly string[]): SiteAsset => assetOf(parkingGroup, "group", { bays }, {});

/** Behind a gate in and a gate out, each of which may be unseen for ten minutes. */
export const carPark = (more: object): SiteAsset =>
  assetOf(
    parkingGroup,
    "park",
    { gates: { in: "way-in.passage", out: "way-out.passage" }, ...more },
    { "in-1": 600_000, "out-1": 600_000 },
  );

/** Vehicles pass: the gateway's own counter of that gate shows a new total. */
export class Passing {
  readonly #site: LivedSite;
  readonly #totals: Record<string, number> = { "way-in": 0, "way-out": 0 };

  constructor(site: LivedSite) {
    this.#site = site;
  }

  passes(gate: "way-in" | "way-out", count = 1): void {
    this.#totals[gate] = (this.#totals[gate] ?? 0) + count;
    this.#site.reads(gate, { point: "passage", value: this.#totals[gate], quality: "good" });
  }

  /** As both counters do when a gateway opens their lines. */
  opens(): void {
    for (const [gate, value] of Object.entries(this.#totals))
      this.#site.reads(gate, { point: "passage", value, quality: "uncertain", code: "counter.unobserved" });
  }
}

/** What is shown of an asset now, uncertain values with a question mark. */
export function shownOf(site: LivedSite, asset: string): Readonly<Record<string, unknown>> {
  site.commit();
  const newest = site.records
    .filter(({ source }) => source === asset)
    .map(({ name, value, quality }) => [name, quality === "good" ? value : `${value}?`]);
  return Object.fromEntries(newest);
}
