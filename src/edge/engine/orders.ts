/** Makes orders of what kinds want other things to be, and orders again what did not succeed. */
import { doubling } from "../../kit/loop/backoff.ts";
import type { Wanted } from "../kinds/kind.ts";
import type { AssetRun } from "./asset/asset-run.ts";
import type { RunKeeper } from "./asset/run-keeper.ts";
import type { Order, Want } from "./asset/want.ts";
import type { Moments } from "./moments.ts";
import type { OrderEnd } from "./past/lived.ts";

/** What did not succeed is ordered again after so long, then each time after twice as long. */
const AGAIN_FIRST_MS = 10_000;
const AGAIN_MAX_MS = 3_600_000;
const NEVER = Number.POSITIVE_INFINITY;

export interface OrderSink {
  /** Takes the order in with the commit that holds its reason. It answers later, never from within. */
  order(order: Order, mono: number): void;
}

export class Orders {
  readonly #sink: OrderSink;
  /** A device that is down gets no orders: they would only fail. */
  readonly #isDown: (device: string) => boolean;
  readonly #moments: Moments;
  readonly #keeper: Pick<RunKeeper, "epoch">;
  /** Orders given in an epoch; with its id the number makes a unique id, the same in replay. */
  #given = { epoch: "", count: 0 };

  constructor(sink: OrderSink, isDown: (device: string) => boolean, moments: Moments, keeper: Pick<RunKeeper, "epoch">) {
    this.#sink = sink;
    this.#isDown = isDown;
    this.#moments = moments;
    this.#keeper = keeper;
  }

  /** What a kind wants now. True: something is ordered, or not wanted any more. */
  want(run: AssetRun, wants: readonly Wanted[], at: number): boolean {
    let isChanged = false;
    for (const target of Object.keys(run.wants)) {
      if (wants.some(({ output }) => output === target)) continue;
      delete run.wants[target];
      isChanged = true;
    }
    for (const { output: target, value } of wants) {
      if (run.wants[target]?.value === value) continue;
      this.#order(run, target, { value }, at);
      isChanged = true;
    }
    if (isChanged) this.schedule(run);
    return isChanged;
  }

  #order(run: AssetRun, target: string, want: Want, at: number): void {
    if (this.#isDown(deviceOf(target))) {
      // It is ordered when its device is there again: see `up`.
      run.wants[target] = { ...want, again: at };
      return;
    }
    const epoch = this.#keeper.epoch.id;
    this.#given = { epoch, count: this.#given.epoch === epoch ? this.#given.count + 1 : 1 };
    const id = `rule/${run.asset.id}/${epoch}/${this.#given.count}`;
    run.wants[target] = { value: want.value, id, ...(want.failed !== undefined && { failed: want.failed }) };
    this.#sink.order({ id, target, value: want.value, by: run.asset.id }, this.#moments.mono(at));
  }

  /** How an order ended. False: it is of no want any more. */
  ended(run: AssetRun, { order, isDone }: OrderEnd, at: number): boolean {
    const [target, want] = Object.entries(run.wants).find(([, { id }]) => id === order) ?? [];
    if (target === undefined || want === undefined) return false;
    const failed = (want.failed ?? 0) + 1;
    const { value } = want;
    run.wants[target] = isDone ? { value } : { value, failed, again: at + waitOf(failed) };
    this.schedule(run);
    return true;
  }

  /** What waits and is due is ordered again. True: something was. */
  due(run: AssetRun, at: number): boolean {
    if (at < run.orderAt) return false;
    let isOrdered = false;
    for (const [target, want] of Object.entries(run.wants)) {
      if (want.again === undefined || at < want.again || this.#isDown(deviceOf(target))) continue;
      this.#order(run, target, want, at);
      isOrdered = true;
    }
    this.schedule(run);
    return isOrdered;
  }

  /** Sets its next moment: nothing is due of what is down. */
  schedule(run: AssetRun): void {
    run.orderAt = NEVER;
    for (const [target, { again = NEVER }] of Object.entries(run.wants))
      if (!this.#isDown(deviceOf(target))) run.orderAt = Math.min(run.orderAt, again);
  }

  /** A device is there again, or gone: what is wanted of it is due, or waits. True: it concerns this asset. */
  reached(run: AssetRun, device: string, at: number): boolean {
    let isAffected = false;
    for (const [target, want] of Object.entries(run.wants)) {
      if (deviceOf(target) !== device) continue;
      isAffected = true;
      if (want.again !== undefined && !this.#isDown(device)) run.wants[target] = { ...want, again: at };
    }
    if (isAffected) this.schedule(run);
    return isAffected;
  }
}

const deviceOf = (target: string): string => target.slice(0, target.indexOf("."));

const waitOf = doubling(AGAIN_FIRST_MS, AGAIN_MAX_MS);
