/** The duty to pay in a bay that is paid for: a session in the platform's list or at the station, and a grace time beyond. */
import { type AlarmSpec, type Claim, type Context, type Held, held, type Senses } from "../kind.ts";
import { type BayOptions, paymentListOf } from "./bay-options.ts";
import type { PaidHere } from "./paid-here.ts";
import type { Stay } from "./permit.ts";

export const unpaid: AlarmSpec = {
  severity: "low",
  raised: { it: "Stallo {name} occupato senza pagamento da {for}", en: "Bay {name} occupied unpaid for {for}" },
  doubted: { it: "Stallo {name} occupato senza pagamento: {why}", en: "Bay {name} occupied unpaid: {why}" },
  cleared: { it: "Stallo {name}: pagato o libero", en: "Bay {name}: paid or free" },
  todo: { it: "Avvisare gli ausiliari del traffico.", en: "Tell the traffic wardens." },
};

/** A station that just cannot be heard, as at a restart, makes nothing doubtful yet. */
const DOUBT_AFTER_MS = 60_000;

/**
 * Paid is who has a session at the station, whatever the list says, which may be old or missing. The grace counts from the arrival, the beginning
 * of the hours, the end of what was paid, or the moment from which on the station could be paid at, whichever is last.
 */
export function withoutPayment({ since }: Stay, paid: PaidHere | null, cx: Context<BayOptions, Senses>): Claim {
  const { payments, hours } = cx.o;
  if (payments === undefined) return false;
  const here = sessionOf(paid, cx);
  if (here.is) return false;
  const charged = hours === undefined ? { is: true, since } : cx.open(hours);
  if (charged.is !== true) return charged.is;
  const list = paymentListOf(payments);
  const listed = list === undefined ? { is: false, since: 0 } : cx.listed(list);
  if (listed.is !== false) return listed.is === "unknown" ? "unknown" : false;
  const claim = held(Math.max(since, charged.since, listed.since, here.since), payments.grace);
  return payments.station === undefined ? claim : withStation(claim, payments.grace, cx);
}

/** While the station cannot be heard, or is out of service, nobody is accused anew. */
function withStation(claim: Held, grace: number, { sees, now, ended }: Context<BayOptions, Senses>): Claim {
  const station = sees["station"];
  if (station?.known && station.value === "working") return { ...claim, due: Math.max(claim.due, station.since + grace) };
  const isDoubtful = station?.known === false && ended(station.since + DOUBT_AFTER_MS + now.passed - now.at) !== null;
  return isDoubtful ? "unknown" : { ...claim, due: Number.POSITIVE_INFINITY };
}

/** Whether a session runs; if not, since when none does. */
function sessionOf(paid: PaidHere | null, { ended }: Context<BayOptions, Senses>) {
  const ends = (paid?.sessions ?? []).flatMap(({ from, until }) => {
    const [begun, over] = [ended(from), ended(until)];
    return begun === null ? [] : [over];
  });
  const isPaid = ends.includes(null);
  return { is: isPaid, since: Math.max(0, ...ends.map((at) => at ?? 0)) };
}
