/** Checks that what an asset sets is a point that can be set so, and that no other asset sets it. */
import type * as z from "zod";
import type { Reference } from "../../edge/kinds/references.ts";
import type { PointSpec } from "../../model/index.ts";
import { didYouMean } from "../findings/did-you-mean.ts";
import { phrases } from "../findings/phrases.ts";
import { type Path, quoted } from "../findings/problems.ts";
import { valueAt } from "../findings/value-at.ts";
import { entries } from "../site.ts";
import type { Source } from "../yaml/document.ts";
import { type Found, referencesIn, type Written } from "./reference-checks.ts";

type Wanted = Extract<Reference, { to: "output" }>;

/** Without this a wrong output would be refused at each order, again and again, far from the line that is wrong. */
export function checkOutputs(
  assets: Readonly<Record<string, { readonly schema: z.ZodType; readonly value: unknown }>>,
  site: Written,
  source: Source,
): void {
  const first = new Map<string, { readonly id: string; readonly path: Path }>();
  for (const [id, { schema, value }] of Object.entries(assets))
    for (const found of referencesIn(schema, value, ["assets", id])) {
      const { reference, written, path } = found;
      if (reference.to !== "output") continue;
      const owner = first.get(written);
      if (owner !== undefined) claimed(found, owner, source);
      else {
        first.set(written, { id, path });
        checkOutput(found, reference, site, source);
      }
    }
}

/** Two assets that set one point would undo each other's orders. */
function claimed({ written, path }: Found, owner: { readonly id: string; readonly path: Path }, source: Source): void {
  const { lang } = source;
  const found = `${written}, ${phrases.usedBy[lang]} ${owner.id} (${phrases.line[lang]} ${source.lineOf(owner.path)})`;
  source.add({ code: "config.claimed-twice", path, found, expected: phrases.another[lang] });
}

function checkOutput({ written, path }: Found, wanted: Wanted, { raw, devices }: Written, source: Source): void {
  const { lang } = source;
  const [id = "", name = ""] = written.split(".");
  const device = devices.get(id);
  if (device === undefined) {
    const isAsset = entries(valueAt(raw, ["assets"])).some(([asset]) => asset === id);
    if (isAsset) {
      const expected = `${phrases.aPoint[lang]} ${settable(wanted, lang)}`;
      source.add({ code: "config.wrong-reference", path, found: `${quoted(written)}, ${phrases.attributeHere[lang]}`, expected });
    } else {
      const near = didYouMean(id, [...devices.keys()], lang);
      source.add({ code: "config.unknown-name", path, found: quoted(written), expected: phrases.device[lang], ...near });
    }
    return;
  }
  const { points } = device;
  if (points === undefined) return;
  const fitting = Object.keys(points).filter((one) => isFitting(points[one], wanted));
  if (fitting.includes(name)) return;
  const ofDevice = fitting.length > 0 ? `${phrases.pointOf[lang]} ${id}` : phrases.aPoint[lang];
  const which = fitting.length > 0 ? `: ${fitting.join(", ")}` : "";
  const expected = `${ofDevice} ${settable(wanted, lang)}${which}`;
  const point = Object.hasOwn(points, name) ? points[name] : undefined;
  if (point === undefined)
    source.add({
      code: "config.unknown-name",
      path,
      found: quoted(written),
      expected,
      ...didYouMean(name, fitting.length > 0 ? fitting : Object.keys(points), lang),
    });
  else source.add({ code: "config.wrong-reference", path, found: `${quoted(written)}, ${described(point, lang)}`, expected });
}

const isFitting = (point: PointSpec | undefined, { kind, unit }: Wanted): boolean =>
  point?.writable?.value === (kind === "state" ? "boolean" : "number") && (unit ?? point.unit) === point.unit;

const settable = ({ kind, unit = "" }: Wanted, lang: "it" | "en"): string =>
  `${(kind === "state" ? phrases.outputState : phrases.outputNumber)[lang]}${inUnit(unit)}`;

function described({ writable, unit }: PointSpec, lang: "it" | "en"): string {
  if (writable === undefined) return phrases.onlyRead[lang];
  return writable.value === "boolean" ? phrases.setToState[lang] : `${phrases.setToNumber[lang]}${inUnit(unit)}`;
}

const inUnit = (unit: string): string => (unit === "" ? "" : ` (${unit})`);
