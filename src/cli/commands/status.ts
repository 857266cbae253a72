/** Shows how the running gateway is, on one screen or with --all whole. Exit 1 when something in it needs attention. */

import { COLUMNS, columnsOf } from "../../kit/system/tty.ts";
import { formatValue } from "../../kit/text/format-value.ts";
import { assetWords, stateWord } from "../../kit/text/state-words.ts";
import type { GatewayStatus } from "../../model/index.ts";
import { socketOf } from "../arguments.ts";
import { headOf, statusPage } from "../screen/status-page.ts";
import { type Globals, shownAge, shownProblem, shownTime, type Terminal } from "../screen/terminal.ts";
import { ask } from "../socket/admin-client.ts";

export interface StatusOptions extends Globals {
  readonly all?: boolean;
}

export async function status(options: StatusOptions, terminal: Terminal): Promise<number> {
  const picture = await ask(await socketOf(options), { do: "status" });
  if (terminal.json) terminal.document(picture);
  else if (options.all) showAll(picture, terminal);
  else for (const line of statusPage(picture, terminal, roomOf(process.stdout))) terminal.line(line);
  return isWell(picture) ? 0 : 1;
}

const isWell = ({ devices, sync, store }: GatewayStatus) =>
  store.writable &&
  sync.connected &&
  sync.uplink?.platform.silent !== true &&
  devices.every(({ state }) => state === "up" || state === "starting");

/** The size of the terminal, less one row for the shell's next prompt. */
const roomOf = (out: NodeJS.WriteStream) =>
  out.isTTY ? { columns: columnsOf(out, process.env) ?? COLUMNS, rows: (out.rows || 24) - 1 } : undefined;

const STREAM = { readings: "readingsStream", events: "eventsStream" } as const;

function showAll(picture: GatewayStatus, terminal: Terminal): void {
  const { say, line, lang } = terminal;
  for (const text of headOf(picture, terminal)) line(text);
  const part = (headings: Parameters<Terminal["table"]>[0], rows: readonly (readonly string[])[]) => {
    if (rows.length === 0) return;
    line("");
    terminal.table(headings, rows);
  };
  part(
    ["device", "type", "state", "age", "why"],
    picture.devices.map((d) => [d.id, d.type, say(d.state), shownAge(d.ageMs, say), shownProblem(d.problem, terminal)]),
  );
  part(
    ["line", "occupancy", "requests", "timeouts", "corrupt", "foreign", "exceptions", "rebuilds"],
    picture.buses.map((b) => [
      b.bus,
      `${Math.round(b.occupancy)} %`,
      ...[b.requests, b.timeouts, b.checksumErrors, b.foreignReplies, b.exceptions, b.rebuilds].map(String),
    ]),
  );
  part(
    ["asset", "state", "quality", "since"],
    picture.assets.map((a) => [
      a.asset,
      assetWords(a.state, lang, (value) => formatValue(value, lang)),
      say(a.quality),
      shownTime(a.since),
    ]),
  );
  part(
    ["alarm", "about_", "severity", "since"],
    picture.alarms.map((a) => [a.kind, a.asset ?? a.device ?? "", stateWord(a.severity, lang), shownTime(a.since)]),
  );
  part(
    ["stream", "epoch", "head", "sent", "acknowledged"],
    picture.streams.map((s) => [say(STREAM[s.stream]), s.epoch, String(s.head), String(s.sentUpTo), String(s.upTo)]),
  );
}
