/** Groups what is wrong at a site by its cause: devices that fail alike on one bus are one fault, such as a dead line. */

import { formatDuration } from "../../kit/text/format-duration.ts";
import { pluralise } from "../../kit/text/pluralise.ts";
import { wrapped } from "../../kit/text/wrap.ts";
import type { DeviceStatus, Text } from "../../model/index.ts";
import { plain } from "./table.ts";
import type { Terminal } from "./terminal.ts";

type State = DeviceStatus["state"];

export interface FaultGroup {
  readonly state: State;
  readonly code: string;
  /** The longest of them. */
  readonly forMs: number | undefined;
  readonly devices: readonly DeviceStatus[];
  /** Absent for one device alone: its own name stands for it. */
  readonly bus?: { readonly name: string; readonly devices: number };
  /** What all of them say alike. */
  readonly what?: Text;
  readonly next?: Text;
}

const GRAVITY: readonly State[] = ["down", "problem"];

/** Those that are down first, and of these what stops most devices. */
export function faultGroups(devices: readonly DeviceStatus[]): readonly FaultGroup[] {
  const alike = new Map<string, DeviceStatus[]>();
  for (const device of devices) {
    const { id, bus, state, problem } = device;
    if (!GRAVITY.includes(state)) continue;
    const cause = bus === undefined || problem === undefined ? `device ${id}` : `${state} ${bus} ${problem.code}`;
    const group = alike.get(cause) ?? [];
    alike.set(cause, group);
    group.push(device);
  }
  const onBus = (name: string) => devices.filter(({ bus }) => bus === name).length;
  return [...alike.values()]
    .map((group) => groupOf(group, onBus))
    .sort((a, b) => GRAVITY.indexOf(a.state) - GRAVITY.indexOf(b.state) || b.devices.length - a.devices.length);
}

function groupOf(devices: readonly DeviceStatus[], onBus: (name: string) => number): FaultGroup {
  const [first] = devices as readonly [DeviceStatus];
  const problems = devices.flatMap(({ problem }) => problem ?? []);
  const { bus, state } = first;
  return {
    state,
    devices,
    code: problems[0]?.code ?? "",
    forMs: problems.length === 0 ? undefined : Math.max(...problems.map(({ forMs }) => forMs)),
    ...(devices.length > 1 && bus !== undefined && { bus: { name: bus, devices: onBus(bus) } }),
    ...same(
      "what",
      problems.map(({ what }) => what),
    ),
    ...same(
      "next",
      problems.map(({ next }) => next),
    ),
  };
}

/** The sentence, where all have the same one: it then speaks of the bus and not of one device. */
function same<K extends "what" | "next">(key: K, texts: readonly Text[]): { readonly [key in K]?: Text } {
  const [first] = texts;
  const isSame = first !== undefined && texts.every(({ it, en }) => it === first.it && en === first.en);
  return isSame ? ({ [key]: first } as { [key in K]: Text }) : {};
}

/** `hall-485: 3 of 8 devices  down for 95 s  port.lost`, or `meter-hall  down for 95 s  bus.timeout`. */
export function headOfGroup({ state, code, forMs, devices, bus }: FaultGroup, { say }: Terminal): string {
  const lasts = forMs === undefined ? "" : ` ${say("for_")} ${formatDuration(forMs)}`;
  const [first] = devices;
  const who = bus
    ? `${bus.name}: ${devices.length} ${say("of")} ${pluralise(bus.devices, say("deviceCount"))}`
    : (first?.id ?? "");
  const how = bus ? say(state === "down" ? "areDown" : "haveProblem") : say(state);
  return plain([who, `${how}${lasts}`, code].filter(Boolean).join("  "));
}

const INSET = "    ";
/** So many lines name who is concerned; `cippo status --all` names them all. */
const NAME_LINES = 2;

/** Who is concerned, what happened and what to do. */
export function detailsOf({ devices, bus, what, next }: FaultGroup, { lang, say }: Terminal, columns: number): readonly string[] {
  const width = columns - INSET.length;
  const fold = (text: string) => wrapped(plain(text), width).map((line) => INSET + line);
  const advise = (text: string) => wrapped(plain(text), width - 2).map((line, i) => `${INSET}${i === 0 ? "→" : " "} ${line}`);
  return [
    ...(bus ? namesIn(devices, width, say("moreDevices")).map((line) => INSET + line) : []),
    ...(what ? fold(what[lang]) : []),
    ...(next ? advise(next[lang]) : []),
  ];
}

/** As many as have room, and how many more. */
export function namesIn(devices: readonly DeviceStatus[], width: number, moreForms: string): readonly string[] {
  for (let shown = devices.length; ; shown -= 1) {
    const more = devices.length - shown;
    const listed = devices.slice(0, shown).map(({ id }) => id);
    const lines = wrapped(plain([...listed, ...(more > 0 ? [`… ${pluralise(more, moreForms)}`] : [])].join(", ")), width);
    if (lines.length <= NAME_LINES || shown <= 1) return lines;
  }
}
