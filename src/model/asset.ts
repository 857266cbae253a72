/** What the devices belong to, as the configuration names it and as the platform is told of it. */
import type { Quality, Value } from "./reading.ts";
import type { Text } from "./text.ts";

export interface Place {
  readonly lat?: number;
  readonly lon?: number;
  readonly hint?: Partial<Text>;
}

/** An asset as main makes it of one line under `assets:`; `options` were checked by the schema of its kind. */
export interface Asset<O = unknown> {
  readonly id: string;
  readonly urn: string;
  readonly kind: string;
  readonly name: Text;
  readonly place?: Place;
  readonly options: O;
  /** role → how long its device may be silent. */
  readonly silentAfterMs: Readonly<Record<string, number>>;
}

/** It is worked on; `until` in epoch ms, absent where that began without the right time. */
export interface AssetMaintenance {
  readonly until?: number;
  readonly by: string;
}

/** The retained state of one asset, as built from what its kind shows (contract: assets/{asset}). */
export interface AssetState {
  readonly asset: string;
  readonly urn: string;
  readonly epoch: string;
  /** Number in `readings` of its newest attribute record. */
  readonly seq: number;
  readonly at: number;
  readonly since: number;
  readonly clock: "synced" | "unsynced";
  readonly state: Readonly<Record<string, Value>>;
  readonly quality: Quality;
  readonly alarms: readonly string[];
  readonly maintenance?: AssetMaintenance;
}
