/** A relay on an output line; nobody but the gateway moves it. */
import type { WireLog } from "../wire-log.ts";
import type { Chip, Edge } from "./chip.ts";

export interface RelayOptions {
  readonly device: string;
  readonly line: number;
  readonly active: "high" | "low";
  readonly means: string;
  readonly chip: Chip;
  readonly log: WireLog;
}

export class Relay {
  readonly options: RelayOptions;
  #on = false;

  /** The board's own resistor holds the relay off while nobody drives the line. */
  constructor(options: RelayOptions) {
    this.options = options;
    options.chip.attach(options.line, { rest: options.active === "high" ? 0 : 1, see: (edge) => this.#see(edge) });
  }

  get on(): boolean {
    return this.#on;
  }

  #see({ level, ns }: Edge): void {
    const { device, means: point, active, log } = this.options;
    this.#on = level === (active === "high" ? 1 : 0);
    log.write({ k: "level", device, point, value: this.#on, at: Number(ns / 1_000_000n) });
  }
}
