/** A camera without its pictures: whether it works, what is wrong, and its power that is cut for a moment. */
import { formatDuration } from "../../../kit/text/format-duration.ts";
import {
  type Act,
  assetKind,
  type Claim,
  held,
  optional,
  type Seen,
  type Sense,
  shown,
  state,
  value,
  type Wanted,
  want,
  withActs,
  word,
} from "../kind.ts";
import { clock, fault, noPower, tamper, unauthorised, unrecovered } from "./camera-alarms.ts";
import { type CameraOptions, cameraIdle, cameraOptions, MOST_UNLESS } from "./camera-options.ts";
import { begun, type Cycling, givenUpAt, isOff, noCycling } from "./power-cycle.ts";

/** A contact bounces while it changes. */
const SETTLE_MS = 2000;
const DAY_MS = 86_400_000;

interface Facts {
  readonly cycling: Cycling;
  /** Since when its clock has been wrong by too much, ms of observation; null: it is not, or has not been heard. */
  readonly clockWrong: number | null;
  /** As it was heard last; null: never. */
  readonly firmware: string | null;
  /** How often it restarted, as it was counted last; null: never heard. */
  readonly restarts: number | null;
}

const UNLESS = Array.from({ length: MOST_UNLESS }, (_, at) => `unless-${at}` as const);
type Unless = `unless-${number}`;

const contact = (from: string): Sense<boolean> => state(from, { settleMs: SETTLE_MS });

export const camera = assetKind({
  kind: "camera",
  model: "Camera",
  title: { it: "Telecamera", en: "Camera" },
  version: 1,
  options: cameraOptions,
  idle: cameraIdle,
  senses: (o) => ({
    health: state(o.health),
    authorised: optional(o.authorised, state),
    clock: optional(o.clock, value),
    firmware: optional(o.firmware, word),
    restarts: optional(o.restarts, value),
    tamper: optional(o.tamper, contact),
    supply: optional(o.supply, contact),
    ...(Object.fromEntries(UNLESS.map((role, at) => [role, optional(o.powerCycle?.unless[at], state)])) as Readonly<
      Record<Unless, Sense<boolean> | undefined>
    >),
  }),
  shows: {
    status: {
      unit: "",
      kind: "word",
      meaning: "`working`, `fault` (it does not answer), `noPower`, `restarting` (its power is off for a moment), or `unknown`.",
    },
    firmware: { unit: "", kind: "word", meaning: "The version of its firmware, as it said last. Absent where no point says it." },
    powerCycles: {
      unit: "1",
      kind: "counter",
      meaning: "How often its power was taken away for a moment. Absent without `powerCycle`.",
    },
  },
  alarms: {
    "camera.fault": fault,
    "camera.unrecovered": unrecovered,
    "camera.no-power": noPower,
    "camera.unauthorised": unauthorised,
    "camera.clock": clock,
    "camera.tamper": tamper,
  },
  facts: { cycling: noCycling, clockWrong: null, firmware: null, restarts: null } as Facts,
  lookBackMs: DAY_MS,

  learn(facts, heard, { now, o, sees }) {
    const cycle = cycleOf(o);
    const before = cycle === undefined ? facts.cycling : begun(facts.cycling, cycle, (passed) => passed <= now.passed);
    const { health } = sees;
    const isDown = health.known && !health.value;
    const cycling: Cycling = {
      ...before,
      downAt: isDown ? (before.downAt ?? now.passed - (now.at - health.since)) : null,
      tried: isDown ? before.tried : 0,
      allowedAt: isForbidden(sees) ? null : (before.allowedAt ?? now.passed),
    };
    const learned = { ...facts, cycling };
    if (heard.of === "clock") {
      const { seen } = heard;
      if (!seen.known) return { ...learned, clockWrong: null };
      const isWrong = Math.abs(seen.value) * 1000 > o.clockWithin;
      return { ...learned, clockWrong: isWrong ? (facts.clockWrong ?? now.at) : null };
    }
    if (heard.of === "restarts" && heard.seen.known) {
      const { value: restarts } = heard.seen;
      const isMore = facts.restarts !== null && restarts > facts.restarts;
      const text = { it: "La telecamera si è riavviata", en: "The camera has restarted" };
      const acts: readonly Act[] = isMore ? [{ do: "note", kind: "camera.restarted", severity: "info", text }] : [];
      return withActs({ ...learned, restarts }, ...acts);
    }
    if (heard.of !== "firmware" || !heard.seen.known) return learned;
    const { value: firmware } = heard.seen;
    if (facts.firmware === null || facts.firmware === firmware) return { ...learned, firmware };
    const text = {
      it: `Firmware della telecamera cambiato: prima ${facts.firmware}, ora ${firmware}`,
      en: `Firmware of the camera changed: ${facts.firmware} before, ${firmware} now`,
    };
    return withActs({ ...learned, firmware }, { do: "note", kind: "camera.firmware-changed", severity: "low", text });
  },

  says(facts, cx) {
    const { o, sees } = cx;
    const { health, supply } = sees;
    const isReached = (passed: number): boolean => cx.ended(passed) !== null;
    const cycle = cycleOf(o);
    const cycling = cycle === undefined ? facts.cycling : begun(facts.cycling, cycle, isReached);
    const isCut = cycle !== undefined && isOff(cycling, cycle, isReached);
    const isWithoutPower = supply?.known === true && !supply.value;
    const word = (answers: boolean): string =>
      answers ? "working" : isCut ? "restarting" : isWithoutPower ? "noPower" : "fault";
    const down = claimOf(health, (answers) => !answers, o.faultAfter);
    const givenUp = cycle === undefined ? null : givenUpAt(cycling, cycle);
    const end = givenUp === null ? null : cx.ended(givenUp);
    return {
      since: health.since,
      shows: {
        status: shown(health, word),
        firmware: sees.firmware && (facts.firmware ?? "unknown"),
        powerCycles: cycle && cycling.total,
      },
      claims: {
        // That it does not answer without power says nothing more; what was told before stands until it answers.
        "camera.fault": isWithoutPower ? later(down) : down,
        "camera.unrecovered": !health.known ? "unknown" : end !== null && held(end, 0, { times: cycling.tried }),
        "camera.no-power":
          supply === undefined
            ? false
            : isCut
              ? later(claimOf(supply, not, o.noPowerAfter))
              : claimOf(supply, not, o.noPowerAfter),
        "camera.unauthorised": sees.authorised === undefined ? false : claimOf(sees.authorised, not, o.unauthorisedAfter),
        "camera.clock": clockClaim(facts, sees.clock, o),
        "camera.tamper": sees.tamper === undefined ? false : claimOf(sees.tamper, (is) => is, 0),
      },
      wants: wantsOf(o, cycling, isCut),
    };
  },
});

/** Without a relay there is none. */
const cycleOf = (o: CameraOptions): CameraOptions["powerCycle"] => (o.power === undefined ? undefined : o.powerCycle);

const not = (is: boolean): boolean => !is;

type Sees = Readonly<Record<string, Seen<unknown> | undefined>>;

/** Nobody knows whether a recorder may be cut off: then it may not. */
const isForbidden = (sees: Sees): boolean =>
  UNLESS.some((role) => {
    const seen = sees[role];
    return seen !== undefined && (!seen.known || seen.value === true);
  });

/** While the device cannot be read at this moment, what stands stays and nothing new is told. */
function claimOf(seen: Seen<boolean>, isSo: (value: boolean) => boolean, afterMs: number): Claim {
  if (!seen.known) return "unknown";
  if (!isSo(seen.value)) return false;
  return seen.blind ? later(held(seen.since, afterMs)) : held(seen.since, afterMs);
}

const later = (claim: Claim): Claim =>
  typeof claim === "object" && "since" in claim ? { ...claim, due: Number.POSITIVE_INFINITY } : claim;

function clockClaim({ clockWrong }: Facts, seen: Seen<number> | undefined, o: CameraOptions): Claim {
  if (seen === undefined) return false;
  if (!seen.known) return "unknown";
  if (clockWrong === null) return false;
  const claim = held(clockWrong, o.clockAfter, { limit: formatDuration(o.clockWithin) });
  return seen.blind ? later(claim) : claim;
}

/** Before the first power-cycle the relay is nobody's affair; from then on the camera is powered, whatever happens to the gateway. */
function wantsOf(o: CameraOptions, { total }: Cycling, isCut: boolean): readonly Wanted[] {
  return o.power === undefined || total === 0 ? [] : [want(o.power, !isCut)];
}
