/** The asset kinds of this version by their names, and those that are still to come. */
import type { Asset } from "../../model/index.ts";
import type { AnyKind } from "./kind.ts";
import * as registered from "./registered.ts";

export const assetKinds: Readonly<Record<string, AnyKind>> = Object.fromEntries(
  Object.values<AnyKind>(registered).map((one) => [one.kind, one]),
);

/** An asset of the site with its kind. */
export interface SiteAsset {
  readonly asset: Asset;
  readonly kind: AnyKind;
}

/** Kinds that a configuration may name already and that are still to come. */
export const plannedKinds: readonly string[] = ["water-meter", "energy-meter", "heat-meter", "switch"];
