/** Makes what a kind claims and what stands open one and the same: raised when due, doubted, given up, cleared. */
import { formatDuration } from "../../kit/text/format-duration.ts";
import type { Asset, EventDraft, Text } from "../../model/index.ts";
import type { AlarmDraft, Alarms } from "../alarms.ts";
import type { AlarmSpec, AnyKind, Claim, Held } from "../kinds/kind.ts";

/** An alarm whose asset cannot be observed for this long is given up: reason `lost`. */
const LOST_AFTER_MS = 86_400_000;

/** What must be known of an open alarm beside its row in the list: JSON. Times in ms of observation. */
export interface ClaimState {
  /** When it began, for its texts. */
  readonly since: number;
  /** When it is given up, while nobody can see; null: it is seen. */
  readonly lostAt: number | null;
}

/** One asset at one moment. */
export interface Judged {
  readonly asset: Asset;
  readonly kind: AnyKind;
  readonly at: number;
  readonly mono: number;
  /** Turns ms of observation into kernel monotonic ms. */
  monoOf(at: number): number;
  /** The code for which a sense of it is unknown. */
  readonly why: string;
  /** The point that is named as the cause, with its value. */
  readonly cause: Readonly<Record<string, unknown>>;
}

/** What comes of a claim: the state to keep (undefined: nothing is open), when to look again, and whether anything was said. */
export interface Outcome {
  readonly state: ClaimState | undefined;
  readonly due: number;
  readonly isTold: boolean;
}

const NEVER = Number.POSITIVE_INFINITY;

export function settleClaim(claim: Claim, key: string, was: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const isOpen = alarms.isOpen(of.asset.id, key);
  const state = isOpen ? (was ?? { since: of.at, lostAt: null }) : undefined;
  if (claim === "unknown") return doubt(key, state, of, alarms);
  if (claim !== false && "due" in claim) return hold(claim, key, state, of, alarms);
  if (state === undefined) return { state: undefined, due: NEVER, isTold: false };
  const reason = claim === false ? "normal" : claim.not;
  alarms.clear(of.asset.id, key, { ...draft(key, "cleared", state.since, {}, of), reason }, of.mono);
  return { state: undefined, due: NEVER, isTold: true };
}

function hold(claim: Held, key: string, state: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  if (state !== undefined) {
    if (state.lostAt === null) return { state, due: NEVER, isTold: false };
    alarms.update(id, key, { ...draft(key, "raised", state.since, claim.words, of), quality: "good", cause: of.cause }, of.mono);
    return { state: { ...state, lostAt: null }, due: NEVER, isTold: true };
  }
  // Times are whole milliseconds everywhere: the store takes no others.
  if (of.at < claim.due) return { state: undefined, due: Math.ceil(claim.due), isTold: false };
  const since = Math.round(claim.since);
  const told = draft(key, "raised", since, claim.words, of);
  alarms.raise(id, key, { ...told, sinceMono: of.monoOf(since), quality: "good", cause: of.cause }, of.mono);
  return { state: { since, lostAt: null }, due: NEVER, isTold: true };
}

/** Alarms of a former kind or version that nothing claims any more. `but`: one that is not the kind's to claim. */
export function clearOrphans({ asset, kind }: Pick<Judged, "asset" | "kind">, but: string, alarms: Alarms, mono: number): void {
  const { id, name } = asset;
  for (const { key, kind: of, severity } of alarms.ofOwner(id)) {
    if (key === but || Object.hasOwn(kind.alarms, key)) continue;
    const text = { it: `${name.it}: ${of} non si valuta più`, en: `${name.en}: ${of} is no longer judged` };
    alarms.clear(id, key, { kind: of, severity, asset: id, text, reason: "removed", extra: placeOf(asset) }, mono);
  }
}

function doubt(key: string, state: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  if (state === undefined) return { state: undefined, due: NEVER, isTold: false };
  if (state.lostAt === null) {
    const cause = { ...of.cause, code: of.why };
    const told = draft(key, "doubted", state.since, {}, of);
    alarms.update(id, key, { ...told, quality: "uncertain", cause }, of.mono);
    const lostAt = of.at + LOST_AFTER_MS;
    return { state: { ...state, lostAt }, due: lostAt, isTold: true };
  }
  if (of.at < state.lostAt) return { state, due: state.lostAt, isTold: false };
  alarms.clear(id, key, { ...draft(key, "cleared", state.since, {}, of), text: lostText(of), reason: "lost" }, of.mono);
  return { state: undefined, due: NEVER, isTold: true };
}

function draft(
  key: string,
  which: "raised" | "doubted" | "cleared",
  since: number,
  words: Held["words"],
  of: Judged,
): AlarmDraft {
  const spec = of.kind.alarms[key] as AlarmSpec;
  return {
    kind: key,
    severity: spec.severity,
    asset: of.asset.id,
    text: filled(spec[which] ?? spec.raised, since, words ?? {}, of),
    extra: placeOf(of.asset),
  };
}

/** Fields that every event of an asset carries. */
export const placeOf = ({ urn, place }: Asset): NonNullable<EventDraft["extra"]> => ({
  urn,
  ...(place !== undefined && { place }),
});

function filled(text: Text, since: number, words: NonNullable<Held["words"]>, { asset, at, why }: Judged): Text {
  const reason = whyText(why);
  const fill = (lang: keyof Text): string =>
    text[lang].replace(/\{(\w+)\}/g, (whole, name: string) => {
      if (name === "name") return asset.name[lang];
      if (name === "for") return formatDuration(Math.max(0, at - since));
      if (name === "why") return reason[lang];
      return String(words[name] ?? whole);
    });
  return { it: fill("it"), en: fill("en") };
}

const lostText = ({ asset, kind }: Judged): Text => ({
  it: `${kind.title.it} ${asset.name.it}: non osservabile da 24 h`,
  en: `${kind.title.en} ${asset.name.en}: not observable for 24 h`,
});

/** Why nobody can see now. */
function whyText(code: string): Text {
  if (code === "device.silent") return { it: "il sensore ora tace", en: "the sensor is silent now" };
  if (code === "clock.unsynced") return { it: "l'ora esatta non è nota", en: "the right time is not known" };
  if (code === "rule.failed") return { it: "la regola ora non funziona", en: "its rule does not work now" };
  if (code.startsWith("sensor.")) return { it: "il sensore ora non vede nulla", en: "the sensor sees nothing now" };
  return { it: "il sensore ora non si legge", en: "the sensor cannot be read now" };
}
