/** Prints the present values, then readings and events as they happen, a line each, until q or an interrupt. */
import { counted } from "../../kit/counted.ts";
import { stateWord } from "../../kit/state-words.ts";
import { onQuit } from "../../kit/tty.ts";
import type { GatewayStatus, Quality, Value } from "../../model.ts";
import { now, socketOf } from "../asked.ts";
import { ask, stream } from "../client.ts";
import type { Watched } from "../protocol.ts";
import { plain } from "../table.ts";
import { type Globals, shownTime, shownValue, type Terminal } from "../terminal.ts";

export async function watch(names: readonly string[], options: Globals, terminal: Terminal): Promise<number> {
  const socket = await socketOf(options);
  const live = stream(socket, { do: "watch", names: [...names] });
  // Asked first: what happens while the present is shown is not missed.
  let next = live.next();
  // Nothing is printed of a gateway that does not know one of the names: the list says so.
  if (!terminal.json) present(await Promise.race([ask(socket, { do: "status" }), failed(next)]), names, terminal);
  const back = onQuit(process.stdin, () => process.exit(0));
  try {
    for (let one = await next; !one.done; one = await next) {
      const { item, dropped } = one.value;
      next = live.next();
      if (dropped > 0) process.stderr.write(`${counted(dropped, terminal.say("dropped"))}\n`);
      if (terminal.json) terminal.document(item, 0);
      else terminal.line(lineOf(item, terminal));
    }
  } finally {
    back();
  }
  return 0;
}

/** Never resolves; rejects when the stream does. */
const failed = (next: Promise<unknown>): Promise<never> => new Promise((_, reject) => void next.catch(reject));

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

function lineOf(item: Watched, terminal: Terminal): string {
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
