/** How warm it is in the cabinet, and how long it has been too cold or too warm for the unit. */
import { formatMeasure } from "../../../kit/text/format-value.ts";
import type { Text } from "../../../model/index.ts";
import { type Claim, held, type Seen } from "../kind.ts";

export interface Temperatures {
  readonly warnBelow: number;
  readonly warnAbove: number;
  readonly below: number;
  readonly above: number;
  readonly for: number;
}

/** Since when it has been outside, in ms of observation; null: it is inside. */
export interface Climate {
  readonly warn: number | null;
  readonly limit: number | null;
  readonly cold: number | null;
}

export const MILD: Climate = { warn: null, limit: null, cold: null };

/** What has been outside must come back by so much, °C: a temperature at a limit swings. */
const BACK = 0.5;

const since = (was: number | null, is: number, [least, most]: readonly [number, number], at: number): number | null => {
  const by = was === null ? 0 : BACK;
  return is < least + by || is > most - by ? (was ?? at) : null;
};

export const climateOf = (was: Climate, is: number, o: Temperatures, at: number): Climate => ({
  warn: since(was.warn, is, [o.warnBelow, o.warnAbove], at),
  limit: since(was.limit, is, [o.below, o.above], at),
  cold: since(was.cold, is, [o.warnBelow, Number.POSITIVE_INFINITY], at),
});

/** It has been outside since then, at this temperature. */
export function outside(began: number | null, temperature: Seen<number>, afterMs: number): Claim {
  if (!temperature.known) return "unknown";
  if (began === null) return false;
  const measure = (lang: keyof Text): string => formatMeasure(temperature.value, "Cel", lang, "gauge");
  const what = { it: `${measure("it")} nell'armadietto`, en: `${measure("en")} in its cabinet` };
  return held(began, afterMs, { what }, "temperature");
}

const BY_CONTACT: Text = {
  it: "il termostato dell'armadietto avverte",
  en: "the thermostat of its cabinet warns",
};

export function byThermostat(thermostat: Seen<boolean>, afterMs: number): Claim {
  if (!thermostat.known) return "unknown";
  return thermostat.value && held(thermostat.since, afterMs, { what: BY_CONTACT }, "thermostat");
}
