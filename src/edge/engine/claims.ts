/** Compares what a kind claims with its open alarms: raises, doubts and clears them, and gives them up. */
import { formatDuration } from "../../kit/text/format-duration.ts";
import type { Asset, EventDraft, Text } from "../../model/index.ts";
import type { AlarmDraft, Alarms } from "../alarms.ts";
import { alarmsOf, comesAndGoes, unstableOf } from "../kinds/alarm-table.ts";
import type { AlarmSpec, AnyKind, ByList, Claim, Held } from "../kinds/kind.ts";

/** An alarm whose asset cannot be observed for this long is given up: reason `lost`. */
const LOST_AFTER_MS = 86_400_000;

/** What must be known of an open alarm beside its row in the list: JSON. Times in ms of observation. */
export interface ClaimState {
  /** When it began, for its texts. */
  readonly since: number;
  /** When it is given up, while nobody can see; null: it is seen. */
  readonly lostAt: number | null;
}

/** How often a claim came lately, where it may become unstable: JSON. Times in ms of observation. */
export interface Flapping {
  /** When it was raised, the newest first. */
  readonly raised: readonly number[];
  /** While it stands as unstable: what it was last, and since when. */
  readonly holds?: boolean;
  readonly changed?: number;
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
  /** The point that is named as the cause, with its value: of this sense, or of the first one. */
  causeOf(sense?: string): Readonly<Record<string, unknown>>;
}

/** What comes of a claim: the state to keep (undefined: nothing is open), when to look again, and whether anything was said. */
export interface Outcome {
  readonly state: ClaimState | undefined;
  readonly due: number;
  readonly isTold: boolean;
  /** undefined: it did not come lately. */
  readonly flapping?: Flapping | undefined;
}

const NEVER = Number.POSITIVE_INFINITY;

/** What was kept of a claim. */
export interface Kept {
  readonly state: ClaimState | undefined;
  readonly flapping: Flapping | undefined;
}

/** One that comes and goes is told once as unstable, where its kind says what that is. */
export function settleClaim(claim: Claim, key: string, { state, flapping }: Kept, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  const unstable = of.kind.alarms[key]?.unstable;
  if (unstable === undefined) return settled(claim, key, state, of, alarms);
  if (alarms.isOpen(id, unstableOf(key))) return settleUnstable(claim, key, flapping, of, alarms);
  const recent = (flapping?.raised ?? []).filter((at) => at > of.at - unstable.withinMs);
  if (alarms.isOpen(id, key) || !isDue(claim, of.at))
    return { ...settled(claim, key, state, of, alarms), flapping: kept(recent) };
  if (recent.length + 1 < unstable.times)
    return { ...settled(claim, key, state, of, alarms), flapping: kept([of.at, ...recent]) };
  const { text } = draft(key, "raised", claim.since, claim.words, of);
  const told = unstableDraft(key, comesAndGoes(text, unstable), of);
  alarms.raise(id, unstableOf(key), { ...told, cause: of.causeOf(claim.by) }, of.mono);
  const due = of.at + unstable.withinMs;
  return { state: undefined, due, isTold: true, flapping: { raised: [], holds: true, changed: of.at } };
}

/** When it is to be looked at again after a restart: what fell due while no gateway ran is told in the order of its time. */
export function dueAfter(
  claim: Claim,
  key: string,
  { state, flapping }: Kept,
  of: Pick<Judged, "asset" | "kind"> & { readonly heardAt: number },
  alarms: Alarms,
): number {
  const { id } = of.asset;
  const dues = [state?.lostAt ?? NEVER];
  if (typeof claim === "object" && "due" in claim && !alarms.isOpen(id, key)) dues.push(Math.max(claim.due, of.heardAt));
  if (alarms.isOpen(id, unstableOf(key))) {
    const { withinMs = 0 } = of.kind.alarms[key]?.unstable ?? {};
    dues.push((flapping?.changed ?? of.heardAt) + (claim === "unknown" ? LOST_AFTER_MS : withinMs));
  }
  return Math.min(...dues);
}

const isDue = (claim: Claim, at: number): claim is Held => typeof claim === "object" && "due" in claim && claim.due <= at;

const kept = (raised: readonly number[]): Flapping | undefined => (raised.length === 0 ? undefined : { raised });

/** It ends when the claim has stayed what it is for long enough, when there is a reason that it is well, or when nobody could see for a day. */
function settleUnstable(claim: Claim, key: string, was: Flapping | undefined, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  const { withinMs = 0 } = of.kind.alarms[key]?.unstable ?? {};
  const { holds = true, changed = of.at } = was ?? {};
  const now = claim === "unknown" ? holds : isDue(claim, of.at);
  const since = now === holds ? changed : of.at;
  const end = since + (claim === "unknown" ? LOST_AFTER_MS : withinMs);
  const reason = typeof claim === "object" && "not" in claim ? claim.not : claim === "unknown" ? "lost" : "normal";
  if (of.at < end && !(typeof claim === "object" && "not" in claim)) {
    const next = typeof claim === "object" && "due" in claim && claim.due > of.at ? Math.min(end, claim.due) : end;
    return { state: undefined, due: next, isTold: false, flapping: { raised: [], holds: now, changed: since } };
  }
  alarms.clear(id, unstableOf(key), { ...unstableDraft(key, steadyText(of), of), reason }, of.mono);
  return { ...settled(claim, key, undefined, of, alarms), isTold: true };
}

function unstableDraft(key: string, text: Text, of: Judged): AlarmDraft {
  return { ...draft(key, "raised", of.at, {}, of), kind: unstableOf(key), text };
}

const steadyText = ({ asset, kind }: Judged): Text => ({
  it: `${kind.title.it} ${asset.name.it}: di nuovo stabile`,
  en: `${kind.title.en} ${asset.name.en}: steady again`,
});

function settled(claim: Claim, key: string, was: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const isOpen = alarms.isOpen(of.asset.id, key);
  const state = isOpen ? (was ?? { since: of.at, lostAt: null }) : undefined;
  if (claim === "unknown") return doubt(key, state, of, alarms);
  if (claim !== false && "due" in claim) return hold(claim, key, state, of, alarms);
  if (state === undefined) return { state: undefined, due: NEVER, isTold: false };
  const reason = claim === false ? "normal" : claim.not;
  const by = claim === false ? {} : claim;
  alarms.clear(of.asset.id, key, { ...draft(key, "cleared", state.since, {}, of, by), reason }, of.mono);
  return { state: undefined, due: NEVER, isTold: true };
}

function hold(claim: Held, key: string, state: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  if (state !== undefined) {
    if (state.lostAt === null) return { state, due: NEVER, isTold: false };
    alarms.update(
      id,
      key,
      { ...draft(key, "raised", state.since, claim.words, of, claim), quality: "good", cause: of.causeOf(claim.by) },
      of.mono,
    );
    return { state: { ...state, lostAt: null }, due: NEVER, isTold: true };
  }
  // Times are whole milliseconds everywhere: the store takes no others.
  if (of.at < claim.due) return { state: undefined, due: Math.ceil(claim.due), isTold: false };
  const since = Math.round(claim.since);
  const told = draft(key, "raised", since, claim.words, of, claim);
  alarms.raise(id, key, { ...told, sinceMono: of.monoOf(since), quality: "good", cause: of.causeOf(claim.by) }, of.mono);
  return { state: { since, lostAt: null }, due: NEVER, isTold: true };
}

/** Clears alarms that a former kind or version raised and that the present one does not know. `but`: one that is not the kind's to claim. */
export function clearOrphans({ asset, kind }: Pick<Judged, "asset" | "kind">, but: string, alarms: Alarms, mono: number): void {
  const { id, name } = asset;
  for (const { key, kind: of, severity } of alarms.ofOwner(id)) {
    if (key === but || Object.hasOwn(alarmsOf(kind), key)) continue;
    const text = { it: `${name.it}: ${of} non si valuta più`, en: `${name.en}: ${of} is no longer judged` };
    alarms.clear(id, key, { kind: of, severity, asset: id, text, reason: "removed", extra: placeOf(asset) }, mono);
  }
}

function doubt(key: string, state: ClaimState | undefined, of: Judged, alarms: Alarms): Outcome {
  const { id } = of.asset;
  if (state === undefined) return { state: undefined, due: NEVER, isTold: false };
  if (state.lostAt === null) {
    const cause = { ...of.causeOf(), code: of.why };
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
  { list }: ByList = {},
): AlarmDraft {
  const spec = of.kind.alarms[key] as AlarmSpec;
  return {
    kind: key,
    severity: spec.severity,
    ...(spec.urgent && { urgent: spec.urgent }),
    asset: of.asset.id,
    text: filled(spec[which] ?? spec.raised, since, words ?? {}, of),
    extra: { ...placeOf(of.asset), ...(list && { list }) },
  };
}

/** Fields that every event of an asset carries. */
export const placeOf = ({ urn, place }: Asset): NonNullable<EventDraft["extra"]> => ({
  urn,
  ...(place !== undefined && { place }),
});

function filled(text: Text, since: number, words: NonNullable<Held["words"]>, { asset, kind, at, why }: Judged): Text {
  const reason = whyText(why);
  const own = kind.words?.(asset.options) ?? {};
  const fill = (lang: keyof Text): string =>
    text[lang].replace(/\{(\w+)\}/g, (whole, name: string) => {
      if (name === "name") return asset.name[lang];
      if (name === "for") return formatDuration(Math.max(0, at - since));
      if (name === "why") return reason[lang];
      const word = words[name] ?? own[name] ?? whole;
      return String(typeof word === "object" ? word[lang] : word);
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
  if (code === "list.missing") return { it: "manca la lista da consultare", en: "there is no list to look it up in" };
  if (code === "clock.unsynced") return { it: "l'ora esatta non è nota", en: "the right time is not known" };
  if (code === "rule.failed") return { it: "la regola ora non funziona", en: "its rule does not work now" };
  if (code.startsWith("sensor.")) return { it: "il sensore ora non vede nulla", en: "the sensor sees nothing now" };
  return { it: "il sensore ora non si legge", en: "the sensor cannot be read now" };
}
