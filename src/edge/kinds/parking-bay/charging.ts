/** The duty to charge in a charging bay: a vehicle that does not charge keeps others from it. */
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";
import type { Stay } from "./permit.ts";

/** Letters of IEC 61851 at which a vehicle draws power, and those at which a column cannot give any. */
const CHARGES = ["C", "D"];
const FAILS = ["E", "F"];

export const blocked: AlarmSpec = {
  severity: "medium",
  raised: {
    it: "Stallo di ricarica {name} occupato senza ricaricare da {for}",
    en: "Charging bay {name} occupied without charging for {for}",
  },
  doubted: {
    it: "Stallo di ricarica {name} occupato senza ricaricare: {why}",
    en: "Charging bay {name} occupied without charging: {why}",
  },
  cleared: { it: "Stallo di ricarica {name}: di nuovo regolare", en: "Charging bay {name}: in order again" },
  todo: {
    it: "Controllare che la colonnina dia corrente, poi avvisare la polizia locale.",
    en: "See that the column gives current, then tell the local police.",
  },
};

/** A full battery counts as not charging, since the next driver waits. */
export function withoutCharging({ since }: Stay, cx: Context<BayOptions, Senses>): Claim {
  const { column, hours, grace } = cx.o;
  const letter = cx.sees["column"];
  if (column === undefined || letter === undefined) return false;
  const reserved = hours === undefined ? { is: true, since } : cx.open(hours);
  if (reserved.is !== true) return reserved.is;
  if (!letter.known) return "unknown";
  const is = String(letter.value);
  // It is not the driver's fault that a broken column gives nothing.
  if (CHARGES.includes(is) || FAILS.includes(is)) return false;
  const claim = held(Math.max(since, reserved.since, letter.since), grace);
  return letter.blind ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;
}
