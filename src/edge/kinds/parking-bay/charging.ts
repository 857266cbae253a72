/** The duty to charge in a charging bay: a vehicle that does not charge keeps others from it. */
import { type AlarmSpec, type Claim, type Context, held, type Senses } from "../kind.ts";
import type { BayOptions } from "./bay-options.ts";
import type { Stay } from "./permit.ts";

/** It is not the driver's fault that a column which is broken or out of service gives nothing. */
const REGULAR = ["charging", "fault", "unavailable"];

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
  const { hours, grace } = cx.o;
  const socket = cx.sees["socket"];
  if (socket === undefined) return false;
  const reserved = hours === undefined ? { is: true, since } : cx.open(hours);
  if (reserved.is !== true) return reserved.is;
  if (!socket.known) return "unknown";
  if (REGULAR.includes(String(socket.value))) return false;
  const claim = held(Math.max(since, reserved.since, socket.since), grace);
  return socket.blind ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;
}
