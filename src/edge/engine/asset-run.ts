/** One asset as its engine runs it: what its senses know, what its kind has learned, what is shown of it and what is saved. */
import type { Asset, AssetState, Quality, Value } from "../../model.ts";
import type { AnyKind, Context, Moment, Said, Seen, Sense, Spell, Uncertain } from "../kinds/kind.ts";
import type { ClaimState } from "./claims.ts";
import { dueOf, type SenseState, type SenseTimes, unseen } from "./senses.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What is saved of an asset: a cache of its past, which the tail that is stored after it brings up to date. */
export interface SavedAsset {
  readonly v: 1;
  /** Kind, version and senses: under another one the facts do not fit. */
  readonly print: string;
  /** The last numbers that it has heard. */
  readonly upTo: Heard;
  readonly facts: unknown;
  readonly senses: Readonly<Record<string, SenseState>>;
  readonly claims: Readonly<Record<string, ClaimState>>;
  readonly shown: Readonly<Record<string, Attribute>>;
  /** Ms of observation of what it heard last. */
  readonly heardAt: number;
  readonly at: number;
  readonly since: number;
  readonly atEpoch?: string;
  readonly sinceEpoch?: string;
}

/** What became of the saved state. `kept`: its facts stand; `none`: there was none; `aside`: there is one that does not fit. */
export type Restored = "kept" | "none" | "aside";

/** Up to which numbers of an epoch everything was heard. */
export interface Heard {
  readonly epoch: string;
  readonly readings: number;
  readonly events: number;
}

export interface Attribute {
  readonly value: Value;
  readonly quality: Quality;
  readonly code?: string;
}

/** Where an asset listens under one name. */
export interface Role {
  readonly name: string;
  readonly sense: Sense<unknown>;
  readonly times: SenseTimes;
}

/** What changes by time alone and is known outside: opening hours and pushed lists. Absent: nobody knows. */
export interface Answers {
  /** `from` and `to` in epoch ms. */
  hours?(text: string, wall: number): { readonly is: boolean; readonly from: number; readonly to: number } | undefined;
  listed?(
    list: string,
    asset: string,
    wall: number,
  ): { readonly is: boolean; readonly from: number; readonly to: number } | undefined;
  /** The local day, YYYY-MM-DD, and when it ends. */
  day?(wall: number, aheadDays: number): { readonly day: string; readonly to: number } | undefined;
}

export class AssetRun {
  readonly asset: Asset;
  readonly kind: AnyKind;
  readonly place: number;
  readonly print: string;
  readonly roles: readonly Role[];
  facts: unknown;
  senses: Record<string, SenseState> = {};
  claims: Record<string, ClaimState> = {};
  shown: Record<string, Attribute> = {};
  /** Epoch ms of the newest change of an attribute, and of the first one's; whose unsynchronised time each is in, if any's. */
  at = 0;
  since = 0;
  atEpoch: string | undefined;
  sinceEpoch: string | undefined;
  /** Ms of observation of what it heard last. */
  heardAt = 0;
  /** Number of its newest attribute record in this epoch. */
  seq = 0;
  /** A step of its kind threw, and none went well since; the last input that it threw at. */
  isFailed = false;
  failedStep = -1;
  /** What became of what was saved, and up to which numbers that had heard everything; null: nothing was saved that fits. */
  restored: Restored = "none";
  upTo: Heard | null = null;
  /** In the agenda: the earliest of the moments below and of its senses, ms of observation. */
  due = NEVER;
  slot = -1;
  /** When the kind is asked again. */
  again = NEVER;
  repeatAt = NEVER;
  saveAt = NEVER;
  showAt = NEVER;
  lastShown = Number.NEGATIVE_INFINITY;
  /** It was shown since its epoch opened. */
  isShown = false;

  constructor(asset: Asset, kind: AnyKind, place: number) {
    this.asset = asset;
    this.kind = kind;
    this.place = place;
    const senses = Object.entries(kind.senses(asset.options)) as [string, Sense<unknown> | undefined][];
    this.roles = senses.flatMap(([name, sense]) => {
      if (sense === undefined) return [];
      return [{ name, sense, times: { settleMs: sense.settleMs, silentAfterMs: asset.silentAfterMs[name] ?? 0 } }];
    });
    this.print = JSON.stringify([kind.kind, kind.version, this.roles.map(({ name, sense: { of, from } }) => [name, of, from])]);
    this.forget();
  }

  /** Nothing is known yet. */
  forget(): void {
    this.facts = this.kind.facts;
    this.senses = Object.fromEntries(this.roles.map(({ name }) => [name, unseen(0)]));
    this.claims = {};
  }

  get firstAttribute(): string {
    return Object.keys(this.kind.shows)[0] ?? "";
  }

  /** Why something of it is unknown; the first sense that is decides. */
  get why(): string {
    for (const { name } of this.roles) {
      const seen = this.senses[name]?.seen;
      if (seen?.known === false) return seen.code;
    }
    return this.isFailed ? "rule.failed" : "device.silent";
  }

  /** What an event of it names as its cause: what its first sense stands on. */
  get cause(): Readonly<Record<string, unknown>> {
    const [role] = this.roles;
    const seen = role && this.senses[role.name]?.seen;
    return role === undefined ? {} : { point: role.sense.from, value: seen?.known ? seen.value : null };
  }

  schedule(): void {
    let due = Math.min(this.again, this.repeatAt, this.saveAt, this.showAt);
    for (const { name, times } of this.roles) {
      const state = this.senses[name];
      if (state !== undefined) due = Math.min(due, dueOf(state, times));
    }
    this.due = due;
  }

  saved(upTo: Heard): SavedAsset {
    const { print, facts, senses, claims, shown, heardAt, at, since, atEpoch, sinceEpoch } = this;
    const epochs = { ...(atEpoch !== undefined && { atEpoch }), ...(sinceEpoch !== undefined && { sinceEpoch }) };
    // What is kept by reference until the commit must not change under it.
    return {
      v: 1,
      print,
      upTo,
      facts,
      senses: copied(senses),
      claims: { ...claims },
      shown: { ...shown },
      heardAt,
      at,
      since,
      ...epochs,
    };
  }

  /** What the platform is shown of it. */
  state(epoch: string, alarms: readonly string[]): AssetState {
    return {
      asset: this.asset.id,
      urn: this.asset.urn,
      epoch,
      seq: this.seq,
      at: this.at,
      since: this.since,
      clock: this.atEpoch !== undefined || this.sinceEpoch !== undefined ? "unsynced" : "synced",
      state: Object.fromEntries(Object.entries(this.shown).map(([name, { value }]) => [name, value])),
      quality: this.shown[this.firstAttribute]?.quality ?? "uncertain",
      alarms,
    };
  }
}

const copied = (senses: Readonly<Record<string, SenseState>>): Record<string, SenseState> =>
  Object.fromEntries(Object.entries(senses).map(([name, state]) => [name, { ...state }]));

/** The moment at which a kind is asked, and what it may ask; `again` is when time alone may change an answer that it was given. */
export class KindContext implements Context<unknown, Record<string, Sense<unknown>>> {
  readonly now: Moment;
  readonly o: unknown;
  readonly sees: Record<string, Seen<unknown>>;
  again = NEVER;
  readonly #asset: string;
  readonly #answers: Answers;

  constructor(run: AssetRun, now: Moment, answers: Answers) {
    this.now = now;
    this.o = run.asset.options;
    this.#asset = run.asset.id;
    this.#answers = answers;
    this.sees = {};
    for (const { name } of run.roles) {
      const state = run.senses[name];
      if (state !== undefined) this.sees[name] = state.seen;
    }
  }

  ended(passed: number): number | null {
    const at = passed - (this.now.passed - this.now.at);
    if (this.now.at >= at) return at;
    this.#until(at);
    return null;
  }

  beforeDay(day: string, aheadDays = 0): boolean | "unknown" {
    const today = this.now.synced ? this.#answers.day?.(this.now.wall, aheadDays) : undefined;
    if (today === undefined) return "unknown";
    this.#untilWall(today.to);
    return today.day < day;
  }

  open(hours: string): Spell {
    return this.#spell(this.#answers.hours?.(hours, this.now.wall));
  }

  listed(list: string): Spell {
    return this.#spell(this.#answers.listed?.(list, this.#asset, this.now.wall));
  }

  #spell(answer: ReturnType<NonNullable<Answers["hours"]>>): Spell {
    if (answer === undefined) return { is: "unknown", since: 0 };
    this.#untilWall(answer.to);
    return { is: this.now.synced ? answer.is : "unknown", since: this.now.at - (this.now.wall - answer.from) };
  }

  #untilWall(wall: number): void {
    this.#until(this.now.at + (wall - this.now.wall));
  }

  #until(at: number): void {
    if (at > this.now.at && at < this.again) this.again = at;
  }
}

export const isUncertain = (value: Value | Uncertain): value is Uncertain => typeof value === "object" && value !== null;
export type AnySaid = Said<string, string>;
