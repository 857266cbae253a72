/** Finds what two assets claim for themselves, and what an asset names that does not fit it. */
import type * as z from "zod";
import { quoted } from "../findings/problems.ts";
import { valueAt } from "../findings/value-at.ts";
import { kindOf, type SiteAsset } from "../site.ts";
import type { Source } from "../yaml/document.ts";
import { claimed } from "./cross-checks.ts";
import { referencesIn } from "./reference-checks.ts";

/** A bay in two groups would be counted twice; of two bays with one sensor, one would be told what stands in the other. */
export function checkClaims(
  assets: Readonly<Record<string, { readonly schema: z.ZodType; readonly value: unknown }>>,
  source: Source,
): void {
  const first = new Map<string, string>();
  for (const [id, { schema, value }] of Object.entries(assets))
    for (const { reference, written, path } of referencesIn(schema, value, ["assets", id])) {
      if (!("once" in reference)) continue;
      // Claims are compared only among references of one sort: assets with assets, outputs with outputs.
      const claim = `${reference.to} ${written}`;
      const owner = first.get(claim);
      if (owner === undefined) first.set(claim, id);
      else claimed(source, path, quoted(written), ["assets", owner], owner);
    }
}

/** Assets of which anything else is wrong are not judged. */
export function checkFit(assets: Readonly<Record<string, SiteAsset>>, raw: unknown, source: Source): void {
  const of = (asset: string): unknown => {
    const written = valueAt(raw, ["assets", asset]);
    return kindOf(written) === undefined ? undefined : written;
  };
  for (const [id, { asset, kind }] of Object.entries(assets))
    for (const { at, what } of kind.misfits?.(asset.options, of) ?? []) {
      const path = ["assets", id, ...at];
      source.add({
        code: "config.wrong-reference",
        path,
        found: quoted(String(valueAt(raw, path))),
        expected: what[source.lang],
      });
    }
}
