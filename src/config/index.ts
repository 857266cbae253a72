/** Loads a configuration file: a site that may run, or every problem in it with line and column. */
import { dirname, resolve } from "node:path";
import { EdgeError } from "../kit/errors.ts";
import { checkClaims, checkFit } from "./checks/asset-checks.ts";
import { crossCheck } from "./checks/cross-checks.ts";
import { machineFindings } from "./checks/machine-checks.ts";
import { checkOutputs } from "./checks/output-checks.ts";
import { checkPlaces } from "./checks/place-checks.ts";
import { checkCircles, checkReferences } from "./checks/reference-checks.ts";
import type { Lang } from "./findings/phrases.ts";
import type { Problem } from "./findings/problems.ts";
import { valueAt } from "./findings/value-at.ts";
import { check } from "./findings/zod-issues.ts";
import { checkNotYet } from "./schema/not-yet.ts";
import { siteSchema } from "./schema/schema.ts";
import { assetsOf, devicesOf, entries, hashOf, kindOf, type Site, type SiteDevice } from "./site.ts";
import { Source } from "./yaml/document.ts";
import { readText } from "./yaml/read-text.ts";

export type { Lang } from "./findings/phrases.ts";
export { type Problem, problemLine } from "./findings/problems.ts";
export { jsonSchema } from "./schema/json-schema.ts";
export type { Site, SiteAsset, SiteDevice } from "./site.ts";

export interface Loaded {
  readonly site: Site;
  readonly file: string;
  /** SHA-256 of the text, hex; `rev` is its beginning, for people. */
  readonly hash: string;
  readonly rev: string;
  /** Warnings only. */
  readonly problems: readonly Problem[];
}

export interface Checked {
  readonly site?: Site;
  readonly problems: readonly Problem[];
}

/** Throws what `readText` throws, or `config.invalid` whose context holds all `problems`. */
export async function loadSite(file: string, lang: Lang = "en"): Promise<Loaded> {
  const text = await readText(file);
  const { site, problems } = await checkSite(text, file, lang);
  if (site === undefined)
    throw new EdgeError("config.invalid", { file, count: problems.filter((p) => p.severity === "error").length, problems });
  const hash = hashOf(text);
  return { site, file, hash, rev: hash.slice(0, 12), problems };
}

/** `checkSite` for a file, with warnings of what this machine lacks. Throws what `readText` throws. */
export async function checkFile(file: string, lang: Lang = "en"): Promise<Checked> {
  return checkSite(await readText(file), file, lang, machineFindings);
}

/** `site` is absent when any problem is an error. Paths inside the site are made absolute, from the folder of `file`. */
export async function checkSite(
  text: string,
  file: string,
  lang: Lang = "en",
  machine: typeof machineFindings = async () => [],
): Promise<Checked> {
  const source = new Source(text, file, lang);
  const raw = source.read();
  const found = () => causes(source.problems).toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (raw === undefined) return { problems: found() };
  const checked = check(siteSchema, raw, [], source);
  if ("findings" in checked) for (const finding of checked.findings) source.add(finding);
  const known = await devicesOf(raw, source);
  const siteId = "value" in checked ? checked.value.gateway.site.id : "";
  const assets = assetsOf(raw, known, siteId, source);
  const written = entries(valueAt(raw, ["assets"])).flatMap(([id, value]) => {
    const schema = kindOf(value)?.options;
    return schema === undefined ? [] : [[id, { schema, value }] as const];
  });
  for (const [id, { schema, value }] of written) checkReferences(schema, value, ["assets", id], { raw, devices: known }, source);
  checkCircles(Object.fromEntries(written), known, source);
  checkOutputs(Object.fromEntries(written), { raw, devices: known }, source);
  checkClaims(Object.fromEntries(written), source);
  checkFit(assets, raw, source);
  crossCheck(raw, [...known.values()], source);
  checkPlaces(raw, source);
  checkNotYet(siteSchema, raw, source);
  const problems = found();
  if (!("value" in checked) || problems.some((p) => p.severity === "error")) return { problems };
  const { rules: _rules, ...parts } = checked.value;
  const devices = [...known.values()].flatMap(({ device }) => (device ? [device] : []));
  const site = { ...fromFolderOf(file, parts), devices: byId(devices), assets };
  for (const finding of await machine(site, lang)) source.add(finding);
  return { site, problems: found() };
}

/** Drops problems that another one at the same place explains: an invisible character, or an error beside a warning. */
function causes(problems: readonly Problem[]): readonly Problem[] {
  const place = ({ line, column }: Problem): string => `${line}:${column}`;
  const of = (chosen: (problem: Problem) => boolean) => new Set(problems.filter(chosen).map(place));
  const [odd, errors] = [of(({ code }) => code === "config.odd-character"), of(({ severity }) => severity === "error")];
  return problems.filter(
    (one) =>
      (one.code === "config.odd-character" || !odd.has(place(one))) &&
      (one.code !== "config.leading-zero" || !errors.has(place(one))),
  );
}

/** What the command line needs of a file, unchecked: the file may be wrong elsewhere. */
export async function glance(file: string): Promise<{ readonly socket?: string; readonly language?: Lang }> {
  const gateway = valueAt(new Source(await readText(file), file, "en").read(), ["gateway"]);
  const socket = valueAt(gateway, ["socket"]);
  const language = valueAt(gateway, ["language"]);
  return {
    ...(typeof socket === "string" && { socket: resolve(dirname(file), socket) }),
    ...((language === "it" || language === "en") && { language }),
  };
}

const byId = (devices: readonly SiteDevice[]) => Object.fromEntries(devices.map((device) => [device.id, device]));

function fromFolderOf<T extends Omit<Site, "devices" | "assets">>(file: string, site: T): T {
  const from = (path: string) => resolve(dirname(file), path);
  const { gateway, credentials, store } = site;
  return {
    ...site,
    gateway: { ...gateway, ...(gateway.socket !== undefined && { socket: from(gateway.socket) }) },
    ...(credentials && {
      credentials: { ...credentials, ...(credentials.folder !== undefined && { folder: from(credentials.folder) }) },
    }),
    store: { ...store, ...(store.file !== undefined && { file: from(store.file) }) },
  };
}
