/** A defibrillator in its cabinet: ready or not, in use, removed, and what must be done before somebody needs it. */
import type { Text } from "../../../model/index.ts";
import {
  assetKind,
  type Claim,
  type Context,
  type Held,
  held,
  optional,
  type Seen,
  shown,
  state,
  type Uncertain,
  value,
  word,
} from "../kind.ts";
import { aedAlarms } from "./aed-alarms.ts";
import { expiryClaims } from "./aed-expiry.ts";
import { type AedOptions, aedIdle, aedOptions } from "./aed-options.ts";
import { byThermostat, type Climate, climateOf, MILD, outside } from "./cabinet-climate.ts";
import { lawRecordOf } from "./law-record.ts";
import {
  CHIRPS_WITHIN_MS,
  type Chirps,
  chirpClaim,
  chirpHeard,
  faultSeen,
  faultSignsOf,
  lightClaim,
  meaningOf,
} from "./light-signs.ts";

interface Facts {
  /** Since when its light has shown a fault, in ms of observation. */
  readonly sign: number | null;
  readonly chirps: Chirps | null;
  readonly climate: Climate;
  /** Since when its battery is low, in ms of observation. */
  readonly low: number | null;
}

/** A battery that was low is well again when it has so much more, %. */
const CHARGED = 5;
const UNCLEAR = "sensor.sign-unclear";

const sensesOf = (o: AedOptions) => ({
  door: optional(o.door, state),
  present: optional(o.present, state),
  light: optional(o.light, word),
  chirp: optional(o.chirp, state),
  tamper: optional(o.tamper, state),
  heater: optional(o.heater, state),
  thermostat: optional(o.thermostat, state),
  temperature: optional(o.temperature, value),
  battery: optional(o.battery, value),
});
type Cx = Context<AedOptions, ReturnType<typeof sensesOf>>;
type Sees = Cx["sees"];

export const defibrillator = assetKind({
  kind: "defibrillator",
  model: "AedStatus",
  title: { it: "Defibrillatore", en: "Defibrillator" },
  version: 1,
  options: aedOptions,
  idle: aedIdle,
  senses: sensesOf,
  shows: {
    readiness: {
      unit: "",
      kind: "word",
      meaning:
        "`ready`: its light says so, and it lies behind a closed door as far as that is watched; `notReady`: faulty, or stored outside its limits; `inUse`; `removed`: out of its cabinet for too long; `unknown`: something that watches it is silent, or nothing watches its light.",
    },
    selfTestResult: {
      unit: "",
      kind: "word",
      meaning:
        "What its light says of its last self-test: `passed`, `failed`, `unclear` (its manual does not explain what it shows) or `unknown`. Absent without `light`.",
    },
    unit: { unit: "", kind: "word", meaning: "`present`, `absent` or `unknown`. Absent without `present`." },
    chirps: { unit: "", kind: "word", meaning: "`none`, `heard` or `unknown`. Absent without `chirp`." },
    cabinetDoor: { unit: "", kind: "word", meaning: "`open`, `closed` or `unknown`. Absent without `door`." },
    cabinetTemperature: { unit: "Cel", kind: "gauge", change: 0.5, meaning: "Absent without `temperature`." },
    heater: { unit: "", kind: "word", meaning: "`on`, `off` or `unknown`. Absent without `heater`." },
    batteryLevel: { unit: "%", kind: "gauge", change: 1, meaning: "Absent without `battery`." },
  },
  alarms: aedAlarms,
  statics: (o) => ({ ...lawRecordOf(o) }),
  facts: { sign: null, chirps: null, climate: MILD, low: null } as Facts,
  lookBackMs: 3_600_000,

  learn(facts, heard, { now, o, sees }) {
    if (sees.light !== undefined && (heard.of === "light" || heard.of === "door" || heard.of === "present")) {
      const since = heard.of === "light" ? sees.light.since : now.at;
      return { ...facts, sign: faultSeen(facts.sign, sees.light, isBehindDoor(sees), since, o) };
    }
    if (heard.of === "chirp" && heard.seen.known && heard.seen.value)
      return { ...facts, chirps: chirpHeard(facts.chirps, heard.seen.since) };
    if (heard.of === "temperature" && heard.seen.known)
      return { ...facts, climate: climateOf(facts.climate, heard.seen.value, o.temperatures, now.at) };
    if (heard.of === "battery" && heard.seen.known) {
      const isLow = heard.seen.value < o.batteryBelow + (facts.low === null ? 0 : CHARGED);
      return { ...facts, low: isLow ? (facts.low ?? now.at) : null };
    }
    return facts;
  },

  says(facts, cx) {
    const { o, sees } = cx;
    const claims = claimsOf(facts, cx);
    const [status, since] = readinessOf(claims, cx);
    const { light, present, chirp, door, heater, temperature, battery } = sees;
    return {
      since,
      shows: {
        readiness: status,
        selfTestResult: light && shown(light, (sign) => RESULTS[meaningOf(sign, faultSignsOf(o))]),
        unit: present && shown(present, (is) => (is ? "present" : "absent")),
        chirps: chirp && shown(chirp, (is) => (is || !chirpsOver(facts.chirps, cx) ? "heard" : "none")),
        cabinetDoor: door && shown(door, (isOpen) => (isOpen ? "open" : "closed")),
        cabinetTemperature: temperature?.known ? temperature.value : undefined,
        heater: heater && shown(heater, (isOn) => (isOn ? "on" : "off")),
        batteryLevel: battery?.known ? battery.value : undefined,
      },
      claims,
    };
  },
});

const RESULTS = { ready: "passed", fault: "failed", unclear: "unclear" };

const DOOR: Text = { it: "armadietto aperto", en: "cabinet open" };
const TAKEN: Text = { it: "apparecchio prelevato", en: "unit taken out" };

type Claims = Readonly<Record<keyof typeof aedAlarms, Claim>>;

function claimsOf(facts: Facts, cx: Cx): Claims {
  const { o, sees, now } = cx;
  const { door, present, light, chirp, tamper, thermostat, temperature, battery } = sees;
  const left = claimOf(door, "door", o.doorOpenFor);
  const taken = claimOf(negated(present), "present", o.removedAfter);
  const { expiring, expired } = expiryClaims(cx);
  return {
    "aed.in-use": inUse(cx),
    "aed.removed": taken,
    "aed.fault": firstOf([
      ...(light ? [lightClaim(light, facts.sign, isBehindDoor(sees), now.at, o)] : []),
      ...(chirp ? [chirpClaim(chirp, facts.chirps, chirpsOver(facts.chirps, cx), o.faultAfter)] : []),
    ]),
    "aed.unusable": temperature ? outside(facts.climate.limit, temperature, o.temperatures.for) : false,
    "aed.silent": silent(cx),
    "aed.tamper": claimOf(tamper, "tamper", 0),
    "aed.door-open": left,
    "aed.temperature": firstOf([
      ...(temperature ? [outside(facts.climate.warn, temperature, o.temperatures.for)] : []),
      ...(thermostat ? [byThermostat(thermostat, o.temperatures.for)] : []),
    ]),
    "aed.heater": coldHeater(facts, cx),
    "aed.battery": battery === undefined ? false : batteryClaim(battery, facts.low),
    "aed.expired": expired,
    "aed.expiring": expiring,
  };
}

/** A point that is true while something is wrong. While it cannot be read at this moment, what stands stays. */
function claimOf(seen: Seen<boolean> | undefined, by: string, afterMs: number): Claim {
  if (seen === undefined) return false;
  if (!seen.known) return "unknown";
  if (!seen.value) return false;
  const claim = held(seen.since, afterMs, {}, by);
  return seen.blind ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;
}

const negated = (seen: Seen<boolean> | undefined): Seen<boolean> | undefined =>
  seen?.known ? { ...seen, value: !seen.value } : seen;

/** Several that make one: the first that falls due; where none holds, but one cannot be seen, nobody knows. */
function firstOf(claims: readonly Claim[]): Claim {
  const holding = claims.filter((claim): claim is Held => typeof claim === "object" && "due" in claim);
  const [first] = holding.sort((one, other) => one.due - other.due);
  return first ?? (claims.includes("unknown") ? "unknown" : false);
}

/** In use: the unit is out of its cabinet, or the cabinet has just been opened. One that stays open with the unit in it was left open. */
function inUse({ o, sees: { door, present }, now }: Cx): Claim {
  const isLeftOpen = present?.known === true && present.value && door?.known === true && now.at >= door.since + o.doorOpenFor;
  return firstOf([
    withSign(claimOf(negated(present), "present", 0), TAKEN),
    ...(isLeftOpen ? [] : [withSign(claimOf(door, "door", 0), DOOR)]),
  ]);
}

const withSign = (claim: Claim, sign: Text): Claim =>
  typeof claim === "object" && "due" in claim ? { ...claim, words: { sign } } : claim;

/** The unit lies behind a closed door, as far as that is watched and known. */
const isBehindDoor = ({ door, present }: Sees): boolean =>
  (door === undefined || (door.known && !door.value)) && (present === undefined || (present.known && present.value));

/** By ms of observation: what nobody could hear while the gateway was off has not stopped. */
function chirpsOver(chirps: Chirps | null, { now, ended }: Cx): boolean {
  return chirps === null || ended(chirps.last + CHIRPS_WITHIN_MS + (now.passed - now.at)) !== null;
}

function batteryClaim(battery: Seen<number>, low: number | null): Claim {
  if (!battery.known) return "unknown";
  return low !== null && held(low, 0, { level: Math.round(battery.value) }, "battery");
}

/** Too cold, and the heater has no current. */
function coldHeater({ climate }: Facts, { o, sees: { heater, temperature } }: Cx): Claim {
  if (heater === undefined || temperature === undefined) return false;
  const cold = outside(climate.cold, temperature, 0);
  const off = claimOf(negated(heater), "heater", 0);
  if (cold === false || off === false) return false;
  if (cold === "unknown" || off === "unknown" || "not" in cold || "not" in off) return "unknown";
  const since = Math.max(cold.since, off.since);
  return { ...cold, since, due: Math.max(since + o.heaterAfter, off.due), by: "heater" };
}

const WATCHED: Readonly<Record<"door" | "present" | "light" | "chirp", Text>> = {
  door: { it: "porta dell'armadietto", en: "door of its cabinet" },
  present: { it: "presenza dell'apparecchio", en: "presence of the unit" },
  light: { it: "spia", en: "light" },
  chirp: { it: "segnali acustici", en: "chirps" },
};

/** Something without which nobody knows whether it is ready cannot be seen. What was never seen has no time since which: its device is down instead. */
function silent({ o, sees }: Cx): Claim {
  const unseen = Object.entries(WATCHED).flatMap(([name, what]) => {
    const seen = sees[name as keyof typeof WATCHED];
    return seen !== undefined && !seen.known && seen.since > 0 ? [held(seen.since, o.silentFor, { what }, name)] : [];
  });
  return firstOf(unseen);
}

/** What it is, and since when. */
function readinessOf(claims: Claims, { o, sees, now }: Cx): readonly [string | Uncertain, number] {
  const isDue = (claim: Claim): claim is Held => typeof claim === "object" && "due" in claim && claim.due <= now.at;
  const { "aed.removed": removed, "aed.in-use": use, "aed.fault": fault, "aed.unusable": unusable } = claims;
  if (isDue(removed)) return ["removed", removed.due];
  if (isDue(use)) return ["inUse", use.since];
  const watched = [sees.present, sees.door, sees.light, sees.chirp].filter((seen) => seen !== undefined);
  const since = Math.max(0, ...watched.map((seen) => seen.since));
  for (const claim of [fault, unusable]) if (isDue(claim)) return ["notReady", claim.due];
  const unseen = watched.find((seen) => !seen.known);
  if (unseen !== undefined && !unseen.known) return [{ value: "unknown", code: unseen.code }, unseen.since];
  const { light } = sees;
  if (light?.known !== true) return [{ value: "unknown", code: UNCLEAR }, since];
  if (meaningOf(light.value, faultSignsOf(o)) === "unclear") return [{ value: "unknown", code: UNCLEAR }, light.since];
  const doubt = watched.map((seen) => (seen.known ? seen.doubt : null)).find((code) => code !== null) ?? null;
  return [doubt === null ? "ready" : { value: "ready", code: doubt }, since];
}
