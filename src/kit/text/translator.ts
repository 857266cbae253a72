/** Speaks one of the two languages from a table that has both side by side. */
import type { Text } from "../../model/index.ts";

export type Translate<T> = (phrase: keyof T) => string;

export const translator =
  <T extends Readonly<Record<keyof T, Text>>>(table: T) =>
  (lang: keyof Text): Translate<T> =>
  (phrase) =>
    table[phrase][lang];
