/** The duty to show a badge in a bay that is reserved for its holders (CdS art. 188; DPR 495/1992 art. 381). */
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import { admitsByList, type BayOptions, permitListOf, watchesPermits } from "./bay-options.ts";

/** A vehicle that stands in the bay. */
export interface Stay {
  /** Ms of observation. */
  readonly since: number;
  /**
   * Until when what was shown holds, in `passed`; null: to the end of the stay; undefined: nothing was shown; unsure: a badge that nothing here can
   * judge.
   */
  readonly permit: number | null | undefined | "unsure";
}

export const illegalOccupation: AlarmSpec = {
  severity: "high",
  raised: {
    it: "Stallo {reserved} {name} occupato senza contrassegno da {for}",
    en: "{reserved} bay {name} occupied without a badge for {for}",
  },
  doubted: {
    it: "Stallo {reserved} {name} occupato senza contrassegno: {why}",
    en: "{reserved} bay {name} occupied without a badge: {why}",
  },
  cleared: { it: "Stallo {reserved} {name}: situazione regolare", en: "{reserved} bay {name}: in order again" },
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
  if (until === "unsure") return "unknown";
  const admitted = admitsByList(cx.o) ? cx.listed(permitListOf(cx.o)) : null;
  const shown = until === undefined ? since : until === null ? null : cx.ended(until);
  if (shown !== null && admitted !== null && admitted.is !== false) return admitted.is === "unknown" ? "unknown" : false;
  const over = shown === null ? null : Math.max(shown, admitted?.since ?? shown);
  // A vehicle that was there before the reserved hours began gets the grace time from their beginning.
  const begun = Math.max(since, reserved.since);
  return over === null ? false : held(Math.max(begun, over), permits.grace);
}
