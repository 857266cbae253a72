/** What the judge says of an event or a state, in the reader's language; terms of the contract stay. */
import type { Text } from "../../../src/model/index.ts";

/** `door.open raised at 1200`, in ms of the machine's monotonic clock. */
export const at = (what: string, mono: number): Text => ({ it: `${what} a ${mono}`, en: `${what} at ${mono}` });

export const between = (what: string, from: number, to: number): Text => ({
  it: `${what} fra ${from} e ${to}`,
  en: `${what} between ${from} and ${to}`,
});

/** What was told, and what would have been right. */
export const insteadOf = (told: string, right: string): Text => ({
  it: `${told}: doveva essere ${right}`,
  en: `${told}: it is ${right}`,
});

export const after = (before: string, text: Text): Text => ({ it: `${before}${text.it}`, en: `${before}${text.en}` });
