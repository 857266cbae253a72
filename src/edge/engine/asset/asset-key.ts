/** Where the state of an asset is saved in the store, and by what it is known whether it still fits. */
import { createHash } from "node:crypto";

const PREFIX = "asset/";

export const stateKeyOf = (asset: string): string => `${PREFIX}${asset}`;

/** Where a saved state lies that did not fit. */
export const asideKeyOf = (asset: string): string => `aside/${asset}`;

/** The assets that have a saved state. */
export const assetsIn = (keys: Iterable<string>): readonly string[] =>
  [...keys].flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : []));

/** Goes up when the saved state changes its form. */
const FORM = 2;

/** Version of the facts, and a hash of kind and senses: under another one the facts do not fit. */
export function printOf(kind: string, version: number, senses: readonly (readonly string[])[]): string {
  const text = JSON.stringify([FORM, kind, senses]);
  return `${version}.${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

export const PRINT = /^(\d{1,6})\.([0-9a-f]{8})$/;
