/** The running demonstration as a picture for a terminal, or as one plain line. Pure. */
import { formatMeasure } from "../../../src/kit/text/format-value.ts";
import { stateWord } from "../../../src/kit/text/state-words.ts";
import type { DeviceStatus, GatewayStatus, OpenAlarm, PointStatus, Text } from "../../../src/model/index.ts";
import type { Counts } from "../../platform/store/counts.ts";
import { type Phrase, type Say, sayIn } from "./words.ts";

export interface ViewInput {
  /** null while the gateway does not answer. */
  readonly gateway: GatewayStatus | null;
  readonly platform: Counts | null;
  /** Its address. */
  readonly broker: string;
  /** How to ask this gateway from another terminal. */
  readonly ask: string;
  readonly seconds: number;
}

/** For whom the picture is, and what the terminal can show. */
export interface ViewOptions {
  readonly lang: keyof Text;
  readonly colours: boolean;
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

export function numbers({ gateway, platform }: ViewInput): Numbers {
  const delivered = platform?.streams.reduce((sum, { rows }) => sum + rows, 0) ?? 0;
  // A former epoch that is wholly acknowledged is no longer listed by the gateway: then the platform's word is the last.
  const listed = new Map(gateway?.streams.map((one) => [`${one.epoch}/${one.stream}`, one.upTo]));
  const acknowledged =
    platform?.streams.reduce((sum, { epoch, stream, upTo }) => sum + (listed.get(`${epoch}/${stream}`) ?? upTo), 0) ?? 0;
  return { delivered, acknowledged, buffer: gateway?.store.unacknowledged ?? 0 };
}

/** A terminal with fewer rows shows no hint at its foot. */
const FOOT_FROM = 10;

/** The whole picture, `columns` wide and at most `rows` high. */
export function picture(seen: ViewInput, columns: number, rows: number, { lang, colours }: ViewOptions): readonly string[] {
  const { gateway } = seen;
  const say = sayIn(lang);
  const { buffer, delivered, acknowledged } = numbers(seen);
  const counts = (
    [
      ["buffer", buffer],
      ["delivered", delivered],
      ["acknowledged", acknowledged],
    ] as const
  )
    .map(([word, n]) => `${BOLD}${say(word)}${OFF} ${n}`)
    .join("   ");
  const foot = `${DIM}${say("quits")} · ${say("askIt")}: ${seen.ask} status${OFF}`;
  const devices = gateway?.devices ?? [];
  const lines = fitted(
    {
      head: title(seen, say),
      devices,
      state: gateway ? stateLines(gateway, { lang, say }) : [],
      foot: rows < FOOT_FROM ? [counts] : [counts, foot],
      rows,
    },
    { lang, say },
  );
  return lines.map((line) => clip(colours ? line : uncoloured(line), columns));
}

function stateLines({ assets, alarms }: GatewayStatus, { lang, say }: Reader): readonly string[] {
  const alarm = (a: OpenAlarm) => `${RED}${a.kind}${OFF} ${a.asset ?? a.device ?? ""} (${stateWord(a.severity, lang)})`;
  return [
    `${BOLD}${cell(say("bays"), 8)}${OFF}${assets.map((asset) => assetLine(asset, { lang, say })).join("   ") || say("none")}`,
    `${BOLD}${cell(say("alarms"), 8)}${OFF}${alarms.map(alarm).join("   ") || say("noneOpen")}`,
  ];
}

interface Parts {
  readonly head: string;
  readonly devices: readonly DeviceStatus[];
  readonly state: readonly string[];
  readonly foot: readonly string[];
  readonly rows: number;
}
interface Reader {
  readonly lang: keyof Text;
  readonly say: Say;
}

/** States and counts are always shown. On a low terminal empty lines and headings go first, then devices, healthy ones before others. */
function fitted({ head, devices, state, foot, rows }: Parts, reader: Reader): readonly string[] {
  const { say } = reader;
  const lines = devices.map((device) => deviceLine(device, reader));
  const headings = `${BOLD}${cell(say("device"), 18)}${cell(say("state"), 10)}${say("values")}${OFF}`;
  const table = lines.length > 0 ? [headings, ...lines, ""] : [];
  const airy = [head, "", ...table, ...state, "", ...foot];
  if (airy.length <= rows) return airy;
  const left = rows - state.length - foot.length - 1;
  if (lines.length <= left) return [head, ...lines, ...state, ...foot];
  const first = [...devices].sort((a, b) => GRAVITY.indexOf(a.state) - GRAVITY.indexOf(b.state));
  const shown = first.slice(0, Math.max(0, left - 1)).map((device) => deviceLine(device, reader));
  const more = left > 0 ? [`${DIM}… ${lines.length - shown.length} ${say("more")}${OFF}`] : [];
  return [head, ...shown, ...more, ...state, ...foot].slice(0, rows);
}

const GRAVITY: readonly DeviceStatus["state"][] = ["down", "problem", "starting", "up"];
const NAMES: Readonly<Record<DeviceStatus["state"], Phrase>> = {
  up: "up",
  down: "down",
  problem: "problem",
  starting: "begins",
};

function title({ gateway, broker, seconds }: ViewInput, say: Say): string {
  const time = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  if (!gateway) return `${BOLD}cippo${OFF} · ${time} · ${YELLOW}${say("starting")}${OFF}`;
  const link = gateway.sync.connected ? `${GREEN}${say("connected")}${OFF}` : `${RED}${say("away")}${OFF}`;
  const clock = gateway.clock === "synced" ? "" : ` · ${YELLOW}${say("unsynced")}${OFF}`;
  return `${BOLD}cippo ${gateway.gateway}${OFF} · ${time} · ${say("broker")} ${broker} ${link}${clock}`;
}

function deviceLine({ id, state, points, problem, ageMs }: DeviceStatus, { lang, say }: Reader): string {
  const colour = state === "up" ? GREEN : state === "down" ? RED : YELLOW;
  const seen = points.filter(({ ageMs: age }) => age !== null).sort((a, b) => rank(a) - rank(b));
  const wrong = problem === undefined ? [] : [`${colour}${problem.what[lang]}${OFF}`];
  const what = [...wrong, ...seen.map((point) => pointWords(point, { lang, say }))].join(" · ") || say("noValue");
  return `${cell(id, 18)}${colour}${cell(say(NAMES[state]), 10)}${OFF}${DIM}${cell(age(ageMs, lang), 8)}${OFF}${what}`;
}

/** What people look for on a meter comes first; a narrow terminal cuts the rest. */
const FIRST = ["W", "kW.h", "m3", "Cel"];
const rank = ({ unit }: PointStatus): number => (FIRST.indexOf(unit) + FIRST.length + 1) % (FIRST.length + 1);

/** Quality speaks by a mark: nothing = good, ~ = uncertain, ! = bad; the age of a point only where it differs from what is usual. */
function pointWords({ point, kind, value, unit, quality, code, ageMs, last }: PointStatus, { lang, say }: Reader): string {
  const doubt = quality === "uncertain" ? `${YELLOW}~${code ?? ""} ` : `${RED}!${code ?? ""} `;
  const mark = last ? `${DIM}${say("last")} ` : quality === "good" ? "" : doubt;
  const old = ageMs !== null && ageMs > 10_000 ? ` ${DIM}${age(ageMs, lang)}${OFF}` : "";
  return `${mark}${point} ${formatMeasure(value, unit, lang, kind)}${mark ? OFF : ""}${old}`;
}

function assetLine({ asset, state, alarms, quality }: GatewayStatus["assets"][number], { lang, say }: Reader): string {
  const status = String(state["status"] ?? "unknown");
  const known = stateWord(status, lang);
  const permit = state["permit"] === "valid" ? ` (${say("permit")})` : "";
  // The bay is not seen at present: this is its last known state.
  const doubt = quality === "good" || status === "unknown" ? "" : `${YELLOW}~${OFF}`;
  return `${asset} ${doubt}${alarms.length > 0 ? RED : status === "free" ? GREEN : ""}${known}${permit}${OFF}`;
}

/** One line of words without colours, for logs and pipes. */
export function plain(seen: ViewInput, lang: keyof Text): string {
  const { gateway, seconds } = seen;
  const say = sayIn(lang);
  const { buffer, delivered, acknowledged } = numbers(seen);
  const counts = (
    [
      ["buffer", buffer],
      ["delivered", delivered],
      ["acknowledged", acknowledged],
    ] as const
  )
    .map(([word, n]) => `${say(word).toLowerCase()} ${n}`)
    .join("  ");
  const at = `${seconds.toFixed(0).padStart(4)} s`;
  if (!gateway) return `${at}  ${say("noAnswer")}  ${counts}`;
  const up = gateway.devices.filter(({ state }) => state === "up" || state === "problem").length;
  const bays = gateway.assets.map(({ asset, state }) => `${asset}=${stateWord(String(state["status"] ?? "unknown"), lang)}`);
  const alarms = gateway.alarms.map(({ kind, asset, device }) => `${kind}@${asset ?? device}`).join(" ") || say("noneOpen");
  const link = say(gateway.sync.connected ? "connected" : "away").toLowerCase();
  const devices = `${say("devices")} ${up}/${gateway.devices.length} ${say("upMany")}`;
  const parts = [devices, bays.join(" "), `${say("alarms").toLowerCase()} ${alarms}`, `${say("broker")} ${link}`, counts];
  return [at, ...parts].join("  ");
}

function age(ms: number | null, lang: keyof Text): string {
  if (ms === null) return "";
  const text = ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
  return lang === "it" ? text.replace(".", ",") : text;
}

const cell = (text: string, width: number): string =>
  text.length >= width ? `${text.slice(0, width - 1)} ` : text.padEnd(width);

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const uncoloured = (line: string): string => line.replaceAll(/\x1b\[\d*m/g, "");

/** To the width of the terminal, with … for what is cut off; colours take no room. */
export function clip(line: string, columns: number): string {
  const isWhole = uncoloured(line).length <= columns;
  let left = isWhole ? columns : columns - 1;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
  const parts = line.split(/(\x1b\[\d*m)/);
  const kept = parts.map((part, i) => {
    if (i % 2 === 1) return part;
    const text = part.slice(0, left);
    const ends = !isWhole && left > 0 && text.length === left;
    left -= text.length;
    return ends ? `${text}…` : text;
  });
  return kept.join("");
}
