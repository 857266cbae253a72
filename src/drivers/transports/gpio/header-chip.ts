/** Finds the chip that is meant among those of the machine: a Raspberry Pi's header by its label, never by a number. */

import { EdgeError } from "../../../kit/errors.ts";
import type { Text } from "../../../model/index.ts";

/** The default of `chip`. */
export const HEADER = "header";
/** Labels of the chip that carries the header: Pi 0 to 3, 4, 5. Its number differs from kernel to kernel: on a Pi 5 it was 4, and is 0. */
const LABELS: ReadonlySet<string> = new Set(["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"]);

interface Labelled {
  readonly label: string;
}

/**
 * `isNamed`: whether a chip bears `chip` as another name; `where`: what lists them. Throws `gpio.unavailable`, before anything is driven, where
 * there is none, or several.
 */
export function chipAmong<T extends Labelled>(chips: readonly T[], chip: string, isNamed: (one: T) => boolean, where: string): T {
  const labelled = chips.filter(({ label }) => (chip === HEADER ? LABELS.has(label) : label === chip));
  const found = labelled.length > 0 ? labelled : chip === HEADER ? [] : chips.filter(isNamed);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const labels = (of: readonly T[]) => of.map(({ label }) => label).join(", ");
  const header = [...LABELS].join(", ");
  const [it, en] =
    chip === HEADER ? [`il connettore di un Raspberry Pi (${header})`, `a Raspberry Pi's header (${header})`] : [chip, chip];
  const several: Text = {
    it: `${it} può essere uno qualsiasi di ${labels(found)} in ${where}: indicarne uno con \`chip:\``,
    en: `${en} may be any of ${labels(found)} in ${where}: name one as \`chip:\``,
  };
  const none: Text = {
    it: `nessun chip in ${where} è ${it}, c'è ${labels(chips) || "nulla"}: su un'altra scheda indicarne uno con \`chip:\``,
    en: `no chip in ${where} is ${en}, there is ${labels(chips) || "none"}: on another board name one as \`chip:\``,
  };
  throw new EdgeError("gpio.unavailable", { reason: only === undefined ? none : several });
}
