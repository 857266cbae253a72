/** A configuration file goes in; a site that may run comes out, or every problem in it with line and column. The door of this room. */
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { crossCheck } from "./config/cross.ts";
import { MAX_BYTES, Source } from "./config/document.ts";
import { at, check } from "./config/issues.ts";
import type { Problem } from "./config/problems.ts";
import { siteSchema } from "./config/schema.ts";
import { assetsOf, devicesOf, hashOf, type Site, type SiteDevice } from "./config/site.ts";
import type { Lang } from "./config/words.ts";
import { EdgeError } from "./kit/errors.ts";

export { jsonSchema } from "./config/json-schema.ts";
export { nearest } from "./config/nearest.ts";
export { type Problem, problemLine } from "./config/problems.ts";
export type { Site, SiteAsset, SiteDevice } from "./config/site.ts";
export type { Lang } from "./config/words.ts";

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

/** Throws `config.unreadable`, or `config.invalid` whose context holds all `problems`. */
export async function loadSite(file: string, lang: Lang = "en"): Promise<Loaded> {
  const text = await readText(file);
  const { site, problems } = await checkSite(text, file, lang);
  if (site === undefined)
    throw new EdgeError("config.invalid", { file, count: problems.filter((p) => p.severity === "error").length, problems });
  const hash = hashOf(text);
  return { site, file, hash, rev: hash.slice(0, 12), problems };
}

/** As `checkSite`, of a file. Throws `config.unreadable`. */
export async function checkFile(file: string, lang: Lang = "en"): Promise<Checked> {
  return checkSite(await readText(file), file, lang);
}

/** `site` is absent when any problem is an error. Paths inside the site are made absolute, from the folder of `file`. */
export async function checkSite(text: string, file: string, lang: Lang = "en"): Promise<Checked> {
  const source = new Source(text, file, lang);
  const raw = source.read();
  if (raw === undefined) return { problems: source.problems };
  const checked = check(siteSchema, raw, [], lang);
  if ("findings" in checked) for (const finding of checked.findings) source.add(finding);
  const known = await devicesOf(raw, source);
  const siteId = "value" in checked ? checked.value.gateway.site.id : "";
  const assets = assetsOf(raw, known, siteId, source);
  crossCheck(raw, [...known.values()], source);
  const problems = source.problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (!("value" in checked) || problems.some((p) => p.severity === "error")) return { problems };
  const { rules: _rules, ...written } = checked.value;
  const devices = [...known.values()].flatMap(({ device }) => (device ? [device] : []));
  return { site: { ...fromFolderOf(file, written), devices: byId(devices), assets }, problems };
}

/** What the command line wants of a file that may be wrong elsewhere: nothing is checked. */
export async function glance(file: string): Promise<{ readonly socket?: string; readonly language?: Lang }> {
  const gateway = at(new Source(await readText(file), file, "en").read(), ["gateway"]);
  const socket = at(gateway, ["socket"]);
  const language = at(gateway, ["language"]);
  return {
    ...(typeof socket === "string" && { socket: resolve(dirname(file), socket) }),
    ...((language === "it" || language === "en") && { language }),
  };
}

const byId = (devices: readonly SiteDevice[]) => Object.fromEntries(devices.map((device) => [device.id, device]));

/** Bytes as text; anything that is no text is refused here, so that no one has to look at it twice. */
async function readText(file: string): Promise<string> {
  try {
    await using handle = await open(file, "r");
    const chunks: Buffer[] = [];
    // One byte more than allowed is enough to know; a pipe or a device has no size to ask for.
    for await (const chunk of handle.createReadStream({ end: MAX_BYTES })) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (bytes.length > MAX_BYTES) throw new EdgeError("config.unreadable", { file, reason: "> 1 MB" });
    if (bytes.includes(0)) throw new EdgeError("config.unreadable", { file, reason: "NUL bytes" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const reason = error instanceof TypeError ? "not UTF-8" : ((error as NodeJS.ErrnoException).code ?? String(error));
    throw new EdgeError("config.unreadable", { file, reason }, error);
  }
}

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
