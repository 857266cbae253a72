/** When battery and pads of a defibrillator expire: told ahead of time, and again when the day has passed. */
import type { Text } from "../../../model/index.ts";
import { type Claim, type Context, held, type Senses } from "../kind.ts";
import type { AedOptions } from "./aed-options.ts";
import { stands } from "./light-signs.ts";

interface Expiring {
  readonly what: Text;
  /** YYYY-MM-DD, the last day of it. */
  readonly day: string;
}

const DAY_MS = 86_400_000;

const PADS: Readonly<Record<string, Text>> = {
  adult: { it: "elettrodi per adulti", en: "pads for adults" },
  child: { it: "elettrodi pediatrici", en: "pads for children" },
};
const BATTERY: Text = { it: "batteria", en: "battery" };

/** What expires, the first first. */
export function expiriesOf({ batteryExpiry, pads }: AedOptions): readonly Expiring[] {
  const all = [
    ...(batteryExpiry === undefined ? [] : [{ what: BATTERY, day: batteryExpiry }]),
    ...pads.map(({ type, expiry }) => ({ what: PADS[type] ?? BATTERY, day: expiry })),
  ];
  return all.sort((one, other) => (one.day < other.day ? -1 : one.day > other.day ? 1 : 0));
}

/** By a clock that may be wrong no day has come: what stands stays. */
export function expiryClaims(cx: Context<AedOptions, Senses>): { readonly expiring: Claim; readonly expired: Claim } {
  const ahead = Math.floor(cx.o.expiryAhead / DAY_MS);
  const judged = expiriesOf(cx.o).map((one) => ({
    ...one,
    isNear: not(cx.beforeDay(one.day, ahead)),
    // Its last day is one on which it may still be used.
    isOver: not(cx.beforeDay(one.day, -1)),
  }));
  const claim = (isSo: (one: (typeof judged)[number]) => boolean | "unknown"): Claim => {
    if (judged.some((one) => isSo(one) === "unknown")) return stands(cx.now.at);
    const found = judged.filter((one) => isSo(one) === true);
    return found.length > 0 && held(cx.now.at, 0, { what: listed(found) });
  };
  const expiring = claim(({ isNear, isOver }) => (isOver === "unknown" ? "unknown" : isNear === true && !isOver));
  const expired = claim(({ isOver }) => isOver);
  return { expiring: expiring === false && expired !== false ? { not: "replaced" } : expiring, expired };
}

const not = (is: boolean | "unknown"): boolean | "unknown" => (is === "unknown" ? is : !is);

/** "batteria (31/03/2028), elettrodi per adulti (31/01/2027)". */
function listed(all: readonly Expiring[]): Text {
  const text = (lang: keyof Text): string =>
    all.map(({ what, day }) => `${what[lang]} (${lang === "it" ? day.split("-").reverse().join("/") : day})`).join(", ");
  return { it: text("it"), en: text("en") };
}
