/** A point and a moment go in; its stored values since then come out, oldest first, as they are read. */
import { momentOf, socketOf } from "../asked.ts";
import { stream } from "../client.ts";
import { type Globals, shownTime, shownValue, type Terminal } from "../terminal.ts";

export interface HistoryOptions extends Globals {
  readonly since: string;
}

/** With `--json` one array, written piece by piece: a fortnight of a point need not fit in memory. */
export async function history(point: string, options: HistoryOptions, terminal: Terminal): Promise<number> {
  const sinceMs = momentOf(options.since, terminal.say);
  let rows = 0;
  for await (const { item } of stream(await socketOf(options), { do: "history", point, sinceMs })) {
    if (terminal.json) terminal.line(`${rows === 0 ? "[" : ","}${JSON.stringify(item)}`);
    else {
      const doubt = item.quality === "good" ? "" : `${terminal.say(item.quality)} ${item.code ?? ""}`;
      const clock = item.clock === "synced" ? "" : terminal.say("unsynced");
      terminal.line(
        [shownTime(item.wall), `${shownValue(item.value)} ${item.unit}`.trim(), doubt, clock].filter(Boolean).join("  "),
      );
    }
    rows += 1;
  }
  if (terminal.json) terminal.line(rows === 0 ? "[]" : "]");
  else if (rows === 0) terminal.line(terminal.say("none"));
  return 0;
}
