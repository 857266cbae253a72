/** One asset as its engine runs it: what its senses know, what its kind has learned, what is shown of it and what is saved. */
import type { Asset, AssetState, EpochInfo, Quality, Restated, Value } from "../../../model/index.ts";
import type { WallTime } from "../../commit/record-numbers.ts";
import type { AnyKind, Sense } from "../../kinds/kind.ts";
import { restated } from "../../time/restated.ts";
import type { ClaimState, Flapping } from "../claims.ts";
import { isOfClock } from "../clock-senses.ts";
import { dueOf, type SenseState, type SenseTimes, sourceOf, unseen } from "../senses.ts";
import { printOf } from "./asset-key.ts";
import { mustBeJson } from "./must-be-json.ts";
import type { Want } from "./want.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** What became of the saved state. `kept`: its facts are in use; `none`: there was none; `aside`: it does not fit, and was put aside. */
export type Restored = "kept" | "none" | "aside";

export type Epoch = Pick<EpochInfo, "id" | "n">;

/** Up to which numbers of an epoch, the `n`th of its file, everything was heard. */
export interface Heard {
  readonly n: number;
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

export class AssetRun {
  readonly asset: Asset;
  readonly kind: AnyKind;
  /** In the configuration. */
  place: number;
  /** Above that of every asset that it listens to. */
  rank = 0;
  readonly print: string;
  readonly roles: readonly Role[];
  /** Why it hears nothing: its kind threw when it was asked for its senses. What was saved of it then stays as it is. */
  fault: unknown;
  facts: unknown;
  senses: Record<string, SenseState> = {};
  claims: Record<string, ClaimState> = {};
  flapping: Record<string, Flapping> = {};
  shown: Record<string, Attribute> = {};
  /** What its kind wants other things to be, by `device.point`. */
  wants: Record<string, Want> = {};
  /**
   * Epoch ms of the newest change of an attribute, and of the first attribute's last change; for each the epoch in whose unsynchronised time it is,
   * if any.
   */
  at = 0;
  since = 0;
  atEpoch: string | undefined;
  sinceEpoch: string | undefined;
  /** Ms of observation of what it heard last. */
  heardAt = 0;
  /** Number of its newest attribute record in this epoch. */
  seq = 0;
  /** Whether a step of its kind threw and none succeeded since; and the last input at which it threw. */
  isFailed = false;
  failedAt = -1;
  /** What became of the saved state, and up to which record it had heard everything; null: no saved state that fits. */
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
  orderAt = NEVER;
  /** When one of its senses of the clock is something else; before it was looked at: never. */
  clockAt = NEVER;
  lastShown = Number.NEGATIVE_INFINITY;
  /** It was shown since its epoch opened. */
  isShown = false;

  constructor(asset: Asset, kind: AnyKind, place: number) {
    this.asset = asset;
    this.kind = kind;
    this.place = place;
    this.roles = this.#sensesOf(asset, kind).flatMap(([name, sense]) => {
      if (sense === undefined) return [];
      return [{ name, sense, times: { settleMs: sense.settleMs, silentAfterMs: asset.silentAfterMs[name] ?? 0 } }];
    });
    const heard = this.roles.map(({ name, sense: { of, from } }) => [name, of, from]);
    this.print = printOf(kind.kind, kind.version, heard);
    this.forget();
  }

  /** A kind that cannot say what it listens to costs its own asset, and never a start. */
  #sensesOf({ options }: Asset, kind: AnyKind): [string, Sense<unknown> | undefined][] {
    try {
      mustBeJson("facts", kind.facts);
      return Object.entries(kind.senses(options));
    } catch (error) {
      this.fault = error ?? new Error("nothing was thrown as an error");
      return [];
    }
  }

  /** Nothing is known yet. */
  forget(): void {
    this.facts = this.kind.facts;
    this.senses = Object.fromEntries(this.roles.map(({ name }) => [name, unseen(0)]));
    this.claims = {};
  }

  /** What it is it is since now, unless that is known. */
  begins({ wall, epoch }: Pick<WallTime, "wall" | "epoch">): void {
    if (this.at !== 0) return;
    this.at = this.since = wall;
    this.atEpoch = this.sinceEpoch = epoch;
  }

  /** What it is: its `since` and quality are those of the whole. */
  get firstAttribute(): string {
    return this.kind.is?.(this.asset.options) ?? Object.keys(this.kind.shows)[0] ?? "";
  }

  /** Why something of the asset is unknown: the first unknown sense says it. A reader that was shown no badge is no reason. */
  why(synced: boolean): string {
    for (const { name, sense } of this.roles) {
      if (sense.of === "badge") continue;
      const seen = this.senses[name]?.seen;
      if (seen?.known === false) return seen.code;
    }
    // Every sense is known, so the reason is the kind's own failure, a calendar answer that needs a synchronised clock, or a list.
    if (this.isFailed) return "rule.failed";
    return synced ? "list.missing" : "clock.unsynced";
  }

  /** What an event of it names as its cause: what this sense stands on, or the first one. */
  causeOf(name?: string): Readonly<Record<string, unknown>> {
    const role = this.roles.find((one) => (name === undefined ? !isOfClock(one.sense) : one.name === name));
    if (role === undefined) return {};
    const { source, point } = sourceOf(role.sense);
    const seen = this.senses[role.name]?.seen;
    return { device: source, point, value: seen?.known ? seen.value : null };
  }

  schedule(): void {
    let due = Math.min(this.again, this.repeatAt, this.saveAt, this.showAt, this.orderAt, this.clockAt);
    for (const { name, times } of this.roles) {
      const state = this.senses[name];
      if (state !== undefined) due = Math.min(due, dueOf(state, times));
    }
    this.due = due;
  }

  /** Something became known of the time of an epoch. True: one of its moments was noted in it. */
  restate(of: Restated): boolean {
    const [at, since] = [this.atEpoch === of.epoch, this.sinceEpoch === of.epoch];
    if (at) ({ wall: this.at, epoch: this.atEpoch } = { epoch: undefined, ...restated(this.at, of) });
    if (since) ({ wall: this.since, epoch: this.sinceEpoch } = { epoch: undefined, ...restated(this.since, of) });
    return at || since;
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
