/** A simulated operator: a patrol confirms badges at occupied bays, an office sets a value. */
import * as z from "zod";
import type { Wish } from "./commands.ts";
import type { Json } from "./ingest.ts";

/** Resolves when the gateway has answered, or nobody expects it any more. */
export type Send = (wish: Wish) => Promise<unknown>;

export class Operator {
  readonly #bays: ReadonlySet<string>;
  #values: readonly (readonly [target: string, value: number | boolean])[];
  readonly #send: Send;
  readonly #underWay = new Set<string>();

  constructor(bays: readonly string[], values: readonly (readonly [target: string, value: number | boolean])[], send: Send) {
    this.#bays = new Set(bays);
    this.#values = values;
    this.#send = send;
  }

  /** By what stands, not by what changed: a stay whose beginning was missed is confirmed all the same. */
  sees(gateway: string, asset: string, body: Json): void {
    const state = attributes.safeParse(body["state"]).data;
    if (!this.#bays.has(asset) || state?.status !== "occupied" || state.permit === "valid" || this.#underWay.has(asset)) return;
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
