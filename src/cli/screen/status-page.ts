/** Lays `cippo status` out as one screen: faults first, by cause and with their next step; what is well is counted. */

import { formatDuration } from "../../kit/text/format-duration.ts";
import { formatNumber, formatValue } from "../../kit/text/format-value.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { assetWords, stateWord } from "../../kit/text/state-words.ts";
import { hanging, wrapped } from "../../kit/text/wrap.ts";
import type { DeviceStatus, GatewayStatus, OpenAlarm } from "../../model/index.ts";
import { detailsOf, type FaultGroup, faultGroups, headOfGroup } from "./fault-groups.ts";
import { plain } from "./table.ts";
import { shownTime, type Terminal } from "./terminal.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Alarms named on a screen that is not high enough for all. */
const ALARMS = 3;
const ASSET_LINES = 2;

/** `room`: of the terminal, or absent where there is no end to it. */
export function statusPage(picture: GatewayStatus, terminal: Terminal, room?: ScreenSize): readonly string[] {
  const { columns = Number.POSITIVE_INFINITY, rows = Number.POSITIVE_INFINITY } = room ?? {};
  const fold = (text: string) => hanging(plain(text), columns);
  const head = headOf(picture, terminal).flatMap(fold);
  const tail = [
    ...alarmLines(picture.alarms, terminal, room ? ALARMS : Number.POSITIVE_INFINITY),
    ...assetLines(picture, terminal, columns),
  ].flatMap(fold);
  const groups = faultGroups(picture.devices);
  const unwell = groups.reduce((sum, { devices }) => sum + devices.length, 0);
  const counts = countLines(picture.devices, terminal).flatMap(fold);
  // Empty lines: before the devices, and before what follows them.
  const around = head.length + counts.length + tail.length + (tail.length > 0 ? 2 : 1) + (unwell > 0 ? 1 : 0);
  const faults = faultLines(groups, terminal, columns, rows - around);
  const title = unwell > 0 ? [titleOf(unwell, picture.devices.length, terminal)] : [];
  return [...head, "", ...title, ...faults, ...counts, ...(tail.length > 0 ? ["", ...tail] : [])];
}

export function headOf(
  { gateway, version, configRev, uptimeMs, clock, sync, store }: GatewayStatus,
  terminal: Terminal,
): readonly string[] {
  const { say, lang } = terminal;
  const mb = (bytes: number) => formatNumber(Number((bytes / 1_048_576).toFixed(1)), lang);
  const why = sync.code === undefined ? "" : `  ${sync.code}${sync.detail ? ` (${sync.detail[lang]})` : ""}`;
  const unwritable = store.writable ? "" : `  ${say("unwritable")}`;
  const lasts = sync.uplink === undefined ? "" : ` ${say("for_")} ${formatDuration(sync.uplink.forMs)}`;
  return [
    `${say("gateway")} ${gateway}  cippo ${version}  ${say("config")} ${configRev}`,
    `${say("uptime")} ${formatDuration(uptimeMs)}  ${say("clock")} ${say(clock)}`,
    `${say("broker")} ${sync.broker}  ${say(sync.connected ? "connected" : "disconnected")}${lasts}${why}`,
    ...(sync.connected || sync.next === undefined ? [] : [`  → ${sync.next[lang]}`]),
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
  `${unwell} ${say("of")} ${pluralise(all, say("deviceCount"))} ${say(unwell === 1 ? "isNotWell" : "areNotWell")}`;

function countLines(devices: readonly DeviceStatus[], { say }: Terminal): readonly string[] {
  const of = (wanted: DeviceStatus["state"]) => devices.filter(({ state }) => state === wanted);
  const [starting, well] = [of("starting"), of("up").length];
  return [
    ...(starting.length > 0 ? [`${say("starting")}: ${starting.map(({ id }) => id).join(", ")}`] : []),
    ...(well > 0 ? [pluralise(well, say("devicesWell"))] : []),
  ];
}

/** A line for each fault, with details as far as there is room; faults for which there is not even a line are counted. */
function faultLines(groups: readonly FaultGroup[], terminal: Terminal, columns: number, room: number): readonly string[] {
  const heads = groups.map((group) => headOfGroup(group, terminal));
  if (groups.length > room) {
    const shown = Math.max(0, Math.floor(room) - 1);
    const hidden = groups.slice(shown).reduce((sum, { devices }) => sum + devices.length, 0);
    return [...heads.slice(0, shown), `… ${pluralise(hidden, terminal.say("moreDevices"))}: \`cippo status --all\``];
  }
  let left = room - groups.length;
  return groups.flatMap((group, i) => {
    const details = detailsOf(group, terminal, columns);
    const head = heads.slice(i, i + 1);
    if (details.length > left) {
      // The faults are sorted, the gravest first: if this one has no room for details, no lesser one may have any.
      left = 0;
      return head;
    }
    left -= details.length;
    return [...head, ...details];
  });
}

function alarmLines(alarms: readonly OpenAlarm[], { say, lang }: Terminal, most: number): readonly string[] {
  if (alarms.length === 0) return [];
  const shown = alarms.length > most ? alarms.slice(0, most - 1) : alarms;
  const lines = shown.map(
    ({ kind, asset, device, severity, since, ackedBy }) =>
      `  ${[kind, asset ?? device, stateWord(severity, lang)].filter(Boolean).join("  ")}  ${say("from")} ${shownTime(since)}${ackedBy === undefined ? "" : `  ${say("takenBy")} ${ackedBy}`}`,
  );
  const more = alarms.length - shown.length;
  return [
    `${pluralise(alarms.length, say("alarmCount"))}:`,
    ...lines,
    ...(more > 0 ? [`  … ${pluralise(more, say("moreAlarms"))}`] : []),
  ];
}

/** All in two lines, or their number. */
function assetLines({ assets }: GatewayStatus, { say, lang }: Terminal, columns: number): readonly string[] {
  if (assets.length === 0) return [];
  const words = assets.map(({ asset, state, quality, maintenance }) => {
    // An unknown status already says so.
    const doubt = quality === "good" || state["status"] === "unknown" ? "" : ` (${say(quality)})`;
    const work = maintenance === undefined ? "" : ` (${say("inMaintenance")})`;
    return `${asset} ${assetWords(state, lang, (value) => formatValue(value, lang))}${doubt}${work}`;
  });
  const count = pluralise(assets.length, say("assetCount"));
  const line = `${count}: ${words.join(", ")}`;
  return [wrapped(line, columns - 2).length <= ASSET_LINES ? line : `${count}: \`cippo status --all\``];
}
