/** A picture of the gateway and what the platform holds go in; lines for a terminal, or one plain line, come out. Pure. */
import type { DeviceStatus, GatewayStatus, OpenAlarm, PointStatus, Value } from "../../src/model.ts";
import type { Counts } from "../platform/counts.ts";

export interface Seen {
  /** null while the gateway does not answer. */
  readonly gateway: GatewayStatus | null;
  readonly platform: Counts | null;
  readonly broker: string;
  readonly seconds: number;
}

const BOLD = "\x1b[1m";
const DIM = "\x1b[2m";
const RED = "\x1b[31m";
const YELLOW = "\x1b[33m";
const GREEN = "\x1b[32m";
const OFF = "\x1b[0m";

export interface Numbers {
  /** Records that the platform's database holds. */
  readonly delivered: number;
  /** Numbers that the gateway knows to be held. */
  readonly acknowledged: number;
  /** Stored and not yet acknowledged. */
  readonly buffer: number;
}

export function numbers({ gateway, platform }: Seen): Numbers {
  const delivered = platform?.streams.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
  // A former epoch that is wholly acknowledged is no longer listed by the gateway: then the platform's word is the last.
  const listed = new Map(gateway?.streams.map((one) => [`${one.epoch}/${one.stream}`, one.upTo]));
  const acknowledged =
    platform?.streams.reduce((sum, { epoch, stream, upTo }) => sum + (listed.get(`${epoch}/${stream}`) ?? upTo), 0) ?? 0;
  return { delivered, acknowledged, buffer: gateway?.store.unacknowledged ?? 0 };
}

/** The whole picture, `columns` wide and at most `rows` high. */
export function picture(seen: Seen, columns: number, rows: number): readonly string[] {
  const { gateway } = seen;
  const { buffer, delivered, acknowledged } = numbers(seen);
  const counts = `${BOLD}BUFFER${OFF}  ${buffer} waiting   ${BOLD}DELIVERED${OFF} ${delivered}   ${BOLD}ACKNOWLEDGED${OFF} ${acknowledged}`;
  if (!gateway) return fitted(title(seen), [], [], counts, rows).map((line) => clip(line, columns));
  const alarm = (a: OpenAlarm) => `${RED}${a.kind}${OFF} ${a.asset ?? a.device ?? ""} (${a.severity})`;
  const state = [
    `${BOLD}BAYS${OFF}    ${gateway.assets.map(assetWords).join("   ") || "none"}`,
    `${BOLD}ALARMS${OFF}  ${gateway.alarms.map(alarm).join("   ") || "none open"}`,
  ];
  return fitted(title(seen), gateway.devices.map(deviceLine), state, counts, rows).map((line) => clip(line, columns));
}

/** What says how things stand is always there: on a low terminal devices give way, and before them what only looks good. */
function fitted(
  head: string,
  devices: readonly string[],
  state: readonly string[],
  counts: string,
  rows: number,
): readonly string[] {
  const table = devices.length > 0 ? [`${BOLD}${cell("DEVICE", 18)}${cell("STATE", 10)}VALUES${OFF}`, ...devices, ""] : [];
  const airy = [head, "", ...table, ...state, "", counts];
  if (airy.length <= rows) return airy;
  const room = rows - state.length - 2;
  const shown = devices.length <= room ? devices : devices.slice(0, Math.max(0, room - 1));
  const more = shown.length < devices.length && room > 0 ? [`${DIM}… ${devices.length - shown.length} more${OFF}`] : [];
  return [head, ...shown, ...more, ...state, counts].slice(0, rows);
}

function title({ gateway, broker, seconds }: Seen): string {
  const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  if (!gateway) return `${BOLD}cippo${OFF} · ${time} · ${YELLOW}the gateway is starting${OFF}`;
  const link = gateway.sync.connected ? `${GREEN}connected${OFF}` : `${RED}away${OFF}`;
  return `${BOLD}cippo ${gateway.gateway}${OFF} · ${time} · pid ${gateway.pid} · broker ${broker} ${link} · clock ${gateway.clock}`;
}

function deviceLine({ id, state, points, problem, ageMs }: DeviceStatus): string {
  const colour = state === "up" ? GREEN : state === "down" ? RED : YELLOW;
  const seen = points.filter(({ ageMs: age }) => age !== null).sort((a, b) => rank(a) - rank(b));
  const values = seen.map(pointWords);
  const wrong = problem === undefined ? [] : [`${state === "down" ? RED : YELLOW}${problem.what.en}${OFF}`];
  const what = [...wrong, ...values].join(" · ") || "no value yet";
  return `${cell(id, 18)}${colour}${cell(state, 10)}${OFF}${DIM}${cell(age(ageMs), 8)}${OFF}${what}`;
}

/** What people look for on a meter comes first; a narrow terminal cuts the rest. */
const FIRST = ["W", "kW.h", "m3", "Cel"];
const rank = ({ unit }: PointStatus): number => (FIRST.indexOf(unit) + FIRST.length + 1) % (FIRST.length + 1);

/** Quality speaks by a mark: nothing = good, ~ = uncertain, ! = bad; the age of a point only where it differs from what is usual. */
function pointWords({ point, value, unit, quality, code, ageMs, last }: PointStatus): string {
  const mark = last
    ? `${DIM}last `
    : quality === "good"
      ? ""
      : quality === "uncertain"
        ? `${YELLOW}~${code ?? ""} `
        : `${RED}!${code ?? ""} `;
  const old = ageMs !== null && ageMs > 10_000 ? ` ${DIM}${age(ageMs)}${OFF}` : "";
  return `${mark}${point} ${shown(value)}${unit && unit !== "1" ? ` ${unit}` : ""}${mark ? OFF : ""}${old}`;
}

function assetWords({ asset, state, alarms }: GatewayStatus["assets"][number]): string {
  const status = String(state["status"] ?? "unknown");
  const permit = state["permit"] === "valid" ? " (permit)" : "";
  return `${asset} ${alarms.length > 0 ? RED : status === "free" ? GREEN : ""}${status}${permit}${OFF}`;
}

/** One line of words without colours, for logs and pipes. */
export function plain(seen: Seen): string {
  const { gateway, seconds } = seen;
  const { buffer, delivered, acknowledged } = numbers(seen);
  const counts = `buffer ${buffer}  delivered ${delivered}  acknowledged ${acknowledged}`;
  const at = `${seconds.toFixed(0).padStart(4)} s`;
  if (!gateway) return `${at}  the gateway does not answer  ${counts}`;
  const up = gateway.devices.filter(({ state }) => state === "up" || state === "problem").length;
  const bays = gateway.assets.map(({ asset, state }) => `${asset}=${state["status"] ?? "unknown"}`).join(" ");
  const alarms = gateway.alarms.map(({ kind, asset, device }) => `${kind}@${asset ?? device}`).join(" ") || "none";
  const link = gateway.sync.connected ? "connected" : "away";
  return `${at}  devices ${up}/${gateway.devices.length} up  ${bays}  alarms ${alarms}  broker ${link}  ${counts}`;
}

function shown(value: Value): string {
  if (value === null) return "–";
  if (typeof value !== "number") return String(value);
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}

function age(ms: number | null): string {
  if (ms === null) return "";
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

const cell = (text: string, width: number): string =>
  text.length >= width ? `${text.slice(0, width - 1)} ` : text.padEnd(width);

/** To the width of the terminal; colours take no room. */
export function clip(line: string, columns: number): string {
  let room = columns;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  const parts = line.split(/(\x1b\[\d*m)/);
  const kept = parts.map((part, i) => {
    if (i % 2 === 1) return part;
    const text = part.slice(0, room);
    room -= text.length;
    return text;
  });
  return kept.join("");
}
