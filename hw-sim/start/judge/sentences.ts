/** What the judge says of an event or a state, in the reader's language; terms of the contract stay. */
import { formatNumber } from "../../../src/kit/text/format-value.ts";
import type { Text, Value } from "../../../src/model/index.ts";

/** `door.open raised at 1200`, in ms of the machine's monotonic clock. */
export const at = (what: string | Text, mono: number): Text => {
  const { it, en } = typeof what === "string" ? { it: what, en: what } : what;
  return { it: `${it} a ${formatNumber(mono, "it")}`, en: `${en} at ${formatNumber(mono, "en")}` };
};

/** A number with the language's comma; anything else as it travels. */
export const valueText = (value: Value): Text =>
  typeof value === "number"
    ? { it: formatNumber(value, "it"), en: formatNumber(value, "en") }
    : { it: JSON.stringify(value), en: JSON.stringify(value) };

export const between = (what: string, from: number, to: number): Text => ({
  it: `${what} fra ${formatNumber(from, "it")} e ${formatNumber(to, "it")}`,
  en: `${what} between ${formatNumber(from, "en")} and ${formatNumber(to, "en")}`,
});

/** What was told, and what would have been right. */
export const insteadOf = (told: string, right: string): Text => ({
  it: `${told}: doveva essere ${right}`,
  en: `${told}: it is ${right}`,
});

export const after = (before: string, text: Text): Text => ({ it: `${before}${text.it}`, en: `${before}${text.en}` });
