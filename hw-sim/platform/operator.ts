/** A simulated operator: confirms badges at occupied bays or before the vehicle comes, and sets a value. */
import * as z from "zod";
import type { Wish } from "./commands.ts";
import type { Json } from "./ingest.ts";

/** Resolves when the gateway has answered, or nobody expects it any more. */
export type Send = (wish: Wish) => Promise<unknown>;

export interface OperatorOptions {
  /** Bays whose badge is confirmed while a vehicle stands there. */
  readonly confirm: readonly string[];
  /** Bays whose badge is confirmed while they are free: it is shown before the vehicle comes, sometimes too long before. */
  readonly confirmEarly: readonly string[];
  /** Writable points to set once. */
  readonly set: readonly (readonly [target: string, value: number | boolean])[];
}

export class Operator {
  /** When the badge of a bay is confirmed. */
  readonly #statusOf: ReadonlyMap<string, "occupied" | "free">;
  #values: readonly (readonly [target: string, value: number | boolean])[];
  readonly #send: Send;
  readonly #underWay = new Set<string>();

  constructor({ confirm, confirmEarly, set }: OperatorOptions, send: Send) {
    this.#statusOf = new Map([
      ...confirm.map((bay) => [bay, "occupied"] as const),
      ...confirmEarly.map((bay) => [bay, "free"] as const),
    ]);
    this.#values = set;
    this.#send = send;
  }

  /** Decides by the present state, not by the change: a stay whose beginning was missed is confirmed too. */
  sees(gateway: string, asset: string, body: Json): void {
    const state = attributes.safeParse(body["state"]).data;
    const wanted = this.#statusOf.get(asset);
    if (wanted === undefined || state?.status !== wanted || state.permit === "valid" || this.#underWay.has(asset)) return;
    this.#underWay.add(asset);
    const done = () => this.#underWay.delete(asset);
    void this.#send({ gateway, target: asset, action: "permit.confirm", args: {} }).then(done, done);
  }

  online(gateway: string): void {
    const values = this.#values;
    this.#values = [];
    for (const [target, value] of values)
      void this.#send({ gateway, target, action: "set", args: { value } }).catch(() => undefined);
  }
}

const attributes = z.looseObject({ status: z.unknown(), permit: z.unknown() }).partial();
