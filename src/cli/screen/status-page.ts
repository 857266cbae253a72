/** The gateway's picture of itself as one screen: what is not well first, with its next step; what is well is only counted. */

import { formatDuration } from "../../kit/text/format-duration.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { assetWords, stateWord } from "../../kit/text/state-words.ts";
import { hanging, wrapped } from "../../kit/text/wrap.ts";
import type { DeviceStatus, GatewayStatus, OpenAlarm } from "../../model/index.ts";
import { plain } from "./table.ts";
import { shownTime, shownValue, type Terminal } from "./terminal.ts";

export interface Room {
  readonly columns: number;
  readonly rows: number;
}

/** Alarms named on a screen that is not high enough for all. */
const ALARMS = 3;
const ASSET_LINES = 2;
const INSET = 4;

/** `room`: of the terminal, or absent where there is no end to it. */
export function statusPage(picture: GatewayStatus, terminal: Terminal, room?: Room): readonly string[] {
  const { columns = Number.POSITIVE_INFINITY, rows = Number.POSITIVE_INFINITY } = room ?? {};
  const fold = (text: string) => hanging(plain(text), columns);
  const head = headOf(picture, terminal).flatMap(fold);
  const tail = [
    ...alarmLines(picture.alarms, terminal, room ? ALARMS : Number.POSITIVE_INFINITY),
    ...assetLines(picture, terminal, columns),
  ].flatMap(fold);
  const { well, starting, unwell } = sorted(picture.devices);
  const counts = countLines(well, starting, terminal).flatMap(fold);
  // Empty lines: before the devices, and before what follows them.
  const around = head.length + counts.length + tail.length + (tail.length > 0 ? 2 : 1) + (unwell.length > 0 ? 1 : 0);
  const faults = faultLines(unwell, terminal, columns, rows - around);
  const title = unwell.length > 0 ? [titleOf(unwell.length, picture.devices.length, terminal)] : [];
  return [...head, "", ...title, ...faults, ...counts, ...(tail.length > 0 ? ["", ...tail] : [])];
}

export function headOf(
  { gateway, version, configRev, uptimeMs, clock, sync, store }: GatewayStatus,
  terminal: Terminal,
): readonly string[] {
  const { say, lang } = terminal;
  const mb = (bytes: number) => shownValue(Number((bytes / 1_048_576).toFixed(1)), lang);
  const why = sync.code === undefined ? "" : `  ${sync.code}${sync.detail ? ` (${sync.detail[lang]})` : ""}`;
  const unwritable = store.writable ? "" : `  ${say("unwritable")}`;
  const lasts = sync.uplink === undefined ? "" : ` ${say("for_")} ${formatDuration(sync.uplink.forMs)}`;
  return [
    `${say("gateway")} ${gateway}  cippo ${version}  ${say("config")} ${configRev}`,
    `${say("uptime")} ${formatDuration(uptimeMs)}  ${say("clock")} ${say(clock)}`,
    `${say("broker")} ${sync.broker}  ${say(sync.connected ? "connected" : "disconnected")}${lasts}${why}`,
    ...uplinkLines(sync.uplink, terminal),
    `${say("store")} ${mb(store.bytes)} ${say("of")} ${mb(store.quotaBytes)} MB  ${pluralise(store.unacknowledged, say("unacknowledged"))}${unwritable}`,
  ];
}

/** What is remembered of outages, and a platform that is silent behind a broker that is there. */
function uplinkLines(uplink: GatewayStatus["sync"]["uplink"], { say }: Terminal): readonly string[] {
  if (uplink === undefined) return [];
  const { outages, downMs, last, platform } = uplink;
  const before =
    last === undefined
      ? ""
      : `, ${say("lastOne")} ${say("from")} ${shownTime(last.since)} ${say("for_")} ${formatDuration(last.durationMs)}`;
  const since = platform.since === undefined ? "" : ` ${say("from")} ${shownTime(platform.since)}`;
  return [
    ...(outages === 0 ? [] : [`  ${pluralise(outages, say("outages"))}, ${say("inAll")} ${formatDuration(downMs)}${before}`]),
    ...(platform.silent ? [`  ${say("platformSilent")}${since}`] : []),
  ];
}

const titleOf = (unwell: number, all: number, { say }: Terminal): string =>
  `${unwell} ${say("of")} ${pluralise(all, say("devicesCounted"))} ${say(unwell === 1 ? "isNotWell" : "areNotWell")}`;

function sorted(devices: readonly DeviceStatus[]) {
  const of = (...states: readonly DeviceStatus["state"][]) => devices.filter(({ state }) => states.includes(state));
  return { well: of("up"), starting: of("starting"), unwell: [...of("down"), ...of("problem")] };
}

function countLines(well: readonly DeviceStatus[], starting: readonly DeviceStatus[], { say }: Terminal): readonly string[] {
  const lines: string[] = [];
  if (starting.length > 0) lines.push(`${say("starting")}: ${starting.map(({ id }) => id).join(", ")}`);
  if (well.length > 0) lines.push(pluralise(well.length, say("devicesWell")));
  return lines;
}

/** As many as fit with what happened and what to do; the others a line each; what even then does not fit is counted. */
function faultLines(unwell: readonly DeviceStatus[], terminal: Terminal, columns: number, room: number): readonly string[] {
  const whole = unwell.map((device) => [firstLine(device, terminal), ...adviceLines(device, terminal, columns)]);
  const first = unwell.map((device) => firstLine(device, terminal));
  if (unwell.length > room) {
    const shown = Math.max(0, Math.floor(room) - 1);
    const more = pluralise(unwell.length - shown, terminal.say("moreDevices"));
    return [...first.slice(0, shown), `… ${more}: \`cippo status --all\``];
  }
  let left = room - unwell.length;
  return whole.flatMap((lines, i) => {
    if (lines.length - 1 > left) {
      // None after it either: the order is that of gravity.
      left = 0;
      return first.slice(i, i + 1);
    }
    left -= lines.length - 1;
    return lines;
  });
}

function firstLine({ id, state, problem }: DeviceStatus, { say }: Terminal): string {
  const lasts = problem === undefined ? "" : ` ${say("for_")} ${formatDuration(problem.forMs)}  ${problem.code}`;
  return plain(`${id}  ${say(state)}${lasts}`);
}

function adviceLines({ problem }: DeviceStatus, { lang }: Terminal, columns: number): readonly string[] {
  if (problem === undefined) return [];
  const inset = " ".repeat(INSET);
  const fold = (text: string, by: string) => wrapped(plain(text), columns - by.length).map((line) => by + line);
  const [next = "", ...more] = fold(problem.next[lang], `${inset}  `);
  return [...fold(problem.what[lang], inset), `${inset}→ ${next.trimStart()}`, ...more];
}

function alarmLines(alarms: readonly OpenAlarm[], { say, lang }: Terminal, most: number): readonly string[] {
  if (alarms.length === 0) return [];
  const shown = alarms.length > most ? alarms.slice(0, most - 1) : alarms;
  const lines = shown.map(
    ({ kind, asset, device, severity, since }) =>
      `  ${[kind, asset ?? device, stateWord(severity, lang)].filter(Boolean).join("  ")}  ${say("from")} ${shownTime(since)}`,
  );
  const more = alarms.length - shown.length;
  return [
    `${pluralise(alarms.length, say("alarmsCounted"))}:`,
    ...lines,
    ...(more > 0 ? [`  … ${pluralise(more, say("moreAlarms"))}`] : []),
  ];
}

/** All in two lines, or their number. */
function assetLines({ assets }: GatewayStatus, { say, lang }: Terminal, columns: number): readonly string[] {
  if (assets.length === 0) return [];
  const words = assets.map(({ asset, state, quality }) => {
    // That a status is unknown says it itself.
    const doubt = quality === "good" || state["status"] === "unknown" ? "" : ` (${say(quality)})`;
    return `${asset} ${assetWords(state, lang, (value) => shownValue(value, lang))}${doubt}`;
  });
  const count = pluralise(assets.length, say("assetsCounted"));
  const line = `${count}: ${words.join(", ")}`;
  return [wrapped(line, columns - 2).length <= ASSET_LINES ? line : `${count}: \`cippo status --all\``];
}
