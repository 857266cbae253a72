/** Prints the present values, then readings and events as they happen, a line each, until q or an interrupt. */

import { onQuit } from "../../kit/system/tty.ts";
import { formatMeasure, type Measured as Kind } from "../../kit/text/format-value.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { stateWord } from "../../kit/text/state-words.ts";
import type { GatewayStatus, Quality, Value } from "../../model/index.ts";
import { now, socketOf } from "../arguments.ts";
import { plain } from "../screen/table.ts";
import { type Globals, shownTime, type Terminal } from "../screen/terminal.ts";
import { stream } from "../socket/admin-client.ts";
import type { Happened } from "../socket/admin-protocol.ts";

export async function watch(names: readonly string[], options: Globals, terminal: Terminal): Promise<number> {
  const socket = await socketOf(options);
  const back = onQuit(process.stdin, () => process.exit(0));
  let kinds: Kinds = new Map();
  try {
    for await (const { item, dropped } of stream(socket, { do: "watch", names: [...names] })) {
      if (dropped > 0) process.stderr.write(`${pluralise(dropped, terminal.say("dropped"))}\n`);
      if (item.what === "present") kinds = kindsOf(item.status);
      if (item.what !== "present") terminal.json ? terminal.document(item, 0) : terminal.line(lineOf(item, kinds, terminal));
      else if (!terminal.json) present(item.status, names, terminal);
    }
  } finally {
    back();
  }
  return 0;
}

/** By `device.point`: how many digits of a number count. */
type Kinds = ReadonlyMap<string, Kind>;

const kindsOf = ({ devices }: GatewayStatus): Kinds =>
  new Map(devices.flatMap(({ id, points }) => points.map(({ point, kind }): [string, Kind] => [`${id}.${point}`, kind])));

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

function lineOf(item: Happened, kinds: Kinds, terminal: Terminal): string {
  const { lang } = terminal;
  if (item.what === "reading") return readingLine({ ...item, kind: kinds.get(`${item.source}.${item.point}`) }, terminal);
  const { at, kind, state, severity, text } = item.event;
  return plain(`${shownTime(at)}  ${kind} ${stateWord(state, lang)} ${stateWord(severity, lang)}  ${text[lang]}`);
}

interface Seen {
  readonly at: number;
  readonly source: string;
  readonly point: string;
  /** Of devices, as `present` says; absent for an asset. */
  readonly kind?: Kind | undefined;
  readonly value: Value;
  readonly unit: string;
  readonly quality: Quality;
  readonly code?: string;
  readonly last?: true;
}

function readingLine({ at, source, point, kind, value, unit, quality, code, last }: Seen, { say, lang }: Terminal): string {
  const doubt = quality === "good" ? "" : `${say(last ? "last" : quality)} ${code ?? ""}`.trim();
  const amount = formatMeasure(value, unit, lang, kind);
  return plain([shownTime(at), `${source}.${point}`, amount, doubt].filter(Boolean).join("  "));
}
