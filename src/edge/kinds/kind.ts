/** What an asset kind is made of: what it perceives, what it learns from that, and what it then says. */
import type * as z from "zod";
import type { Args, ClearReason, CommandSpec, Severity, Text, Value } from "../../model/index.ts";

/** Two times that never go back, over reboots too, so that no kind ever shifts a time of its own. */
export interface Moment {
  /** Ms of observation: stands still while the machine was off. For graces, stays and flows. */
  readonly at: number;
  /** Ms with the time off counted where it is known. For expiries and cooldowns. */
  readonly passed: number;
  /** Epoch ms, to be trusted only when `synced`. */
  readonly wall: number;
  readonly synced: boolean;
}

// ---------------------------------------------------------------- what it perceives

/** What a sense knows now; `since` in ms of observation (`Moment.at`). */
export type Seen<T> = Known<T> | Unknown<T>;

export interface Known<T> {
  readonly known: true;
  readonly value: T;
  readonly since: number;
  /** The sensor cannot see at this moment, but not yet for long enough to make the value unknown. Meanwhile no alarm may be raised. */
  readonly blind: boolean;
  /** Blind for longer than a change takes to settle: the code that says why. */
  readonly doubt: string | null;
}

export interface Unknown<T> {
  readonly known: false;
  readonly value?: undefined;
  readonly since: number;
  /** Why nobody knows: `device.silent`, or the code of the last bad reading. */
  readonly code: string;
  /** What the device or the site presumes instead. */
  readonly presumed?: T;
}

/** One role of an asset: where it listens and how. Debounce, quality, silence and time off are the engine's affair. */
export interface Sense<T> {
  readonly of: "state" | "word" | "value" | "badge" | "quarter" | "daily";
  /** `device.point` or `asset.attribute`; of a badge its reader; of a daily stretch its hours; of quarter-hours nothing. */
  readonly from: string;
  /** How long a new value must stand before it counts, ms. */
  readonly settleMs: number;
  /** Of a badge: the list that is asked. */
  readonly list?: string;
  /** Codes of uncertain readings whose value is taken as presumed. */
  readonly presumes?: readonly string[];
  /** Carries the type only. */
  readonly type?: T;
}

export type Senses = Readonly<Record<string, Sense<unknown> | undefined>>;

/** True or false, heard when it changes. */
export const state = (from: string, more: { readonly settleMs?: number; readonly presumes?: readonly string[] } = {}) =>
  ({ of: "state", from, settleMs: 0, ...more }) satisfies Sense<boolean> as Sense<boolean>;
/** One word of a few, heard when it changes. */
export const word = (from: string, settleMs = 0): Sense<string> => ({ of: "word", from, settleMs });
/** A number, heard at every reading. */
export const value = (from: string): Sense<number> => ({ of: "value", from, settleMs: 0 });
/** What a reader was shown, judged by the list in force; heard each time. The number itself never comes here. */
export const badge = (reader: string, list: string): Sense<Verdict> => ({ of: "badge", from: reader, list, settleMs: 0 });
/** The quarter-hour that runs, as the epoch ms of its beginning; heard when one begins. After a time off only the one that runs then. */
export const quarter = (): Sense<number> => ({ of: "quarter", from: "", settleMs: 0 });
/** Whether hours such as 22:00-06:00 run; heard at their beginning and their end. */
export const daily = (hours: string): Sense<boolean> => ({ of: "daily", from: hours, settleMs: 0 });
/** A sense that a site may leave out. */
export const optional = <A, T>(from: A | undefined, make: (from: A) => Sense<T>): Sense<T> | undefined =>
  from === undefined ? undefined : make(from);

export interface Verdict {
  readonly verdict: "valid" | "expired" | "revoked" | "unknown";
  /** Of the list that was asked; null: there is none here, so nobody can say that the badge is not in it. */
  readonly version: number | null;
  /** In ms of `Moment.passed`; null: to the end of the stay. */
  readonly until: number | null;
  /** The list is older than its sender allows. */
  readonly isStale?: true;
}

/** An answer that time alone changes; `since` in ms of observation. */
export interface Spell {
  readonly is: boolean | "unknown";
  readonly since: number;
  /** A list was asked that is older than its sender allows. */
  readonly isStale?: true;
}

// ---------------------------------------------------------------- what it says

/** false: all is well. "unknown": nobody can see; what stands stays, in doubt. `not`: well, for this reason. */
export type Claim = false | "unknown" | Held | ({ readonly not: ClearReason } & ByList);

/** Its events say that it was judged by a list that is older than its sender allows. */
export interface ByList {
  readonly list?: "stale";
}

export interface Held extends ByList {
  /** When it began, ms of observation. */
  readonly since: number;
  /** When it is told, if it still holds: never earlier. */
  readonly due: number;
  /** Words for the texts, beside `{name}`, `{for}` and `{why}`. */
  readonly words?: Readonly<Record<string, string | number | Text>>;
  /** The sense on which it stands: its event names that one's point as the cause. Absent: the first sense. */
  readonly by?: string;
}

export const held = (since: number, afterMs = 0, words?: Held["words"], by?: string): Held => ({
  since,
  due: since + afterMs,
  ...(words && { words }),
  ...(by !== undefined && { by }),
});

export interface AlarmSpec {
  readonly severity: Severity;
  /** Its events are copied to `urgent`, during maintenance too. Critical ones are so without this, but not during maintenance. */
  readonly urgent?: true;
  /** `{name}` of the asset, `{for}` how long it has lasted, and the words of the claim. */
  readonly raised: Text;
  /** While nobody can see whether it still holds; `{why}` says why. Absent: as `raised`. */
  readonly doubted?: Text;
  readonly cleared: Text;
  /** What whoever is sent there does: the runbook's line. */
  readonly todo: Text;
  /** Raised so often within this time, ms, it is told once as `….unstable`, until it has stayed what it is for as long. */
  readonly unstable?: { readonly times: number; readonly withinMs: number };
}

export interface ShownSpec {
  /** UCUM code; empty for text and truth. */
  readonly unit: string;
  /** state: true or false, word: one of a few; both told at once. gauge, counter: at most once a second. interval: one record for each `measure`. */
  readonly kind: "state" | "word" | "gauge" | "counter" | "interval";
  /** Smallest change of a number that is shown. */
  readonly change?: number;
  /** For its page: what it says, and of words which there are. */
  readonly meaning: string;
}

export interface CommandMeaning {
  readonly meaning: string;
  readonly args: Readonly<Record<string, string>>;
}

/** A value to be shown that nobody is sure of, and the code that says why. */
export interface Uncertain {
  readonly value: Value;
  readonly code: string;
}

export interface Assessment<T extends string, A extends string> {
  /** undefined: nothing to show, what was shown stands. */
  readonly shows: Readonly<Partial<Record<T, Value | Uncertain | undefined>>>;
  /** When the first attribute began, ms of observation; absent: now. */
  readonly since?: number;
  readonly claims: Readonly<Record<A, Claim>>;
  /** What other things should be told to be, each once: an order goes out when this changes, and again until it succeeded. */
  readonly wants?: readonly Wanted[];
}

/** `device.point` that takes such a value: an option made by `ref.output`, so that the configuration was checked for it. */
export type Output<V extends boolean | number> = string & { readonly [TAKES]: V };
declare const TAKES: unique symbol;

/** What one output should be told to be: see `want`. */
export interface Wanted {
  readonly output: Output<boolean | number>;
  readonly value: boolean | number;
}

export const want = <V extends boolean | number>(output: Output<V>, value: V): Wanted => ({ output, value });

/** What of an attribute is shown for a sense: its value in `words`, uncertain in doubt, "unknown" when nobody knows. */
export function shown<T>(seen: Seen<T>, words: (value: T) => Value): Value | Uncertain {
  if (seen.known) return seen.doubt === null ? words(seen.value) : { value: words(seen.value), code: seen.doubt };
  return { value: seen.presumed === undefined ? "unknown" : words(seen.presumed), code: seen.code };
}

export type Act =
  | { readonly do: "measure"; readonly name: string; readonly value: number; readonly complete: boolean }
  | { readonly do: "note"; readonly kind: string; readonly severity: Severity; readonly text: Text };

/** The facts that a kind learned, with records and events that are made once, at this moment: see `withActs`. */
export class Learned<F> {
  readonly facts: F;
  readonly acts: readonly Act[];

  constructor(facts: F, acts: readonly Act[]) {
    this.facts = facts;
    this.acts = acts;
  }
}

/** The facts that were learned, and what is measured or noted in this moment, once and never again. */
export const withActs = <F>(facts: F, ...acts: readonly Act[]): Learned<F> => new Learned(facts, acts);

type SeenBy<S> = S extends Sense<infer T> ? Seen<T> : undefined;

export interface Context<O, S extends Senses> {
  readonly now: Moment;
  /** Its name in the configuration. */
  readonly asset: string;
  readonly o: O;
  readonly sees: { readonly [R in keyof S]: SeenBy<S[R]> };
  // Each answer below is looked at again, by itself, when time alone changes it.
  /** When this moment of `passed` was reached, in ms of observation; null: it is still to come. */
  ended(passed: number): number | null;
  /** Whether today is before this local day (YYYY-MM-DD), `ahead` days added to today. */
  beforeDay(day: string, aheadDays?: number): boolean | "unknown";
  /** Whether these opening hours run. */
  open(hours: string): Spell;
  /** Whether an entry of a pushed list that names this asset holds. */
  listed(list: string): Spell;
}

export type Heard<S extends Senses> =
  | { [R in keyof S & string]: { readonly of: R; readonly seen: NonNullable<SeenBy<S[R]>> } }[keyof S & string]
  | { readonly of: "action"; readonly action: string; readonly args: Args };

/** Where in the options something is named that does not fit, and what is expected there. */
export interface Misfit {
  readonly at: readonly PropertyKey[];
  readonly what: Text;
}

/**
 * One kind of asset. Pure: the same facts, senses and moments give the same answer, live, after a restart and in replay.
 * `O` options, `S` senses, `F` facts (JSON), `T` attributes, `A` alarms.
 */
export interface Kind<O, S extends Senses, F, T extends string, A extends string> {
  readonly kind: string;
  /** Smart Data Models type of the retained state. */
  readonly model: string;
  /** Where that depends on the options. */
  modelOf?(options: O): string;
  readonly title: Text;
  /** Of the facts: under another one they begin anew from what the store remembers, unless `migrate` can take them over. */
  readonly version: number;
  readonly options: z.ZodType<O>;
  /** Options in use that this version parses but does not act upon, as dotted paths. */
  notYet?(options: O): readonly string[];
  /** Options in use that do nothing as long as others are not written, as dotted paths, each with those others. */
  idle?(options: O): Readonly<Record<string, readonly string[]>>;
  /** What it names that is there and does not fit. `of`: the options of another asset as they are written; undefined: there is none. */
  misfits?(options: O, of: (asset: string) => unknown): readonly Misfit[];
  senses(options: O): S;
  /** The first one is what the asset is: its `since` and quality are those of the retained state. */
  readonly shows: Readonly<Record<T, ShownSpec>>;
  /** Another attribute than the first, where that is not shown under these options. */
  is?(options: O): NoInfer<T>;
  readonly alarms: Readonly<Record<A, AlarmSpec>>;
  /** Words of all its texts that follow from the options, in both languages. */
  words?(options: O): Readonly<Record<string, Text>>;
  actions?(options: O): Readonly<Record<string, CommandSpec>>;
  /** What of the options the catalog may say. */
  statics?(options: O): Readonly<Record<string, unknown>>;
  readonly facts: F;
  /** Facts of an earlier version, or undefined where they cannot be taken over. Of those, what was null may be missing. */
  migrate?(facts: unknown, version: number): F | undefined;
  /** For its page: what each of its `actions` does, and what it is told with it. */
  readonly commands?: Readonly<Record<string, CommandMeaning>>;
  /** How much of the stored past must be heard again to know what is, ms of wall time, where no facts are left. */
  readonly lookBackMs: number;
  learn?(facts: F, heard: Heard<S>, context: Context<O, S>): F | Learned<F>;
  says(facts: F, context: Context<O, S>): Assessment<T, A>;
}

/** Gives a kind its types from what is written in it. */
export const assetKind = <O, S extends Senses, F, T extends string, A extends string>(kind: Kind<O, S, F, T, A>) => kind;

// biome-ignore lint/suspicious/noExplicitAny: options, senses and facts are known to their own kind only; the engine passes them through
export type AnyKind = Kind<any, any, any, any, any>;

/** The Smart Data Models type of one asset. */
export const modelOf = (kind: AnyKind, options: unknown): string => kind.modelOf?.(options) ?? kind.model;
