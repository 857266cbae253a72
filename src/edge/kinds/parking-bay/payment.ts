/** The duty to pay in a bay that is paid for: a paid session in the platform's list, and a grace time beyond. */
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";
import type { Stay } from "./permit.ts";

export const unpaid: AlarmSpec = {
  severity: "low",
  raised: { it: "Stallo {name} occupato senza pagamento da {for}", en: "Bay {name} occupied unpaid for {for}" },
  doubted: { it: "Stallo {name} occupato senza pagamento: {why}", en: "Bay {name} occupied unpaid: {why}" },
  cleared: { it: "Stallo {name}: pagato o libero", en: "Bay {name}: paid or free" },
  todo: { it: "Avvisare gli ausiliari del traffico.", en: "Tell the traffic wardens." },
};

/** The grace counts from the arrival, the beginning of the hours or the end of what was paid, whichever is last. */
export function withoutPayment({ since }: Stay, cx: Context<BayOptions, Senses>): Claim {
  const { payments, hours } = cx.o;
  if (payments === undefined) return false;
  const charged = hours === undefined ? { is: true, since } : cx.open(hours);
  if (charged.is !== true) return charged.is;
  const paid = cx.listed(payments.list);
  if (paid.is !== false) return paid.is === "unknown" ? "unknown" : false;
  return held(Math.max(since, charged.since, paid.since), payments.grace);
}
