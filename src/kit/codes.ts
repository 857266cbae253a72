/** Everything that can go wrong, by code: whether a retry helps, what happened, what to do next (docs/errors.md). */
import type { Text } from "../model/index.ts";
import { brokerCodes } from "./codes/broker-codes.ts";
import { busCodes } from "./codes/bus-codes.ts";
import { cliCodes } from "./codes/cli-codes.ts";
import type { PlacesIn } from "./codes/code-table.ts";
import { configCodes } from "./codes/config-codes.ts";
import { gpioCodes } from "./codes/gpio-codes.ts";
import { listCodes } from "./codes/list-codes.ts";
import { mqttCodes } from "./codes/mqtt-codes.ts";
import { platformCodes } from "./codes/platform-codes.ts";
import { portCodes } from "./codes/port-codes.ts";
import { storeCodes } from "./codes/store-codes.ts";
import { valueCodes } from "./codes/value-codes.ts";

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
  ...mqttCodes,
  ...valueCodes,
  ...configCodes,
  ...storeCodes,
  ...platformCodes,
  ...listCodes,
  ...brokerCodes,
  ...cliCodes,
};

export type Code = keyof typeof codes;

/** The names that the sentences of a code have to be filled with, in either language. */
export type PlaceOf<C extends Code> = PlacesIn<(typeof codes)[C]["what" | "hint"]["it" | "en"]>;
