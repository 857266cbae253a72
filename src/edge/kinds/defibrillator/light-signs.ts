/** What the light or sign of a defibrillator means, make by make as their manuals say, and what its chirps mean. */
import type { Text } from "../../../model/index.ts";
import { type Claim, type Held, held, type Seen } from "../kind.ts";

/** The words of a light that may mean a fault: see `gpio-blink` and `gpio-colour`. */
export const FAULT_SIGNS = ["dark", "steady", "red"] as const;
export type FaultSign = (typeof FAULT_SIGNS)[number];

/** The words by which a light says that all is well. */
const READY = ["blinking", "green"];

/**
 * Of a make that is not here every word but those of a light that is well is a fault. Philips: not blinking is attention (M5066A manual, ed. 4).
 * Defibtech and HeartSine: red, or no flash. Cardiac Science and ZOLL AED Plus have a static sign, green or red; of one that is neither the
 * manuals say nothing.
 */
const MAKES: Readonly<Record<string, readonly FaultSign[]>> = {
  philips: ["dark", "steady"],
  defibtech: ["dark", "red"],
  heartsine: ["dark", "red"],
  "cardiac science": ["red"],
  zoll: ["red"],
};

interface Signs {
  readonly make: string;
  readonly faultSigns?: readonly FaultSign[] | undefined;
}

/** Which of its words mean a fault. */
export function faultSignsOf(o: Signs): readonly FaultSign[] {
  const make = o.make.toLowerCase();
  const known = Object.keys(MAKES).find((name) => make.includes(name));
  return o.faultSigns ?? (known === undefined ? undefined : MAKES[known]) ?? FAULT_SIGNS;
}

/** What a word of the light says; `unclear`: the manual of this make does not explain it. */
export function meaningOf(word: string, faults: readonly FaultSign[]): "ready" | "fault" | "unclear" {
  if (READY.includes(word)) return "ready";
  return (faults as readonly string[]).includes(word) ? "fault" : "unclear";
}

const SIGNS: Readonly<Record<string, Text>> = {
  dark: { it: "la spia è spenta", en: "its light is dark" },
  steady: { it: "la spia è accesa fissa", en: "its light is steady" },
  red: { it: "la spia è rossa", en: "its light is red" },
};

interface LightOptions extends Signs {
  readonly faultAfter: number;
  readonly selfTest: number;
}

/**
 * Since when the light has shown a fault, ms of observation; null: it does not. `behindDoor`: the unit lies behind a closed door, so that the sensor
 * sees its light and no other. What is seen while it does not is no fault, and a fault that was there before is still one.
 */
export function faultSeen(was: number | null, light: Seen<string>, behindDoor: boolean, at: number, o: Signs): number | null {
  if (!light.known) return was;
  if (meaningOf(light.value, faultSignsOf(o)) !== "fault") return null;
  return was ?? (behindDoor ? at : null);
}

/** What the light claims, when it has shown a fault since then. */
export function lightClaim(light: Seen<string>, since: number | null, behindDoor: boolean, now: number, o: LightOptions): Claim {
  if (!behindDoor) return stands(now);
  if (!light.known) return "unknown";
  if (since === null) return meaningOf(light.value, faultSignsOf(o)) === "ready" ? false : stands(now);
  if (light.blind) return stands(now);
  const after = light.value === "dark" ? o.faultAfter : o.selfTest;
  return held(since, after, { sign: SIGNS[light.value] ?? light.value }, "light");
}

/** What stands stays, and nothing new is told. */
export const stands = (now: number): Held => ({ since: now, due: Number.POSITIVE_INFINITY });

/** Chirps that follow one another; times in ms of observation. */
export interface Chirps {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** A unit that asks for attention chirps about once a minute, some each half minute. */
export const CHIRPS_WITHIN_MS = 3 * 60_000;
/** One sound is a horn in the street, or a self-test. */
const CHIRPS = 3;
const CHIRPING: Text = { it: "emette segnali acustici", en: "it chirps" };

/** One more was heard. */
export function chirpHeard(chirps: Chirps | null, at: number): Chirps {
  if (chirps === null || at - chirps.last > CHIRPS_WITHIN_MS) return { first: at, last: at, count: 1 };
  return { ...chirps, last: at, count: Math.min(CHIRPS, chirps.count + 1) };
}

/** `isOver`: none has come for so long that they have stopped. */
export function chirpClaim(sound: Seen<boolean>, chirps: Chirps | null, isOver: boolean, faultAfter: number): Claim {
  if (!sound.known) return "unknown";
  const words = { sign: CHIRPING };
  if (chirps !== null && !isOver && chirps.count >= CHIRPS) return held(chirps.first, 0, words, "chirp");
  return sound.value && !sound.blind && held(sound.since, faultAfter, words, "chirp");
}
