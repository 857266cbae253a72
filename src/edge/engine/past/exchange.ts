/** Lets assets go on, begin or end when another configuration comes into force while the gateway runs. */
import { isDeepStrictEqual } from "node:util";
import type { Alarms } from "../../alarms.ts";
import type { WallTime } from "../../commit/record-numbers.ts";
import type { SiteAsset } from "../../kinds/index.ts";
import { AssetRun } from "../asset/asset-run.ts";
import type { RunKeeper } from "../asset/run-keeper.ts";
import { restore, savedOf } from "../asset/saved.ts";
import { clearOrphans } from "../claims.ts";
import type { InputDispatcher } from "../input-dispatcher.ts";
import { FAILED } from "../judge.ts";
import type { ListenerIndex } from "../listener-index.ts";
import type { Moments } from "../moments.ts";
import type { Orders } from "../orders.ts";

export interface ExchangeParts {
  readonly alarms: Alarms;
  readonly listeners: ListenerIndex;
  readonly moments: Moments;
  readonly keeper: RunKeeper;
  readonly dispatcher: InputDispatcher;
  readonly orders: Orders;
}

export class Exchange {
  readonly #o: ExchangeParts;

  constructor(o: ExchangeParts) {
    this.#o = o;
  }

  /** What is unchanged goes on, what is gone ends. Returns those that are still to begin. */
  swap(assets: readonly SiteAsset[], mono: number): readonly AssetRun[] {
    const former = new Map([...this.#o.listeners.runs].map((run) => [run.asset.id, run]));
    this.#o.keeper.clear();
    const begun: AssetRun[] = [];
    const runs: AssetRun[] = [];
    assets.forEach((one, place) => {
      const was = former.get(one.asset.id);
      former.delete(one.asset.id);
      const isGoingOn = was !== undefined && isSame(was, one);
      const run = isGoingOn ? was : this.#made(one, place, was);
      runs.push(run);
      if (!isGoingOn) begun.push(run);
      else {
        run.place = place;
        run.slot = -1;
        this.#o.keeper.schedule(run);
      }
    });
    this.#o.listeners.replace(runs);
    for (const [id, run] of former) {
      this.#o.alarms.remove(id, mono);
      this.#o.keeper.drop(run);
    }
    return begun;
  }

  /** One of the same kind whose senses are what they were takes over what was known of it, as after a restart. */
  #made({ asset, kind }: SiteAsset, place: number, was: AssetRun | undefined): AssetRun {
    const run = new AssetRun(asset, kind, place);
    if (was?.kind.kind !== kind.kind) return run;
    restore(run, structuredClone(savedOf(was, { n: this.#o.keeper.epoch.n, ...this.#o.keeper.heard })));
    run.seq = was.seq;
    return run;
  }

  /** What was learned of the past is brought up to now without a word; what is, they say when they are asked, which is due at once. */
  begin(begun: readonly AssetRun[], mono: number, wall: WallTime): void {
    this.#o.moments.inputs += 1;
    const at = this.#o.moments.at(mono);
    for (const run of begun) {
      run.begins(wall);
      run.isFailed = this.#o.alarms.isOpen(run.asset.id, FAILED);
      if (run.restored === "kept") this.#o.dispatcher.clock(run, at);
      else this.#o.dispatcher.silently(this.#o.moments.moment(at), () => this.#o.dispatcher.live(run, at));
      run.restored = "kept";
      clearOrphans(run, FAILED, this.#o.alarms, mono);
      run.again = run.repeatAt = at;
      this.#o.orders.schedule(run);
      this.#o.keeper.schedule(run);
      this.#showAgain(run, at);
    }
  }

  /** What it listens to of other assets is told again: they may have nothing new to say for long. */
  #showAgain(listener: AssetRun, at: number): void {
    for (const { sense } of listener.roles) {
      const [source = ""] = sense.from.split(".");
      const run = this.#o.listeners.of(source);
      if (run === undefined) continue;
      run.repeatAt = at;
      this.#o.keeper.schedule(run);
    }
  }
}

const isSame = (run: AssetRun, { asset, kind }: SiteAsset): boolean =>
  run.kind.kind === kind.kind && run.kind.version === kind.version && isDeepStrictEqual(run.asset, asset);
