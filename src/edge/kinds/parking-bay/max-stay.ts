/** The duty to leave after the longest stay (CdS art. 7 and 158): how long that is, the city's ordinance says. */
import { formatDuration } from "../../../kit/text/format-duration.ts";
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";
import type { Stay } from "./permit.ts";

export const overstay: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Stallo {name} occupato da {for}: la sosta massima è di {limit}",
    en: "Bay {name} occupied for {for}: the longest stay is {limit}",
  },
  doubted: {
    it: "Stallo {name} occupato oltre la sosta massima: {why}",
    en: "Bay {name} occupied beyond the longest stay: {why}",
  },
  cleared: { it: "Stallo {name}: sosta terminata", en: "Bay {name}: the stay is over" },
  todo: { it: "Avvisare la polizia locale.", en: "Tell the local police." },
};

/** A vehicle that was there before the hours began may stay from their beginning on. */
export function beyondMaxStay({ since }: Stay, cx: Context<BayOptions, Senses>): Claim {
  const { maxStay, hours } = cx.o;
  if (maxStay === undefined) return false;
  const limited = hours === undefined ? { is: true, since } : cx.open(hours);
  if (limited.is !== true) return limited.is;
  return held(Math.max(since, limited.since), maxStay, { limit: formatDuration(maxStay) });
}
