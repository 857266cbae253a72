/** Finds places whose latitude and longitude were written the wrong way round. */
import { phrases } from "../findings/phrases.ts";
import type { Path } from "../findings/problems.ts";
import { valueAt } from "../findings/value-at.ts";
import { entries } from "../site.ts";
import type { Source } from "../yaml/document.ts";

/** Italy with its islands, and a little around it. No place in it is in it the wrong way round too. */
const ITALY = { zone: "Europe/Rome", lat: [35, 48], lon: [6, 19] } as const;

/** Of a site on Italian time: no other country's bounds are known here. */
export function checkPlaces(raw: unknown, source: Source): void {
  if ((valueAt(raw, ["gateway", "timezone"]) ?? ITALY.zone) !== ITALY.zone) return;
  const all = ["devices", "assets"].flatMap((part) => entries(valueAt(raw, [part])).map(([id]) => [part, id]));
  for (const owner of [["gateway"], ...all]) {
    const path: Path = [...owner, "place"];
    const [lat, lon] = ["lat", "lon"].map((key) => valueAt(raw, [...path, key]));
    if (typeof lat !== "number" || typeof lon !== "number" || isIn(lat, lon) || !isIn(lon, lat)) continue;
    const expected = `${phrases.swapped[source.lang]} { lat: ${lon}, lon: ${lat} }`;
    source.add({ code: "config.wrong-value", path: [...path, "lat"], found: String(lat), expected });
  }
}

const isIn = (lat: number, lon: number): boolean =>
  lat >= ITALY.lat[0] && lat <= ITALY.lat[1] && lon >= ITALY.lon[0] && lon <= ITALY.lon[1];
