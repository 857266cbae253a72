/** Prints the present values, then readings and events as they happen, a line each, until q or an interrupt. */

import { onQuit } from "../../kit/system/tty.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { stateWord } from "../../kit/text/state-words.ts";
import type { GatewayStatus, Quality, Value } from "../../model/index.ts";
import { now, socketOf } from "../arguments.ts";
import { plain } from "../screen/table.ts";
import { type Globals, shownTime, shownValue, type Terminal } from "../screen/terminal.ts";
import { stream } from "../socket/admin-client.ts";
import type { Happened } from "../socket/admin-protocol.ts";

export async function watch(names: readonly string[], options: Globals, terminal: Terminal): Promise<number> {
  const socket = await socketOf(options);
  const back = onQuit(process.stdin, () => process.exit(0));
  try {
    for await (const { item, dropped } of stream(socket, { do: "watch", names: [...names] })) {
      if (dropped > 0) process.stderr.write(`${pluralise(dropped, terminal.say("dropped"))}\n`);
      if (item.what !== "present") terminal.json ? terminal.document(item, 0) : terminal.line(lineOf(item, terminal));
      else if (!terminal.json) present(item.status, names, terminal);
    }
  } finally {
    back();
  }
  return 0;
}

/** What was last seen of these, oldest first, so that the newest stands where new lines come. */
function present({ devices, assets }: GatewayStatus, names: readonly string[], terminal: Terminal): void {
  const { say, line } = terminal;
  const wanted = (source: string, point: string) =>
    names.length === 0 || names.includes(source) || names.includes(`${source}.${point}`);
  const here = now();
  const points = devices.flatMap((device) =>
    device.points
      .filter(({ point, ageMs }) => ageMs !== null && wanted(device.id, point))
      .map(({ ageMs, ...point }) => ({ at: here - (ageMs ?? 0), source: device.id, ...point })),
  );
  const states = assets.flatMap(({ asset, since, quality, state }) =>
    Object.entries(state)
      .filter(([point]) => wanted(asset, point))
      .map(([point, value]) => ({ at: since, source: asset, point, value, unit: "", quality })),
  );
  const all = [...points, ...states].sort((a, b) => a.at - b.at);
  if (all.length === 0) return;
  line(say("present"));
  for (const one of all) line(readingLine(one, terminal));
  line(say("asItHappens"));
}

function lineOf(item: Happened, terminal: Terminal): string {
  const { lang } = terminal;
  if (item.what === "reading") return readingLine(item, terminal);
  const { at, kind, state, severity, text } = item.event;
  return plain(`${shownTime(at)}  ${kind} ${stateWord(state, lang)} ${stateWord(severity, lang)}  ${text[lang]}`);
}

interface Seen {
  readonly at: number;
  readonly source: string;
  readonly point: string;
  readonly value: Value;
  readonly unit: string;
  readonly quality: Quality;
  readonly code?: string;
  readonly last?: true;
}

function readingLine({ at, source, point, value, unit, quality, code, last }: Seen, { say, lang }: Terminal): string {
  const doubt = quality === "good" ? "" : `${say(last ? "last" : quality)} ${code ?? ""}`.trim();
  const amount = `${shownValue(value, lang)} ${unit === "1" ? "" : unit}`.trim();
  return plain([shownTime(at), `${source}.${point}`, amount, doubt].filter(Boolean).join("  "));
}
