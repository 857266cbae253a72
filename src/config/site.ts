/** Makes devices with their drivers, and assets with their kinds, from a site's configuration. */
import { createHash } from "node:crypto";
import type * as z from "zod";
import type { Driver } from "../drivers/driver.ts";
import { deviceTypes, loadDriver, plannedTypes } from "../drivers/index.ts";
import { assetKinds, type SiteAsset as KindAsset, plannedKinds } from "../edge/kinds/index.ts";
import { type AnyKind, modelOf, type Senses } from "../edge/kinds/kind.ts";
import type { Asset, Place, PointSpec } from "../model/index.ts";
import { ifValid, validOptions } from "./checks/valid-options.ts";
import { didYouMean } from "./findings/did-you-mean.ts";
import { phrases } from "./findings/phrases.ts";
import { type Path, quoted } from "./findings/problems.ts";
import { display, valueAt } from "./findings/value-at.ts";
import { check } from "./findings/zod-issues.ts";
import { warn } from "./schema/not-yet.ts";
import { assetHead, deviceHead, type Written } from "./schema/schema.ts";
import type { Source } from "./yaml/document.ts";

export interface SiteDevice {
  readonly id: string;
  readonly type: string;
  readonly bus?: string;
  readonly place?: Place;
  readonly driver: Driver;
  /** Checked by, and known only to, the driver. */
  readonly options: unknown;
}

export type SiteAsset = KindAsset;

/** A site that may run: everything in it exists, refers to what is there, and has its defaults. */
export interface Site extends Omit<Written, "devices" | "assets" | "rules"> {
  readonly devices: Readonly<Record<string, SiteDevice>>;
  readonly assets: Readonly<Record<string, SiteAsset>>;
}

/** A device as written, with what became of it. */
export interface WrittenDevice {
  readonly id: string;
  /** Absent when its type is not there, or still to come. */
  readonly driver?: Driver;
  /** Some may be wrong: read them inside `ifValid` only. */
  readonly options?: unknown;
  /** Absent when anything is wrong. */
  readonly device?: SiteDevice;
  /** Absent when its options do not say so. */
  readonly points?: Readonly<Record<string, PointSpec>>;
}

/** Problems go to `source`. A device that is right is there even when others are wrong. */
export async function devicesOf(raw: unknown, source: Source): Promise<ReadonlyMap<string, WrittenDevice>> {
  const known = new Map<string, WrittenDevice>();
  for (const [id, written] of entries(valueAt(raw, ["devices"]))) {
    const type = valueAt(written, ["type"]);
    if (typeof type !== "string") {
      known.set(id, { id });
      continue;
    }
    const driver = Object.hasOwn(deviceTypes, type) ? await loadDriver(type) : undefined;
    known.set(id, driver ? deviceOf(id, driver, written, source) : { id });
    if (!driver) unknownWord(source, ["devices", id, "type"], type, plannedTypes, Object.keys(deviceTypes));
  }
  return known;
}

function deviceOf(id: string, driver: Driver, written: unknown, source: Source): WrittenDevice {
  const { type: _type, bus, place, ...rest } = written as Record<string, unknown>;
  const head = deviceHead.safeParse({
    type: driver.type,
    ...(bus !== undefined && { bus }),
    ...(place !== undefined && { place }),
  });
  const checked = checkOptions(driver.options, rest, ["devices", id], source);
  const { options } = checked;
  const points = ifValid(() => driver.points(options));
  return {
    id,
    driver,
    options,
    ...(points && { points }),
    ...(checked.whole &&
      head.success && {
        device: {
          id,
          type: driver.type,
          ...(head.data.bus !== undefined && { bus: head.data.bus }),
          ...(head.data.place !== undefined && { place: place as Place }),
          driver,
          options,
        },
      }),
  };
}

/** `whole`: all options are right. Otherwise problems go to `source`, and the options may be read inside `ifValid` only. */
function checkOptions<T>(
  schema: z.ZodType<T>,
  written: Readonly<Record<string, unknown>>,
  path: Path,
  source: Source,
): { readonly options: T; readonly whole: boolean } {
  const checked = check(schema, written, path, source);
  if ("value" in checked) return { options: checked.value, whole: true };
  for (const finding of checked.findings) source.add(finding);
  const wrong = checked.findings.map((finding) => finding.path.slice(path.length));
  return { options: validOptions(schema, written, wrong) as T, whole: false };
}

/** Each with its kind, where that is known; its references are checked by `checkReferences`. */
export function assetsOf(
  raw: unknown,
  devices: ReadonlyMap<string, WrittenDevice>,
  site: string,
  source: Source,
): Record<string, SiteAsset> {
  const made: Record<string, SiteAsset> = {};
  for (const [id, written] of entries(valueAt(raw, ["assets"]))) {
    const word = valueAt(written, ["kind"]);
    if (typeof word !== "string") continue;
    const kind = kindOf(written);
    if (kind === undefined) {
      unknownWord(source, ["assets", id, "kind"], word, plannedKinds, Object.keys(assetKinds));
      continue;
    }
    const asset = assetOf(id, kind, written as Record<string, unknown>, devices, site, source);
    if (asset !== undefined) made[id] = asset;
  }
  return made;
}

/** The kind that an asset is written with; undefined: none that this version knows. */
export function kindOf(written: unknown): AnyKind | undefined {
  const word = valueAt(written, ["kind"]);
  return typeof word === "string" && Object.hasOwn(assetKinds, word) ? assetKinds[word] : undefined;
}

function assetOf(
  id: string,
  kind: AnyKind,
  written: Record<string, unknown>,
  devices: ReadonlyMap<string, WrittenDevice>,
  site: string,
  source: Source,
): SiteAsset | undefined {
  const path = ["assets", id];
  const { kind: word, name, urn, place, ...rest } = written;
  const { options, whole } = checkOptions(kind.options, rest, path, source);
  const head = assetHead.safeParse({ kind: word, name, urn, place });
  for (const option of ifValid(() => kind.notYet?.(options)) ?? []) warn([...path, ...option.split(".")], source, option);
  for (const [option, others] of Object.entries(ifValid(() => kind.idle?.(options)) ?? {})) {
    const expected = `${phrases.noEffect[source.lang]} ${others.join(", ")}`;
    const found = quoted(option);
    source.add({
      severity: "warning",
      code: "config.no-effect",
      path: [...path, ...option.split(".")],
      key: true,
      found,
      expected,
    });
  }
  if (!whole || !head.success) return undefined;
  const silentAfterMs: Record<string, number> = {};
  for (const [role, sense] of Object.entries(sensesOf(kind, options))) {
    const device = devices.get(sense?.from.split(".")[0] ?? "")?.device;
    if (device !== undefined) silentAfterMs[role] = device.driver.silentAfterMs(device.options);
  }
  const asset: Asset = {
    id,
    urn: head.data.urn ?? `urn:ngsi-ld:${modelOf(kind, options)}:${site}:${id}`,
    kind: head.data.kind,
    name: head.data.name ?? { it: id, en: id },
    ...(head.data.place !== undefined && { place: place as Place }),
    options,
    silentAfterMs,
  };
  return { asset, kind };
}

/** A kind that throws here fails for its own asset alone, when the engine asks it: the site is right. */
function sensesOf(kind: AnyKind, options: unknown): Senses {
  try {
    return kind.senses(options) as Senses;
  } catch {
    return {};
  }
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
    const expected = phrases.laterVersion[lang];
    source.add({ severity: "warning", code: "config.type-not-yet", path, found: quoted(word), expected });
    return;
  }
  const expected = `${phrases.oneOf[lang]} ${now.join(", ")}`;
  source.add({
    code: "config.unknown-word",
    path,
    found: display(word, lang),
    expected,
    ...didYouMean(word, [...now, ...planned], lang),
  });
}

export const entries = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];

export const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
