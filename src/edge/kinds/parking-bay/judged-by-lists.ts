/** Notes whether what is claimed of a bay was judged by a list that is older than its sender allows. */
import type { Claim, Context, Senses, Spell } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";

export type BayContext = Context<BayOptions, Senses>;

/** The same context; `askedStale`: whether anything that it was asked was answered by such a list. `before`: something was already. */
export function notingLists(
  cx: BayContext,
  before: boolean | null | undefined,
): { readonly cx: BayContext; askedStale(): boolean } {
  let isStale = before === true;
  const noted = (spell: Spell): Spell => {
    isStale ||= spell.isStale === true;
    return spell;
  };
  const listed = (list: string) => noted(cx.listed(list));
  const open = (hours: string) => noted(cx.open(hours));
  return { cx: { ...cx, listed, open }, askedStale: () => isStale };
}

export const markedBy = (claim: Claim, isStale: boolean | undefined): Claim =>
  isStale && typeof claim === "object" ? { ...claim, list: "stale" } : claim;
