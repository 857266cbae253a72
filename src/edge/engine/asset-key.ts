/** Where the state of an asset is saved in the store. */

const PREFIX = "asset/";

export const stateKeyOf = (asset: string): string => `${PREFIX}${asset}`;

/** Where a saved state lies that did not fit. */
export const asideKeyOf = (asset: string): string => `aside/${asset}`;

/** The assets that have a saved state. */
export const assetsIn = (keys: Iterable<string>): readonly string[] =>
  [...keys].flatMap((key) => (key.startsWith(PREFIX) ? [key.slice(PREFIX.length)] : []));
