/** Names go in; readings and events come out as they happen, a line each, until interrupted. */
import { counted } from "../../kit/counted.ts";
import { socketOf } from "../asked.ts";
import { stream } from "../client.ts";
import type { Watched } from "../protocol.ts";
import { type Globals, shownTime, shownValue, type Terminal } from "../terminal.ts";

export async function watch(names: readonly string[], options: Globals, terminal: Terminal): Promise<number> {
  for await (const { item, dropped } of stream(await socketOf(options), { do: "watch", names: [...names] })) {
    if (dropped > 0) process.stderr.write(`${counted(dropped, terminal.say("dropped"))}\n`);
    if (terminal.json) terminal.document(item, 0);
    else terminal.line(lineOf(item, terminal));
  }
  return 0;
}

function lineOf(item: Watched, { lang, say }: Terminal): string {
  if (item.what === "event") {
    const { at, kind, state, severity, text } = item.event;
    return `${shownTime(at)}  ${kind} ${state} ${severity}  ${text[lang]}`;
  }
  const { at, source, point, value, unit, quality, code } = item;
  const doubt = quality === "good" ? "" : `  ${say(quality)} ${code ?? ""}`;
  return `${shownTime(at)}  ${source}.${point}  ${shownValue(value)} ${unit}${doubt}`.trimEnd();
}
