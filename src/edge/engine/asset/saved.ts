/** Writes what is saved of an asset as briefly as it can be, and takes it up again, checked. */
import { isDeepStrictEqual } from "node:util";
import type { Quality, Value } from "../../../model/index.ts";
import type { Seen } from "../../kinds/kind.ts";
import type { ClaimState, Flapping } from "../claims.ts";
import { type SenseState, unseen } from "../senses.ts";
import { PRINT } from "./asset-key.ts";
import type { AssetRun, Attribute, Heard, Restored } from "./asset-run.ts";
import { mustBeJson } from "./must-be-json.ts";
import type { Want } from "./want.ts";

/**
 * A cache of the asset's past, which the tail that is stored after it brings up to date. It is written with each decision, to a card that
 * wears: so the keys are short, and what is as at the beginning is left out.
 */
export interface SavedAsset {
  /** See `printOf`. */
  readonly p: string;
  /** Number of the epoch, and the last numbers of its two streams that were heard. */
  readonly u: readonly [epoch: number, readings: number, events: number];
  /** Ms of observation of what it heard last. */
  readonly h: number;
  /** The facts. Those that are named at the beginning and null now are left out. */
  readonly f?: unknown;
  /** Senses: a value that nobody doubts as [value, ms before `h`], all else whole. */
  readonly s?: Readonly<Record<string, readonly [value: unknown, age: number] | SenseState>>;
  readonly c?: Readonly<Record<string, ClaimState>>;
  /** Claims that came lately. */
  readonly x?: Readonly<Record<string, Flapping>>;
  /** What is wanted of other things. */
  readonly o?: Readonly<Record<string, Want>>;
  /** Attributes as they are shown: a good value bare, any other with its quality and code. */
  readonly w?: Readonly<Record<string, Value | readonly [value: Value, quality: Quality, code?: string]>>;
  /** Epoch ms of the newest change of an attribute, and how long before that the first one began. */
  readonly t?: readonly [at: number, before: number];
  /** In whose unsynchronised time these two are, if in anybody's. */
  readonly e?: readonly [at: string | null, since: string | null];
}

export function savedOf(run: AssetRun, { n, readings, events }: Heard): SavedAsset {
  const { heardAt, claims, flapping, wants, atEpoch, sinceEpoch } = run;
  const facts = factsOf(run);
  const senses = sensesOf(run);
  const shown = Object.entries(run.shown).map(([name, { value, quality, code }]) => [
    name,
    quality === "good" ? value : [value, quality, ...(code === undefined ? [] : [code])],
  ]);
  // What is kept by reference until the commit must not change under it.
  return {
    p: run.print,
    u: [n, readings, events],
    h: heardAt,
    ...(facts !== undefined && { f: facts }),
    ...(senses.length > 0 && { s: Object.fromEntries(senses) }),
    ...(Object.keys(claims).length > 0 && { c: { ...claims } }),
    ...(Object.keys(flapping).length > 0 && { x: { ...flapping } }),
    ...(Object.keys(wants).length > 0 && { o: { ...wants } }),
    ...(shown.length > 0 && { w: Object.fromEntries(shown) }),
    ...(run.at !== 0 && { t: [run.at, run.at - run.since] as const }),
    ...((atEpoch ?? sinceEpoch) !== undefined && { e: [atEpoch ?? null, sinceEpoch ?? null] as const }),
  };
}

/** undefined: there are none. */
function factsOf({ facts, kind: { facts: first } }: AssetRun): unknown {
  if (!isRecord(facts) || !isRecord(first)) return facts ?? undefined;
  return Object.fromEntries(Object.entries(facts).filter(([name, fact]) => fact !== null || !Object.hasOwn(first, name)));
}

function sensesOf({ senses, heardAt }: AssetRun): [string, readonly [unknown, number] | SenseState][] {
  return Object.entries(senses).flatMap(([name, { seen, pending }]): ReturnType<typeof sensesOf> => {
    if (pending !== null || !seen.known || seen.blind || seen.doubt !== null) {
      const isUntouched = pending === null && isDeepStrictEqual(seen, unseen(0).seen);
      return isUntouched ? [] : [[name, { seen, pending }]];
    }
    return [[name, [seen.value, heardAt - seen.since]]];
  });
}

/** Fills a run. Its facts must be learned again from the past unless they were kept. */
export function restore(run: AssetRun, raw: unknown): void {
  run.restored = take(run, raw);
}

/** What does not fit is set aside, and never keeps a gateway from starting. */
function take(run: AssetRun, raw: unknown): Restored {
  if (raw === undefined || raw === null) return "none";
  if (!isWhole(raw)) return "aside";
  // What people were shown stands whatever became of the kind.
  run.shown = shownIn(raw, run.kind.shows);
  const [at, before] = raw.t ?? [0, 0];
  const [atEpoch, sinceEpoch] = raw.e ?? [null, null];
  Object.assign(run, { at, since: at - before, atEpoch: atEpoch ?? undefined, sinceEpoch: sinceEpoch ?? undefined });
  if (run.fault !== undefined) return "kept";
  // What was ordered happened, whatever became of the facts: it is not to be ordered again.
  run.wants = wantsIn(raw);
  const facts = raw.p === run.print ? factsIn(run, raw) : migratedFacts(run, raw);
  if (facts === undefined) return "aside";
  run.facts = facts;
  run.claims = { ...raw.c };
  run.flapping = { ...raw.x };
  run.heardAt = raw.h;
  for (const { name } of run.roles) {
    const state = senseIn(raw.s?.[name], raw.h);
    if (state !== undefined) run.senses[name] = state;
  }
  const [n, readings, events] = raw.u;
  run.upTo = { n, readings, events };
  return "kept";
}

function factsIn({ kind: { facts: first } }: AssetRun, { f = null }: SavedAsset): unknown {
  if (!isRecord(f) || !isRecord(first)) return f;
  return { ...Object.fromEntries(Object.keys(first).map((name) => [name, null])), ...f };
}

/** Facts of an earlier version of the same kind with the same senses, where the kind can take them over: as they are saved. */
function migratedFacts(run: AssetRun, saved: SavedAsset): unknown {
  const [, version, made] = PRINT.exec(saved.p) ?? [];
  if (made !== PRINT.exec(run.print)?.[2]) return undefined;
  try {
    const facts: unknown = run.kind.migrate?.(saved.f ?? null, Number(version));
    if (facts !== undefined) mustBeJson("facts", facts);
    return facts;
  } catch {
    return undefined;
  }
}

function shownIn({ w = {} }: SavedAsset, shows: Readonly<Record<string, unknown>>): Record<string, Attribute> {
  const shown: Record<string, Attribute> = {};
  for (const [name, written] of Object.entries(w)) {
    if (!Object.hasOwn(shows, name)) continue;
    if (!isList(written)) shown[name] = { value: written, quality: "good" };
    else {
      const [value, quality, code] = written;
      shown[name] = { value, quality, ...(code !== undefined && { code }) };
    }
  }
  return shown;
}

function wantsIn({ o = {} }: SavedAsset): Record<string, Want> {
  const isWant = (want: Want) => isRecord(want) && ["boolean", "number"].includes(typeof want.value);
  return Object.fromEntries(Object.entries(o).filter(([, want]) => isWant(want)));
}

function senseIn(written: NonNullable<SavedAsset["s"]>[string] | undefined, heardAt: number): SenseState | undefined {
  if (written === undefined) return undefined;
  if (!isList(written)) return isSeen(written.seen) ? { ...written } : undefined;
  const [value, age] = written;
  return { seen: { known: true, value, since: heardAt - age, blind: false, doubt: null }, pending: null };
}

function isWhole(raw: unknown): raw is SavedAsset {
  if (!isRecord(raw)) return false;
  const { p, u, h, s = {}, c = {}, x = {}, o = {}, w = {}, t = [0, 0] } = raw as Partial<SavedAsset>;
  const numbers = (list: unknown, count: number) =>
    Array.isArray(list) && list.length === count && list.every((one) => Number.isFinite(one));
  return (
    typeof p === "string" &&
    PRINT.test(p) &&
    numbers(u, 3) &&
    Number.isFinite(h) &&
    [s, c, x, o, w].every(isRecord) &&
    numbers(t, 2)
  );
}

const isSeen = (seen: Seen<unknown> | undefined): boolean =>
  isRecord(seen) && typeof seen["known"] === "boolean" && Number.isFinite(seen["since"]);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isList = <T>(value: T): value is Extract<T, readonly unknown[]> => Array.isArray(value);
