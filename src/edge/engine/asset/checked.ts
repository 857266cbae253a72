/** Checks what a kind gives back: what the store could not write costs its own asset alone. */
import type { Act } from "../../kinds/kind.ts";
import { type AnyAssessment, isUncertain } from "../kind-context.ts";
import type { AssetRun } from "./asset-run.ts";
import { mustBeFinite, mustBeJson, nameOf } from "./must-be-json.ts";

/** A number that is none would be refused by the store, far from the kind that made it. */
export function checkAssessment({ shows, claims, wants = [], since = 0 }: AnyAssessment): void {
  mustBeFinite("since", since);
  for (const [name, value] of Object.entries(shows)) mustBeValue(name, isUncertain(value ?? null) ? Object(value).value : value);
  for (const [at, { output, value }] of wants.entries()) {
    mustBeValue(output, value);
    if (wants.findIndex((other) => other.output === output) < at) throw new RangeError(`${output} is wanted to be two things`);
  }
  for (const [key, claim] of Object.entries(claims)) {
    if (typeof claim !== "object" || !("due" in claim)) continue;
    mustBeFinite(`${key}: since`, claim.since);
    if (Number.isNaN(claim.due)) mustBeFinite(`${key}: due`, claim.due);
  }
}

export function checkAct(run: AssetRun, act: Act): void {
  if (act.do !== "measure") {
    mustBeJson(act.kind, act.text);
    return;
  }
  mustBeFinite(act.name, act.value);
  if (run.kind.shows[act.name]?.kind !== "interval") throw new RangeError(`${act.name} is no attribute of kind interval`);
}

function mustBeValue(what: string, value: unknown): void {
  if (typeof value === "number") mustBeFinite(what, value);
  else if (value !== undefined && value !== null && !["string", "boolean"].includes(typeof value))
    throw new TypeError(`${what} is no value: ${nameOf(value)}`);
}
