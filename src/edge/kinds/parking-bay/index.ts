/** A parking bay: free, occupied or unknown, the permit shown there, and which parking rules are broken. */
import { assetKind, badge, type Claim, type Moment, optional, type Seen, shown, state, type Verdict, word } from "../kind.ts";
import { admitsByList, bayIdle, bayMisfits, bayOptions, bayWords, permitListOf, watchesPermits } from "./bay-options.ts";
import { blocked, withoutCharging } from "./charging.ts";
import { type BayContext, markedBy, notingLists } from "./judged-by-lists.ts";
import { beyondMaxStay, overstay } from "./max-stay.ts";
import { outOfHours, outsideHours } from "./outside-hours.ts";
import { isNewSession, type PaidHere, paidAt } from "./paid-here.ts";
import { unpaid, withoutPayment } from "./payment.ts";
import { illegalOccupation, type Stay, withoutPermit } from "./permit.ts";
import {
  besideChanged,
  isBeside,
  keepsChanging,
  neighboursOf,
  ownChanged,
  rests,
  type SensorWatch,
  stuck,
  unstable,
} from "./sensor-watch.ts";
import { type SwapWatch, seemsSwapped, swapped, weighed } from "./swapped-sensors.ts";

/** A site may say that "nothing in range" means a free or an occupied bay: see the sensor's option `beyond`. */
const PRESUMES = ["sensor.nothing-in-range"];
const DAY_MS = 86_400_000;

interface Facts {
  /** Begin of the present stay, ms of observation. */
  readonly stay: number | null;
  readonly permit: Permit | null;
  /** null: the pay station has told nothing of this bay. */
  readonly paid: PaidHere | null;
  /** The badge that was shown last was judged by a list that is too old. */
  readonly staleBadge: true | null;
  /** null: nothing is asked of its sensor, or it has not changed yet. */
  readonly watch: SensorWatch | null;
  /** null: it is not compared with its neighbours, or nothing was heard of it yet. */
  readonly swap: SwapWatch | null;
}

/** When it was shown and until when it holds, both in `passed`; `until` null: to the end of the stay. */
interface Permit {
  readonly at: number;
  readonly until: number | null;
  /** A badge was read, and there is no list here to judge it by: it may be valid. */
  readonly unsure?: true;
}

export const parkingBay = assetKind({
  kind: "parking-bay",
  model: "ParkingSpot",
  title: { it: "Stallo", en: "Parking bay" },
  version: 1,
  options: bayOptions,
  idle: bayIdle,
  misfits: bayMisfits,
  words: bayWords,
  senses: (o) => ({
    occupancy: state(o.occupancy, { settleMs: o.debounce, presumes: PRESUMES }),
    socket: optional(o.charger, (charger) => word(`${charger}.socket-${o.socket ?? 1}`)),
    station: optional(o.payments?.station, (station) => word(`${station}.status`)),
    session: optional(o.payments?.station, (station) => word(`${station}.session`)),
    badge: optional(watchesPermits(o) ? o.permits?.reader : undefined, (reader) => badge(reader, permitListOf(o))),
    ...neighboursOf(o),
  }),
  shows: {
    status: { unit: "", kind: "word", meaning: "`free`, `occupied`, `unknown`, or `closed` while a list suspends it." },
    permit: {
      unit: "",
      kind: "word",
      meaning:
        "Of the present stay: `none`, `valid`, `expired`, or `unknown`: a badge was read, without a list to judge it by. Absent where the bay asks for no permit.",
    },
  },
  alarms: {
    "bay.illegal-occupation": illegalOccupation,
    "bay.overstay": overstay,
    "bay.out-of-hours": outOfHours,
    "bay.blocked": blocked,
    "bay.unpaid": unpaid,
    "bay.stuck": stuck,
    "bay.unstable": unstable,
    "bay.swapped": swapped,
  },
  actions: (o) =>
    watchesPermits(o) ? { "permit.confirm": { args: { until: { type: "number" } }, impact: "low", safe: true } } : {},
  facts: { stay: null, permit: null, paid: null, staleBadge: null, watch: null, swap: null } as Facts,
  lookBackMs: DAY_MS,
  commands: {
    "permit.confirm": {
      meaning: "A badge was shown, or found by whoever was sent there. Where the bay asks for one.",
      args: { until: "Until when it holds, epoch ms; absent: to the end of the stay." },
    },
  },

  learn(before, heard, cx) {
    const { now, o, sees } = cx;
    const paid =
      heard.of === "session" && heard.seen.known
        ? paidAt(before.paid, heard.seen.value, o.payments?.stall ?? cx.asset, now)
        : before.paid;
    const swap = weighed(before.swap, heard, isNewSession(before.paid, paid), cx);
    const facts = swap === before.swap ? before : { ...before, swap };
    if (heard.of === "occupancy") {
      const { seen } = heard;
      const watch = ownChanged(facts.watch, seen, o, now);
      if (!seen.known) return watch === facts.watch ? facts : { ...facts, watch };
      if (!seen.value) return { ...facts, stay: null, permit: null, staleBadge: null, watch };
      // The moment at which the sensor first saw the vehicle counts, not the one at which that had settled.
      const sawAt = now.passed - (now.at - seen.since);
      const counts = facts.stay !== null || (facts.permit !== null && facts.permit.at >= sawAt - (o.permits?.shownBefore ?? 0));
      return { ...facts, stay: seen.since, permit: counts ? facts.permit : null, watch };
    }
    if (isBeside(heard)) {
      const watch = o.stuck === undefined ? facts.watch : besideChanged(facts.watch, heard.of, heard.seen);
      return watch === facts.watch ? facts : { ...facts, watch };
    }
    if (heard.of === "session") return paid === facts.paid ? facts : { ...facts, paid };
    if (heard.of === "badge") {
      const permit = permitOf(heard.seen, facts.permit, now);
      const isStale = heard.seen.known && heard.seen.value.isStale === true;
      const judged: Facts = { ...facts, staleBadge: isStale ? true : null };
      return permit === undefined ? judged : shownAt(judged, permit, sees.occupancy, now);
    }
    if (heard.of !== "action" || heard.action !== "permit.confirm") return facts;
    const { until } = heard.args;
    // Without a trusted clock the end is ignored: a clock that is ahead would end the permit at once and raise a false alarm.
    const judged = typeof until === "number" && now.synced;
    const ends = judged ? now.passed + Math.max(0, Math.round(until - now.wall)) : null;
    return shownAt({ ...facts, staleBadge: null }, { at: now.passed, until: ends }, sees.occupancy, now);
  },

  says({ stay, permit, paid, staleBadge, watch, swap }, cx) {
    const { occupancy } = cx.sees;
    const suspended = cx.listed("suspensions");
    const isClosed = suspended.is === true;
    const judged = (claim: (stay: Stay, cx: BayContext) => Claim, isStale: boolean | null = null): Claim => {
      if (isClosed) return markedBy({ not: "suspended" }, suspended.isStale);
      if (stay === null) return false;
      const noting = notingLists(cx, isStale || suspended.isStale);
      const claimed = markedBy(
        claim({ since: stay, permit: permit?.unsure ? "unsure" : permit?.until }, noting.cx),
        noting.askedStale(),
      );
      if (claimed === false || claimed === "unknown" || "not" in claimed) return claimed;
      // The sensor does not see the bay: an open alarm stays, in doubt, and no new one may be raised.
      if (!occupancy.known) return "unknown";
      return occupancy.blind ? { ...claimed, due: Number.POSITIVE_INFINITY } : claimed;
    };
    const waits = permit === null || stay !== null ? null : permit.at + (cx.o.permits?.shownBefore ?? 0) + cx.o.debounce;
    const isOver = (until: number | null) => until !== null && cx.ended(until) !== null;
    const isAdmitted = admitsByList(cx.o) && cx.listed(permitListOf(cx.o)).is === true;
    const permitWord = () => {
      if (permit === null) return isAdmitted ? "valid" : "none";
      if (isOver(permit.until) || isOver(waits)) return "expired";
      return permit.unsure ? "unknown" : "valid";
    };
    return {
      since: occupancy.since,
      shows: {
        status: isClosed ? "closed" : shown(occupancy, (taken) => (taken ? "occupied" : "free")),
        permit: watchesPermits(cx.o) ? permitWord() : undefined,
      },
      claims: {
        "bay.illegal-occupation": judged(withoutPermit, staleBadge),
        "bay.overstay": judged(beyondMaxStay),
        "bay.out-of-hours": judged(outsideHours),
        "bay.blocked": judged(withoutCharging),
        "bay.unpaid": judged((of, noting) => withoutPayment(of, paid, noting)),
        "bay.stuck": isClosed ? { not: "suspended" } : rests(watch, cx),
        "bay.unstable": keepsChanging(watch, cx),
        "bay.swapped": seemsSwapped(swap, cx),
      },
    };
  },
});

/** The permit that a shown badge gives; undefined: none. A badge that is not valid does not cancel a permit shown before. */
function permitOf(seen: Seen<Verdict>, before: Permit | null, { passed }: Moment): Permit | undefined {
  if (!seen.known) return undefined;
  const { verdict, version, until } = seen.value;
  if (verdict === "valid") return { at: passed, until };
  if (version !== null || (before !== null && !before.unsure)) return undefined;
  return { at: passed, until: null, unsure: true };
}

/** A permit shown at an empty bay waits for the next vehicle. Otherwise a vehicle is taken to stand there. */
function shownAt(facts: Facts, permit: Permit, occupancy: Seen<boolean>, { at }: Moment): Facts {
  const isEmpty = occupancy.known && !occupancy.value;
  return { ...facts, stay: facts.stay ?? (isEmpty ? null : at), permit };
}
