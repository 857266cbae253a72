/** The table of everything that can go wrong: code → whether a retry helps, what happened, what to do next. `docs/errors.md` is generated from it. */
import type { Text } from "../model/index.ts";

export interface CodeSpec {
  /** Whether trying again without a change can help. */
  readonly retry: boolean;
  /** What happened. `{name}` is filled from the context, `{count error|errors}` with the form that fits. */
  readonly what: Text;
  /** What to do next. */
  readonly hint: Text;
}

export const codes = {
  ...busCodes,
  ...portCodes,
  ...gpioCodes,
  ...bleCodes,
  ...mqttCodes,
  ...valueCodes,
  ...configCodes,
  ...storeCodes,
  ...commandCodes,
  ...brokerCodes,
  ...cliCodes,
};

export type Code = keyof typeof codes;

/** The names that the sentences of a code have to be filled with, in either language. */
export type PlaceOf<C extends Code> = PlacesIn<(typeof codes)[C]["what" | "hint"]["it" | "en"]>;
