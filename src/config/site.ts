/** The written site goes in; devices with their drivers and assets with their rules come out, and every reference between them is checked. */
import { createHash } from "node:crypto";
import type { Driver } from "../drivers/driver.ts";
import { deviceTypes, loadDriver, plannedTypes } from "../drivers/index.ts";
import { type AssetKind, assetKinds, plannedKinds } from "../edge/rules/index.ts";
import type { Asset, Place, PointSpec, Rule } from "../model.ts";
import type { Source } from "./document.ts";
import { quoted } from "./document.ts";
import { at, check, meant, shown } from "./issues.ts";
import { assetHead, deviceHead, type Written } from "./schema.ts";
import { words } from "./words.ts";

export interface SiteDevice {
  readonly id: string;
  readonly type: string;
  readonly bus?: string;
  readonly place?: Place;
  readonly driver: Driver;
  /** Checked by, and known only to, the driver. */
  readonly options: unknown;
}

export interface SiteAsset {
  readonly asset: Asset;
  readonly rule: Rule;
  /** Another gateway serves the same URN too. */
  readonly part: boolean;
}

/** A site that may run: everything in it exists, refers to what is there, and has its defaults. */
export interface Site extends Omit<Written, "devices" | "assets" | "rules"> {
  readonly devices: Readonly<Record<string, SiteDevice>>;
  readonly assets: Readonly<Record<string, SiteAsset>>;
}

/** A device as written, with what became of it: `points` absent when its type is still to come or its options are wrong. */
interface Known {
  readonly device?: SiteDevice;
  readonly points?: Readonly<Record<string, PointSpec>>;
}

/** Problems go to `source`; what is right comes out even when something else is wrong. */
export async function devicesOf(raw: unknown, source: Source): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  for (const [id, written] of entries(at(raw, ["devices"]))) {
    const type = at(written, ["type"]);
    if (typeof type !== "string") {
      known.set(id, {});
      continue;
    }
    const driver = Object.hasOwn(deviceTypes, type) ? await loadDriver(type) : undefined;
    known.set(id, driver ? deviceOf(id, driver, written, source) : {});
    if (!driver) unknownWord(source, ["devices", id, "type"], type, plannedTypes, Object.keys(deviceTypes));
  }
  return known;
}

function deviceOf(id: string, driver: Driver, written: unknown, source: Source): Known {
  const { type: _type, bus, place, ...rest } = written as Record<string, unknown>;
  const head = deviceHead.safeParse({
    type: driver.type,
    ...(bus !== undefined && { bus }),
    ...(place !== undefined && { place }),
  });
  const checked = check(driver.options, rest, ["devices", id], source.lang);
  if ("findings" in checked) {
    for (const finding of checked.findings) source.add(finding);
    return {};
  }
  if (!head.success) return {};
  const options = checked.value;
  return {
    device: {
      id,
      type: driver.type,
      ...(head.data.bus !== undefined && { bus: head.data.bus }),
      ...(head.data.place !== undefined && { place: place as Place }),
      driver,
      options,
    },
    points: driver.points(options),
  };
}

export function assetsOf(
  raw: unknown,
  devices: ReadonlyMap<string, Known>,
  site: string,
  source: Source,
): Record<string, SiteAsset> {
  const made: Record<string, SiteAsset> = {};
  for (const [id, written] of entries(at(raw, ["assets"]))) {
    const word = at(written, ["kind"]);
    if (typeof word !== "string") continue;
    const kind = Object.hasOwn(assetKinds, word) ? assetKinds[word] : undefined;
    if (kind === undefined) {
      unknownWord(source, ["assets", id, "kind"], word, plannedKinds, Object.keys(assetKinds));
      continue;
    }
    const asset = assetOf(id, kind, written as Record<string, unknown>, devices, site, source);
    if (asset !== undefined) made[id] = asset;
  }
  return made;
}

function assetOf(
  id: string,
  kind: AssetKind,
  written: Record<string, unknown>,
  devices: ReadonlyMap<string, Known>,
  site: string,
  source: Source,
): SiteAsset | undefined {
  const path = ["assets", id];
  const { kind: word, name, urn, place, part, ...rest } = written;
  const checked = check(kind.options, rest, path, source.lang);
  if ("findings" in checked) {
    for (const finding of checked.findings) source.add(finding);
    return undefined;
  }
  const head = assetHead.safeParse({ kind: word, name, urn, place, part });
  const options = checked.value;
  for (const option of kind.notYet?.(options) ?? [])
    source.add({
      severity: "warning",
      code: "config.not-yet",
      path: [...path, ...option.split(".")],
      key: true,
      found: quoted(option),
      expected: words.laterVersion[source.lang],
    });
  const silentAfterMs: Record<string, number> = {};
  for (const [role, reference] of Object.entries(kind.rule.sources(options))) {
    const device = referred(reference, pathTo(rest, reference, path) ?? path, devices, source);
    if (device !== undefined) silentAfterMs[role] = device.driver.silentAfterMs(device.options);
  }
  if (!head.success) return undefined;
  const asset: Asset = {
    id,
    urn: head.data.urn ?? `urn:ngsi-ld:${kind.rule.model}:${site}:${id}`,
    kind: head.data.kind,
    name: head.data.name ?? { it: id, en: id },
    ...(head.data.place !== undefined && { place: place as Place }),
    options,
    silentAfterMs,
  };
  return { asset, rule: kind.rule, part: head.data.part ?? false };
}

/** The device behind `device.point`; says what is wrong with the reference, unless the device itself is not known yet. */
function referred(
  reference: string,
  path: readonly PropertyKey[],
  devices: ReadonlyMap<string, Known>,
  source: Source,
): SiteDevice | undefined {
  const { lang } = source;
  const [id = "", point = ""] = reference.split(".");
  const known = devices.get(id);
  if (known === undefined) {
    const near = meant(id, devices.keys(), lang);
    source.add({ code: "config.unknown-name", path, found: quoted(reference), expected: words.device[lang], ...near });
    return undefined;
  }
  if (known.points === undefined || Object.hasOwn(known.points, point)) return known.device;
  const points = Object.keys(known.points);
  source.add({
    code: "config.unknown-name",
    path,
    found: quoted(reference),
    expected: `${words.pointOf[lang]} ${id}: ${points.join(", ")}`,
    ...meant(point, points, lang),
  });
  return undefined;
}

function unknownWord(
  source: Source,
  path: readonly PropertyKey[],
  word: string,
  planned: readonly string[],
  now: readonly string[],
): void {
  const { lang } = source;
  if (planned.includes(word)) {
    const expected = words.laterVersion[lang];
    source.add({ severity: "warning", code: "config.type-not-yet", path, found: quoted(word), expected });
    return;
  }
  const expected = `${words.oneOf[lang]} ${now.join(", ")}`;
  source.add({
    code: "config.unknown-word",
    path,
    found: shown(word, lang),
    expected,
    ...meant(word, [...now, ...planned], lang),
  });
}

/** Where inside `value` a reference is written. */
function pathTo(value: unknown, wanted: string, path: readonly PropertyKey[]): readonly PropertyKey[] | undefined {
  if (value === wanted) return path;
  for (const [key, inner] of entries(value)) {
    const found = pathTo(inner, wanted, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const entries = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
