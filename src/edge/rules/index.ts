/** The registry of asset kinds: a word of the configuration goes in, the rule and the schema of its options come out. One line per file in this folder. */
import type * as z from "zod";
import type { Rule, RuleState } from "../../model.ts";
import { bayNotYet, bayOptions, parkingBay } from "./parking-bay.ts";

export interface AssetKind<O = unknown, S extends RuleState = RuleState> {
  readonly rule: Rule<O, S>;
  readonly options: z.ZodType<O>;
  /** Options in use that this version parses but does not act upon. */
  notYet?(options: O): readonly string[];
}

/** Options and state are known to their own rule only; the host passes them through. */
const kind = <O, S extends RuleState>(of: AssetKind<O, S>) => of as unknown as AssetKind;

export const assetKinds: Readonly<Record<string, AssetKind>> = {
  "parking-bay": kind({ rule: parkingBay, options: bayOptions, notYet: bayNotYet }),
};

/** Words of the configuration whose rule is still to come. */
export const plannedKinds: readonly string[] = [
  "parking-group",
  "pay-station",
  "charger",
  "defibrillator",
  "camera",
  "water-meter",
  "energy-meter",
  "heat-meter",
  "switch",
  "beacon",
];
