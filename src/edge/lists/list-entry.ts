/** One entry of a list, checked by hand: a list may have a hundred thousand, and a schema takes microseconds for each. */

export interface ListEntry {
  readonly key: string;
  /** Where it holds; null: wherever the list is asked. */
  readonly assets: readonly string[] | null;
  /** Epoch ms, both inside. */
  readonly from: number;
  readonly to: number;
  readonly revoked: boolean;
}

const MOST_ASSETS = 1000;
const MOST_KEY = 200;
const MOST_NAME = 63;

/** null: it is none. */
export function entryIn(written: unknown): ListEntry | null {
  if (typeof written !== "object" || written === null) return null;
  const { key, assets, from, to, revoked } = written as Readonly<Record<string, unknown>>;
  if (typeof key !== "string" || key === "" || key.length > MOST_KEY) return null;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return null;
  if (assets !== undefined && !areNames(assets)) return null;
  if (revoked !== undefined && typeof revoked !== "boolean") return null;
  return { key, assets: assets ?? null, from: Number(from), to: Number(to), revoked: revoked === true };
}

/** One line of a list that lies in a file. */
export function entryOn(line: string): ListEntry | null {
  try {
    return entryIn(JSON.parse(line));
  } catch {
    return null;
  }
}

const areNames = (written: unknown): written is readonly string[] =>
  Array.isArray(written) &&
  written.length <= MOST_ASSETS &&
  written.every((one) => typeof one === "string" && one !== "" && one.length <= MOST_NAME);
