/** The duty to show a badge in a bay that is reserved for its holders (CdS art. 188; DPR 495/1992 art. 381). */
import type { AlarmSpec, Claim, Context, Senses } from "../kind.ts";
import { type BayOptions, watchesPermits } from "./bay-options.ts";

/** A vehicle that stands in the bay. */
export interface Stay {
  /** Ms of observation. */
  readonly since: number;
  /** Until when what was shown holds, in `passed`; null: to the end of the stay; undefined: nothing was shown. */
  readonly permit: number | null | undefined;
}

export const illegalOccupation: AlarmSpec = {
  severity: "high",
  raised: {
    it: "Stallo disabili {name} occupato senza contrassegno da {for}",
    en: "Disabled bay {name} occupied without a badge for {for}",
  },
  doubted: {
    it: "Stallo disabili {name} occupato senza contrassegno: {why}",
    en: "Disabled bay {name} occupied without a badge: {why}",
  },
  cleared: { it: "Stallo disabili {name}: situazione regolare", en: "Disabled bay {name}: in order again" },
  todo: {
    it: "Avvisare la polizia locale; se il contrassegno c'è, confermarlo con `cippo command`.",
    en: "Tell the local police; if there is a badge, confirm it by `cippo command`.",
  },
};

/** Whoever stands there longer than the grace without a valid badge stands there unlawfully. */
export function withoutPermit({ since, permit: until }: Stay, cx: Context<BayOptions, Senses>): Claim {
  const { permits, hours } = cx.o;
  if (permits === undefined || !watchesPermits(cx.o)) return false;
  const reserved = hours === undefined ? { is: true, since } : cx.open(hours);
  if (reserved.is !== true) return reserved.is;
  const over = until === undefined ? since : until === null ? null : cx.ended(until);
  // A vehicle that was there before the reserved hours began gets the grace time from their beginning.
  const begun = Math.max(since, reserved.since);
  return over === null ? false : { since: begun, due: Math.max(begun, over) + permits.grace };
}
