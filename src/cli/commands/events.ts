/** Lists what has happened since a moment, the newest last. */
import { EdgeError } from "../../kit/errors.ts";
import { stateWord } from "../../kit/text/state-words.ts";
import type { EdgeEvent } from "../../model/index.ts";
import { momentOf, socketOf } from "../arguments.ts";
import { type Globals, shownTime, type Terminal } from "../screen/terminal.ts";
import { stream } from "../socket/admin-client.ts";

export interface EventsOptions extends Globals {
  readonly since?: string;
  readonly limit: string;
}

export async function events(options: EventsOptions, terminal: Terminal): Promise<number> {
  const { lang } = terminal;
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
    throw new EdgeError("cli.usage", { reason: `${terminal.say("badValue")}: --limit ${options.limit} (1..100000)` });
  const since = options.since === undefined ? {} : { sinceMs: momentOf(options.since, terminal.say) };
  const found: EdgeEvent[] = [];
  for await (const { item } of stream(await socketOf(options), { do: "events", limit, ...since })) found.push(item);
  if (terminal.json) terminal.document(found);
  else
    terminal.table(
      ["time", "event", "state", "severity", "about_", "text"],
      found.map((e) => [
        shownTime(e.at),
        e.kind,
        stateWord(e.state, lang),
        stateWord(e.severity, lang),
        e.asset ?? e.device ?? "",
        e.text[lang],
      ]),
    );
  return 0;
}
