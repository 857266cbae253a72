/** Explains an error code, an alarm or an event: what it means, and what whoever meets it does next. */

import { alarmsOf } from "../../../edge/kinds/alarm-table.ts";
import { assetKinds } from "../../../edge/kinds/index.ts";
import { codes } from "../../../kit/codes.ts";
import { EdgeError, unfilled } from "../../../kit/errors.ts";
import { stateWord } from "../../../kit/text/state-words.ts";
import { suggestion } from "../../../kit/text/suggestion.ts";
import type { HostEvent } from "../../../model/events/asset-events.ts";
import { hostEvents } from "../../../model/host-events.ts";
import type { Severity, Text } from "../../../model/index.ts";
import type { Terminal } from "../../screen/terminal.ts";

/** `retry` of an error: it is tried again by itself. `severity` of an alarm or an event. */
interface Explained {
  readonly code: string;
  readonly what: Text;
  readonly hint?: Text;
  readonly retry?: boolean;
  readonly severity?: Severity;
}

/** Errors in the order of their table, then the alarms of all asset kinds, then the gateway's own events that are no errors. */
function everything(): readonly Explained[] {
  const errorCodes = Object.entries(codes).map(([code, spec]): Explained => ({ code, ...spec, what: withoutNumbers(spec.what) }));
  const alarms = Object.values(assetKinds).flatMap((kind) =>
    Object.entries(alarmsOf(kind)).map(
      ([code, { raised, todo, severity }]): Explained => ({ code, what: withoutNumbers(raised), hint: todo, severity }),
    ),
  );
  const events = Object.entries<HostEvent>(hostEvents)
    .filter(([code]) => !Object.hasOwn(codes, code))
    .map(([code, { what, todo, severity }]): Explained => ({ code, what, ...(todo && { hint: todo }), severity }));
  return [...errorCodes, ...alarms, ...events];
}

const withoutNumbers = ({ it, en }: Text): Text => ({ it: unfilled(it), en: unfilled(en) });

/** `asked`: a whole code, the first word of some, or undefined for all. Throws `cli.usage` where there is none. */
export async function errors(asked: string | undefined, terminal: Terminal): Promise<number> {
  const all = everything();
  const found = asked === undefined ? all : all.filter(({ code }) => code === asked || code.startsWith(`${asked}.`));
  const { say, lang } = terminal;
  if (found.length === 0) {
    const near = suggestion(
      asked ?? "",
      all.map(({ code }) => code),
    );
    throw new EdgeError("cli.usage", { reason: `${say("badValue")}: ${asked}${near ? ` (${near}?)` : " (`cippo errors`)"}` });
  }
  if (terminal.json) terminal.document(found);
  else if (asked === undefined)
    terminal.table(
      ["code", "what", "todo"],
      found.map(({ code, what, hint }) => [code, what[lang], hint?.[lang] ?? ""]),
    );
  else
    for (const one of found)
      terminal.lines(
        [`${one.code}: ${one.what[lang]}`, ...(one.hint ? [`→ ${one.hint[lang]}`] : []), `(${nature(one, terminal)})`].join("\n"),
      );
  return 0;
}

/** Whether an error passes by itself, or how grave an alarm is. */
const nature = ({ retry, severity }: Explained, { say, lang }: Terminal): string =>
  severity === undefined ? say(retry ? "retries" : "noRetry") : `${say("severity").toLowerCase()}: ${stateWord(severity, lang)}`;
