/** Occupancy of one bay and confirmed permits go in; free | occupied | unknown and `bay.illegal-occupation` come out. Pure. */
import * as z from "zod";
import { duration, spoken } from "../../kit/quantities.ts";
import type { Asset, Now, Rule, RuleEffect, RuleInput, RuleState, Text } from "../../model.ts";

/** A badge shown up to this long before the sensor sees the car counts for the stay that follows. */
const SHOWN_BEFORE_MS = 120_000;
/** An alarm whose bay cannot be observed for this long is given up: reason `lost`. */
const LOST_AFTER_MS = 86_400_000;

const point = () =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*\.[a-z0-9][a-z0-9-]*$/, { error: "expected DEVICE.POINT, such as bay-014-sensor.presence" });

export const bayOptions = z.strictObject({
  reservedFor: z
    .enum(["disabled", "loading", "paid", "charging", "resident"])
    .optional()
    .describe("Who the bay is reserved for; `disabled` with `permits` raises bay.illegal-occupation."),
  occupancy: point().describe("The point that is true while a vehicle stands in the bay."),
  debounce: duration().prefault("5s").describe("How long a new occupancy must stand before the bay changes."),
  permits: z
    .strictObject({
      reader: z.string().optional().describe("Device that reads badges."),
      list: z.string().optional().describe("Permit list pushed by the platform."),
      grace: duration().prefault("5min").describe("Time to show a badge after occupying the bay."),
    })
    .optional(),
  hours: z.string().optional(),
  maxStay: duration().optional(),
  payments: z.strictObject({ station: z.string(), list: z.string(), grace: duration() }).optional(),
  charger: z.string().optional(),
  grace: duration().optional(),
});
export type BayOptions = z.output<typeof bayOptions>;

/** Options that parse but that this version does not act upon. */
export const bayNotYet = (o: BayOptions): readonly string[] => [
  ...(["hours", "maxStay", "payments", "charger"] as const).filter((name) => o[name] !== undefined),
  ...(["reader", "list"] as const).filter((name) => o.permits?.[name] !== undefined).map((name) => `permits.${name}`),
];

/** `presumed`: occupied by the site's word for what its sensor cannot see. It is shown, and nobody is accused by it. */
type Status = "free" | "occupied" | "presumed" | "unknown";
type Blind = "presumed" | "unknown";
type Timer = "settle" | "doubt" | "grace" | "lost" | "permit";

export interface BayState extends RuleState {
  readonly due: Readonly<Partial<Record<Timer, number>>> & Readonly<Record<string, number>>;
  readonly status: Status;
  /** `mono` at which the present status began on the wire, before debounce. */
  readonly since: number;
  /** What the sensor says now, until it has stood long enough. */
  readonly pending: { readonly to: Status; readonly since: number; readonly code?: string } | null;
  /** Begin of the present stay. */
  readonly stay: number | null;
  readonly permit: { readonly at: number; readonly until: number | null } | null;
  readonly alarm: "none" | "raised" | "uncertain";
  /** The status stands, and is shown as uncertain: it was not seen for some time. */
  readonly isDoubted?: boolean;
}

type Step = readonly [BayState, readonly RuleEffect[]];

export const parkingBay: Rule<BayOptions, BayState> = {
  kind: "parking-bay",
  model: "ParkingSpot",
  sources: (o) => ({ occupancy: o.occupancy }),
  attributes: { status: { unit: "" }, permit: { unit: "" } },
  commands: (o) => ({
    ...(watchesPermits(o) && {
      "permit.confirm": { args: { until: { type: "number" } }, impact: "low", safe: true },
    }),
  }),
  initial: () => ({ due: {}, status: "unknown", since: 0, pending: null, stay: null, permit: null, alarm: "none" }),

  step(state, input, now, asset) {
    switch (input.kind) {
      case "record":
        return observe(state, seen(input, now.mono), now, asset);
      case "device":
        return input.up ? [state, []] : become(state, { to: "unknown", since: now.mono, code: "device.silent" }, now, asset);
      case "timer":
        return onTimer(clearTimer(state, input.name), input.name, now, asset);
      case "command":
        return input.action === "permit.confirm" ? confirm(state, input.args["until"], now, asset) : [state, []];
      case "opened":
        return reopen(state, input, now, asset);
    }
  },
};

const watchesPermits = (o: BayOptions) => o.reservedFor === "disabled" && o.permits !== undefined;
const graceMs = (asset: Asset<BayOptions>) => asset.options.permits?.grace ?? 0;
const silentAfter = (asset: Asset<BayOptions>) => asset.silentAfterMs["occupancy"] ?? Number.POSITIVE_INFINITY;

type Seen = NonNullable<BayState["pending"]>;

const isBlind = (status: Status | undefined): status is Blind => status === "unknown" || status === "presumed";

/** Only a good value is an observation: a bad or doubtful one is a sensor that cannot see. */
function seen({ value, quality, code }: Extract<RuleInput, { kind: "record" }>, since: number): Seen {
  if (quality === "good" && typeof value === "boolean") return { to: value ? "occupied" : "free", since };
  const to: Blind = value === true && code === "sensor.nothing-in-range" ? "presumed" : "unknown";
  return { to, since, ...(code !== undefined && { code }) };
}

function observe(state: BayState, sight: Seen, now: Now, asset: Asset<BayOptions>): Step {
  const { to } = sight;
  if (to === state.status) {
    const seen = graceGoesOn(settled(state), now, asset);
    return [seen, state.isDoubted ? [{ do: "attribute", name: "status", value: to, quality: "good" }] : []];
  }
  if (state.pending?.to === to) return [state, []];
  const wait = to === "unknown" ? silentAfter(asset) : asset.options.debounce;
  if (wait === 0) return become(state, sight, now, asset);
  const pending = { ...settled(state), pending: sight, isDoubted: state.isDoubted === true };
  const timed = Number.isFinite(wait) ? setTimer(pending, "settle", now.mono + wait) : pending;
  const { debounce } = asset.options;
  return [isBlind(to) && !isBlind(state.status) && debounce < wait ? setTimer(timed, "doubt", now.mono + debounce) : timed, []];
}

/** Nothing waits to be decided any more. */
function settled(state: BayState): BayState {
  const { isDoubted: _, ...rest } = ["settle", "doubt"].reduce(clearTimer, { ...state, pending: null });
  return rest;
}

/** A grace that ended while the bay was out of sight, too shortly to be unknown: whoever is seen again has had it. */
function graceGoesOn(state: BayState, now: Now, asset: Asset<BayOptions>): BayState {
  const isDue = state.status === "occupied" && state.stay !== null && state.permit === null && state.alarm === "none";
  if (!isDue || state.due.grace !== undefined || !watchesPermits(asset.options)) return state;
  return setTimer(state, "grace", Math.max(now.mono, (state.stay ?? now.mono) + graceMs(asset)));
}

function become(state: BayState, { to, since, code = "device.silent" }: Seen, now: Now, asset: Asset<BayOptions>): Step {
  const before = settled(state);
  if (to === before.status) return [before, []];
  const next = { ...before, status: to, since };
  const shown: RuleEffect = {
    do: "attribute",
    name: "status",
    value: to === "presumed" ? "occupied" : to,
    sinceMono: since,
    ...(isBlind(to) ? { quality: "uncertain", code } : { quality: "good" }),
  };
  const [after, effects] =
    to === "occupied" ? arrive(next, since, now, asset) : to === "free" ? leave(next, asset) : lose(next, code, now, asset);
  return [after, [shown, ...effects]];
}

function arrive(state: BayState, since: number, now: Now, asset: Asset<BayOptions>): Step {
  if (!watchesPermits(asset.options)) return [{ ...state, stay: since }, []];
  const known = state.stay !== null;
  const permit = known || (state.permit !== null && state.permit.at >= since - SHOWN_BEFORE_MS) ? state.permit : null;
  const effects: RuleEffect[] =
    state.permit !== null && permit === null ? [{ do: "attribute", name: "permit", value: "none", quality: "good" }] : [];
  const stays = ["lost", "permit"].reduce(clearTimer, {
    ...state,
    stay: state.alarm === "none" ? since : (state.stay ?? since),
    permit,
  });
  if (state.alarm === "uncertain") {
    const again: BayState = { ...stays, alarm: "raised" };
    return [again, [...effects, alarm("update", again, now, asset)]];
  }
  if (permit === null) return [setTimer(stays, "grace", since + graceMs(asset)), effects];
  return [permit.until === null ? stays : setTimer(stays, "permit", permit.until), effects];
}

function leave(state: BayState, asset: Asset<BayOptions>): Step {
  const effects: RuleEffect[] = [];
  if (state.permit !== null) effects.push({ do: "attribute", name: "permit", value: "none", quality: "good" });
  if (state.alarm !== "none") effects.push(cleared("normal", asset));
  const empty: BayState = { ...state, stay: null, permit: null, alarm: "none" };
  return [["grace", "lost", "permit"].reduce(clearTimer, empty), effects];
}

/** Nobody sees the bay: what was said about a stay is kept, but no grace runs unobserved. */
function lose(state: BayState, code: string, now: Now, asset: Asset<BayOptions>): Step {
  const blind = clearTimer(state, "grace");
  if (blind.alarm !== "raised") return [blind, []];
  return [
    setTimer({ ...blind, alarm: "uncertain" }, "lost", now.mono + LOST_AFTER_MS),
    [alarm("update", { ...blind, alarm: "uncertain" }, now, asset, code)],
  ];
}

function onTimer(state: BayState, name: string, now: Now, asset: Asset<BayOptions>): Step {
  switch (name as Timer) {
    case "settle":
      return state.pending === null ? [state, []] : become(state, state.pending, now, asset);
    case "doubt": {
      const { pending, status } = state;
      if (!isBlind(pending?.to) || isBlind(status)) return [state, []];
      const code = pending?.code ?? "device.silent";
      return [{ ...state, isDoubted: true }, [{ do: "attribute", name: "status", value: status, quality: "uncertain", code }]];
    }
    case "grace":
      if (state.status !== "occupied" || state.permit !== null || state.alarm !== "none") return [state, []];
      // Nobody is accused of what is not seen in this moment.
      if (isBlind(state.pending?.to)) return [state, []];
      return [{ ...state, alarm: "raised" }, [alarm("raise", { ...state, alarm: "raised" }, now, asset)]];
    case "lost":
      return isBlind(state.status) && state.alarm !== "none"
        ? [{ ...state, alarm: "none", stay: null }, [cleared("lost", asset)]]
        : [state, []];
    case "permit": {
      const expired: BayState = { ...state, permit: null };
      const shown: RuleEffect = { do: "attribute", name: "permit", value: "expired", quality: "good" };
      return [state.status === "occupied" ? setTimer(expired, "grace", now.mono + graceMs(asset)) : expired, [shown]];
    }
  }
}

function confirm(state: BayState, until: unknown, now: Now, asset: Asset<BayOptions>): Step {
  // By a clock that may be wrong an end cannot be judged: one that is ahead would end it at once, and accuse. It holds until the car leaves.
  const judged = typeof until === "number" && now.synced;
  const ends = judged ? now.mono + Math.max(0, Math.round(until - now.wall)) : null;
  // Shown at an empty bay it waits only so long for the car.
  const waits = state.status === "free" ? Math.min(ends ?? Number.POSITIVE_INFINITY, now.mono + SHOWN_BEFORE_MS) : ends;
  const permitted: BayState = { ...clearTimer(state, "grace"), permit: { at: now.mono, until: ends }, alarm: "none" };
  const effects: RuleEffect[] = [{ do: "attribute", name: "permit", value: "valid", quality: "good" }];
  if (state.alarm !== "none") effects.push(cleared("normal", asset));
  const timed = clearTimer(permitted, "lost");
  return [waits === null ? clearTimer(timed, "permit") : setTimer(timed, "permit", waits), effects];
}

function reopen(
  state: BayState,
  { offMs, shiftMs }: Extract<RuleInput, { kind: "opened" }>,
  now: Now,
  asset: Asset<BayOptions>,
): Step {
  const moved = shiftMs === 0 ? state : shifted(state, shiftMs, offMs ?? 0);
  // Unobserved longer than the sensor may be silent: nobody knows whether it is the same car.
  if (offMs === null || offMs > silentAfter(asset))
    return become({ ...moved, pending: null }, { to: "unknown", since: now.mono }, now, asset);
  return [moved, []];
}

/** Brings times of an earlier boot into this one: stays and graces go on without the time off; a permit's end counts it. */
function shifted(state: BayState, by: number, offMs: number): BayState {
  const at = (mono: number) => mono + by;
  const due = Object.fromEntries(
    Object.entries(state.due).map(([name, mono]) => [name, at(mono) - (name === "permit" ? offMs : 0)]),
  );
  return {
    ...state,
    due,
    since: at(state.since),
    pending: state.pending && { ...state.pending, since: at(state.pending.since) },
    stay: state.stay === null ? null : at(state.stay),
    permit: state.permit && {
      at: at(state.permit.at) - offMs,
      until: state.permit.until === null ? null : at(state.permit.until) - offMs,
    },
  };
}

/** Why an alarm that stands is uncertain. */
function doubtOf(code: string): Text {
  if (code === "device.silent") return { it: ": il sensore ora tace", en: ": the sensor is silent now" };
  if (code.startsWith("sensor.")) return { it: ": il sensore ora non vede nulla", en: ": the sensor sees nothing now" };
  return { it: ": il sensore ora non si legge", en: ": the sensor cannot be read now" };
}

function alarm(action: "raise" | "update", state: BayState, now: Now, asset: Asset<BayOptions>, code?: string): RuleEffect {
  const since = state.stay ?? state.since;
  const lasted = spoken(Math.max(0, now.mono - since));
  const doubt: Text = code !== undefined ? doubtOf(code) : { it: ` da ${lasted}`, en: ` for ${lasted}` };
  return {
    do: action,
    key: "illegal-occupation",
    kind: "bay.illegal-occupation",
    severity: "high",
    text: {
      it: `Stallo disabili ${asset.name.it} occupato senza contrassegno${doubt.it}`,
      en: `Disabled bay ${asset.name.en} occupied without a badge${doubt.en}`,
    },
    sinceMono: since,
    quality: state.alarm === "uncertain" ? "uncertain" : "good",
    cause: {
      point: asset.options.occupancy,
      value: state.status === "occupied" ? true : null,
      ...(code !== undefined && { code }),
    },
  };
}

const cleared = (reason: "normal" | "lost", asset: Asset<BayOptions>): RuleEffect => ({
  do: "clear",
  key: "illegal-occupation",
  kind: "bay.illegal-occupation",
  severity: "high",
  reason,
  text:
    reason === "normal"
      ? { it: `Stallo disabili ${asset.name.it}: situazione regolare`, en: `Disabled bay ${asset.name.en}: in order again` }
      : {
          it: `Stallo disabili ${asset.name.it}: non osservabile da 24 h`,
          en: `Disabled bay ${asset.name.en}: not observable for 24 h`,
        },
});

function setTimer(state: BayState, name: Timer, mono: number): BayState {
  return { ...state, due: { ...state.due, [name]: mono } };
}

function clearTimer(state: BayState, name: string): BayState {
  if (!(name in state.due)) return state;
  const { [name]: _, ...due } = state.due;
  return { ...state, due };
}
