/** The duty to keep away outside the hours of a bay, where the city's ordinance forbids to stand there then. */
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";
import type { Stay } from "./permit.ts";

export const outOfHours: AlarmSpec = {
  severity: "medium",
  raised: { it: "Stallo {name} occupato fuori orario da {for}", en: "Bay {name} occupied out of hours for {for}" },
  doubted: { it: "Stallo {name} occupato fuori orario: {why}", en: "Bay {name} occupied out of hours: {why}" },
  cleared: { it: "Stallo {name}: di nuovo regolare", en: "Bay {name}: in order again" },
  todo: { it: "Avvisare la polizia locale.", en: "Tell the local police." },
};

/** Whoever is still there when the hours end may take a while to leave. */
export function outsideHours({ since }: Stay, cx: Context<BayOptions, Senses>): Claim {
  const { hours, outside, leaveWithin } = cx.o;
  if (hours === undefined || outside === "free") return false;
  const open = cx.open(hours);
  if (open.is !== false) return open.is === "unknown" ? "unknown" : false;
  return held(Math.max(since, open.since), leaveWithin);
}
