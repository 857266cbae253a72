/** Checks that what an option names is there, and that it is what the option asks for: a point, a device, a list. */
import type * as z from "zod";
import { assetKinds } from "../../edge/kinds/index.ts";
import type { ShownSpec } from "../../edge/kinds/kind.ts";
import { type PointKind, type Reference, references } from "../../edge/kinds/references.ts";
import type { PointSpec, Text } from "../../model/index.ts";
import { didYouMean } from "../findings/did-you-mean.ts";
import { phrases } from "../findings/phrases.ts";
import { type Path, quoted } from "../findings/problems.ts";
import { valueAt } from "../findings/value-at.ts";
import { partsOf } from "../schema/schema-walk.ts";
import { entries, type WrittenDevice } from "../site.ts";
import type { Source } from "../yaml/document.ts";

/** Lists that the platform pushes (contract, down/lists). */
const LISTS = ["disabled", "loading", "resident", "payments", "suspensions", "holidays"];

interface Point {
  readonly kind: PointKind | "text" | "credential";
  readonly unit: string;
}

/** A written reference, and where it stands. */
export interface Found {
  readonly reference: Reference;
  readonly written: string;
  readonly path: Path;
}

export interface Written {
  readonly raw: unknown;
  readonly devices: ReadonlyMap<string, WrittenDevice>;
}

/** Problems go to `source`. What names a thing that is itself wrong, or of a type still to come, is not judged. */
export function checkReferences(schema: z.ZodType, value: unknown, path: Path, site: Written, source: Source): void {
  for (const one of referencesIn(schema, value, path)) {
    const { to } = one.reference;
    if (to === "point") checkPoint(one, one.reference, site, source);
    else if (to === "list") isThere(one, LISTS, phrases.pushedList[source.lang], source);
    else if (to === "asset") checkAsset(one, one.reference.kind, site, source);
    else if (to === "device" || to === "reader" || to === "column" || to === "station") checkDevice(one, to, site, source);
    else if (to === "hours") checkHolidays(one, site, source);
  }
}

/** Without a list of them no day is a holiday, and whoever parks at Christmas would be accused. */
function checkHolidays({ written, path }: Found, { raw }: Written, source: Source): void {
  if (!/\bPH\b/.test(written) || valueAt(raw, ["gateway", "holidays"]) !== undefined) return;
  const expected = `${phrases.noEffect[source.lang]} gateway.holidays`;
  source.add({ severity: "warning", code: "config.no-effect", path, found: quoted("PH"), expected });
}

/** Assets that hear each other in a circle would never come to rest: the last one written closes it. */
export function checkCircles(
  assets: Readonly<Record<string, { readonly schema: z.ZodType; readonly value: unknown }>>,
  devices: ReadonlyMap<string, unknown>,
  source: Source,
): void {
  const heard = new Map<string, string[]>();
  for (const [id, { schema, value }] of Object.entries(assets)) {
    const before = new Map(heard);
    heard.set(id, []);
    for (const { reference, written, path } of referencesIn(schema, value, ["assets", id])) {
      if (reference.to !== "point") continue;
      const [other = ""] = written.split(".");
      // When a device and an asset have the same name, an error of its own, the device is meant: a device listens to nobody, so no circle goes
      // through it.
      if (devices.has(other)) continue;
      const way = other === id ? [id] : wayTo(id, other, before);
      if (way === null) heard.get(id)?.push(other);
      else
        source.add({
          code: "config.circle",
          path,
          found: quoted(written),
          expected: `${phrases.outsideCircle[source.lang]} ${id}${phrases.itself[source.lang]}: ${[id, ...way].join(" → ")}`,
        });
    }
  }
}

/** From one asset along those that each hears to another; null: there is no way. */
function wayTo(
  to: string,
  from: string,
  heard: ReadonlyMap<string, readonly string[]>,
  seen = new Set<string>(),
): readonly string[] | null {
  if (seen.has(from)) return null;
  seen.add(from);
  for (const next of heard.get(from) ?? []) {
    const way = next === to ? [to] : wayTo(to, next, heard, seen);
    if (way !== null) return [from, ...way];
  }
  return null;
}

/** A value of the wrong form is left out: its schema has reported it. `written` is what the schema makes of it. */
export function* referencesIn(schema: z.ZodType, value: unknown, path: Path): Generator<Found> {
  for (const part of partsOf(schema, value, path)) {
    const reference = references.get(part.schema);
    if (reference === undefined || typeof part.value !== "string") continue;
    const parsed = part.schema.safeParse(part.value);
    if (parsed.success) yield { reference, written: String(parsed.data), path: part.path };
  }
}

function checkPoint({ written, path }: Found, wanted: Extract<Reference, { to: "point" }>, site: Written, source: Source): void {
  const { lang } = source;
  const [id = "", name = ""] = written.split(".");
  const isAsset = valueAt(site.raw, ["assets", id]) !== undefined;
  const owner = site.devices.get(id);
  if (owner === undefined && !isAsset) {
    const names = [...site.devices.keys(), ...entries(valueAt(site.raw, ["assets"])).map(([asset]) => asset)];
    source.add({
      code: "config.unknown-name",
      path,
      found: quoted(written),
      expected: phrases.device[lang],
      ...didYouMean(id, names, lang),
    });
    return;
  }
  const points = owner === undefined ? attributesOf(id, site.raw) : pointsOf(owner.points);
  if (points === undefined) return;
  const point = Object.hasOwn(points, name) ? points[name] : undefined;
  if (point === undefined) {
    const names = Object.keys(points);
    const expected = `${phrases.pointOf[lang]} ${id}: ${names.join(", ")}`;
    source.add({ code: "config.unknown-name", path, found: quoted(written), expected, ...didYouMean(name, names, lang) });
    return;
  }
  // Nobody may ask for the number of a badge by its point: it goes to the check of permits alone.
  const { kind = point.kind === "credential" ? "number" : point.kind, unit = point.unit } = wanted;
  if (kind === point.kind && unit === point.unit) return;
  const fitting = Object.entries(points).filter(([, one]) => one.kind === kind && (wanted.unit ?? one.unit) === one.unit);
  const hint = hintOf(point, kind, owner === undefined);
  const which = fitting.length > 0 ? ` (${fitting.map(([one]) => `${id}.${one}`).join(", ")})` : "";
  source.add({
    code: "config.wrong-reference",
    path,
    found: `${quoted(written)}, ${described(point, lang)}`,
    expected: `${described({ kind, unit: wanted.unit ?? "" }, lang)}${which}`,
    ...(hint && { hint: hint[lang] }),
  });
}

/** How the thing that was named can give what is wanted. */
function hintOf(point: Point, wanted: Point["kind"], isAsset: boolean): Text | undefined {
  if (point.kind === "credential") return phrases.numberOfBadge;
  if (wanted !== "state" || (point.kind !== "word" && point.kind !== "text")) return undefined;
  return isAsset ? phrases.truthOfAsset : phrases.truthOfWords;
}

const DESCRIBED = {
  state: phrases.stateHere,
  word: phrases.wordHere,
  text: phrases.text,
  credential: phrases.credentialHere,
  number: phrases.numberHere,
} as const satisfies Record<Point["kind"], Text>;

const described = ({ kind, unit }: Point, lang: "it" | "en"): string =>
  `${DESCRIBED[kind][lang]}${unit === "" ? "" : ` (${unit})`}`;

const pointsOf = (points: Readonly<Record<string, PointSpec>> | undefined): Readonly<Record<string, Point>> | undefined =>
  points && Object.fromEntries(Object.entries(points).map(([name, spec]) => [name, { kind: pointKind(spec), unit: spec.unit }]));

function pointKind({ kind, isWord }: PointSpec): Point["kind"] {
  if (kind === "state") return isWord ? "word" : "state";
  return kind === "text" || kind === "credential" ? kind : "number";
}

/** undefined: of a kind that is not known, or still to come. */
function attributesOf(id: string, raw: unknown): Readonly<Record<string, Point>> | undefined {
  const kind = kindOf(id, raw);
  const shows = kind !== undefined && Object.hasOwn(assetKinds, kind) ? assetKinds[kind]?.shows : undefined;
  if (shows === undefined) return undefined;
  const attributes = Object.entries(shows as Readonly<Record<string, ShownSpec>>);
  return Object.fromEntries(
    attributes.map(([name, { kind: shown, unit }]) => [
      name,
      { kind: shown === "state" || shown === "word" ? shown : "number", unit },
    ]),
  );
}

const kindOf = (id: string, raw: unknown): string | undefined => {
  const kind = valueAt(raw, ["assets", id, "kind"]);
  return typeof kind === "string" ? kind : undefined;
};

function checkAsset(found: Found, kind: string | undefined, { raw }: Written, source: Source): void {
  const { lang } = source;
  const all = entries(valueAt(raw, ["assets"])).map(([id]) => id);
  const fitting = kind === undefined ? all : all.filter((id) => kindOf(id, raw) === kind);
  const expected = kind === undefined ? phrases.asset[lang] : `${phrases.assetOfKind[lang]} ${kind}`;
  if (!isThere(found, all, expected, source)) return;
  const { written, path } = found;
  if (fitting.includes(written)) return;
  const is = `${quoted(written)} (${kindOf(written, raw) ?? "?"})`;
  const which = fitting.length > 0 ? `: ${fitting.join(", ")}` : "";
  source.add({ code: "config.wrong-reference", path, found: is, expected: `${expected}${which}` });
}

const isReader = (points: readonly (readonly [string, PointSpec])[]): boolean =>
  points.some(([, { kind }]) => kind === "credential");
const isColumn = (points: readonly (readonly [string, PointSpec])[]): boolean =>
  points.some(([name, { isWord }]) => name === "state" && isWord === true);
const isStation = (points: readonly (readonly [string, PointSpec])[]): boolean =>
  points.some(([name, { kind, isWord }]) => name === "fault" && kind === "state" && isWord !== true);
const IS = { reader: isReader, column: isColumn, station: isStation } as const;

function checkDevice(found: Found, to: "device" | keyof typeof IS, { raw, devices }: Written, source: Source): void {
  const expected = phrases[to][source.lang];
  if (!isThere(found, [...devices.keys()], expected, source) || to === "device") return;
  const { driver, points } = devices.get(found.written) ?? {};
  // A type that this version does not have yet may be one.
  if (driver === undefined || points === undefined) return;
  if (IS[to](Object.entries(points))) return;
  const type = valueAt(raw, ["devices", found.written, "type"]);
  source.add({
    code: "config.wrong-reference",
    path: found.path,
    found: `${quoted(found.written)} (${String(type)})`,
    expected,
  });
}

function isThere({ written, path }: Found, names: readonly string[], expected: string, source: Source): boolean {
  if (names.includes(written)) return true;
  const near = didYouMean(written, names, source.lang);
  source.add({ code: "config.unknown-name", path, found: quoted(written), expected, ...near });
  return false;
}
