/** Judges events that are no asset's: each has its reason in a command, a fault, a start or an outage. Pure. */

import { formatNumber } from "../../../src/kit/text/format-value.ts";
import { verbatim } from "../../../src/kit/text/reasons.ts";
import type { Text } from "../../../src/model/index.ts";
import type { ReceivedEvent } from "./bays.ts";
import type { Level } from "./levels.ts";
import { EARLY_MS, MOST_LATE_MS, type Period } from "./readings.ts";
import { at } from "./sentences.ts";

/** A command that the platform gave. */
export interface GivenCommand {
  readonly id: string;
  readonly target: string;
  readonly action: string;
}

/** An output that the gateway itself switches off after a time. */
export interface LimitedOutput {
  /** device.point */
  readonly target: string;
  readonly maxOnMs: number;
  readonly levels: readonly Level[];
}

export interface EventsInput {
  /** In the order of their numbers, without those of judged assets. */
  readonly events: readonly (ReceivedEvent & { readonly target: string | null })[];
  readonly commands: readonly GivenCommand[];
  /** How often the gateway began. */
  readonly starts: number;
  readonly outputs: readonly LimitedOutput[];
  /** When no gateway was ready. */
  readonly blind: readonly Period[];
  /** When no broker could be reached. */
  readonly outages: readonly Period[];
  /** When this device, or its whole bus, was failing. */
  readonly failing: (device: string) => readonly Period[];
  readonly end: number;
}

export interface EventFinding {
  readonly what: "missing" | "extra";
  readonly told: Text;
}

const ENDS: ReadonlySet<string> = new Set(["succeeded", "failed", "expired", "refused", "unknown"]);
/** What a gateway may say of its own way to the platform, its clock and its store, whatever the site does. */
const OWN = /^(epoch|catalog|sync|store|ledger|clock|config|gateway|list)\./;

/** An outage is told of when it has lasted this long (CT-U10); at an outage of about this length, both answers are right. */
const TOLD_AFTER_MS = 10_000;
const ABOUT_MS = 3000;
/**
 * How soon the end of an outage is reported: the client may be waiting between two attempts to connect. Outages too short for an event of their own
 * are summed up in one, once the link has held for a minute.
 */
const BACK_WITHIN_MS = 30_000;
const SUMMED_WITHIN_MS = 60_000 + BACK_WITHIN_MS;

export function judgeEvents(input: EventsInput): readonly EventFinding[] {
  const { events, starts } = input;
  const findings: EventFinding[] = [];
  const extra = ({ kind, state, asset, device, mono }: ReceivedEvent) =>
    findings.push({ what: "extra", told: at([kind, state, asset ?? device].filter(Boolean).join(" "), mono) });
  const opened = events.filter(({ kind }) => kind === "epoch.opened").length;
  if (opened !== starts)
    findings.push({
      what: opened < starts ? "missing" : "extra",
      told: { it: `epoch.opened: ${opened} per ${starts} avvii`, en: `epoch.opened: ${opened} for ${starts} starts` },
    });
  findings.push(...judgeCommands(input), ...judgeLimits(input), ...judgeOutages(input));
  for (const event of events) {
    if (/^(command|uplink)\./.test(event.kind)) continue;
    if (event.device !== null) {
      const seen = [...input.blind, ...input.failing(event.device)].some(([from, to]) => event.mono >= from && event.mono <= to);
      if (!seen) extra(event);
    } else if (event.asset !== null || !OWN.test(event.kind)) extra(event);
  }
  return findings;
}

/** accepted, executing, one end: each once, in this order, for every command that was given and for no other. */
function judgeCommands({ events, commands, blind, end }: EventsInput): readonly EventFinding[] {
  const findings: EventFinding[] = [];
  const given = new Map(commands.map((one) => [one.id, one]));
  const steps = new Map<string, { readonly step: string; readonly mono: number }[]>();
  // What a person at the box commands, nobody but that person knows.
  const people = new Set(events.flatMap(({ command, origin }) => (origin === "local" ? [command] : [])));
  for (const { kind, command, mono } of events) {
    if (!kind.startsWith("command.") || command === null || people.has(command)) continue;
    const step = kind.slice("command.".length);
    if (!given.has(command))
      findings.push({
        what: "extra",
        told: { it: `${kind} di ${command}, che nessuno ha dato`, en: `${kind} of ${command}, which nobody gave` },
      });
    const known = steps.get(command);
    if (known) known.push({ step, mono });
    else steps.set(command, [{ step, mono }]);
  }
  for (const [id, { action, target }] of given) {
    const taken = steps.get(id) ?? [];
    const words = taken.map(({ step }) => step);
    const isWhole = /^(accepted executing (succeeded|failed|unknown)|(accepted )?(refused|expired))$/.test(words.join(" "));
    const isHidden = taken.some(({ mono }) => blind.some(([from, to]) => mono >= from && mono <= to)) || taken.length === 0;
    if (isWhole) continue;
    const last = taken.at(-1);
    // No error: the gateway never received the command, received it just before the end, or was killed while it carried it out.
    if (last === undefined || (!ENDS.has(last.step) && (isHidden || last.mono + MOST_LATE_MS > end))) continue;
    findings.push({
      what: ENDS.has(last.step) ? "extra" : "missing",
      told: verbatim(`${action} ${target}: ${words.join(", ")}`),
    });
  }
  return findings;
}

/** An output that stood on for all of its maximum time was switched off by the gateway, which says so once. */
function judgeLimits({ events, outputs, blind, end }: EventsInput): readonly EventFinding[] {
  const findings: EventFinding[] = [];
  const unused = events.filter(({ kind }) => kind === "command.limit-reached");
  for (const { target, maxOnMs, levels } of outputs)
    for (const { value, at: from, end: off, stands } of levels) {
      if (value !== true || stands || off - from < maxOnMs - EARLY_MS) continue;
      const found = unused.findIndex((one) => one.target === target && Math.abs(one.mono - off) <= MOST_LATE_MS);
      if (found >= 0) unused.splice(found, 1);
      else if (off + MOST_LATE_MS < end && !blind.some(([began, ended]) => began <= off && from <= ended))
        findings.push({ what: "missing", told: at(`command.limit-reached ${target}`, off) });
    }
  for (const { mono, target } of unused)
    if (!blind.some(([from, to]) => mono >= from && mono <= to))
      findings.push({ what: "extra", told: at(`command.limit-reached ${target}`, mono) });
  return findings;
}

/** An outage of the broker that lasts is told of once, and its end once; where none was, none is told. */
function judgeOutages({ events, outages, blind, end }: EventsInput): readonly EventFinding[] {
  const findings: EventFinding[] = [];
  const unused = events.filter(({ kind }) => kind.startsWith("uplink."));
  const take = (kind: string, from: number, to: number, must: boolean) => {
    const found = unused.findIndex((one) => one.kind === kind && one.mono >= from && one.mono <= to);
    if (found >= 0) unused.splice(found, 1);
    else if (must && to < end)
      findings.push({
        what: "missing",
        told: {
          it: `${kind} dell'assenza del broker a ${formatNumber(from, "it")}`,
          en: `${kind} of the outage at ${formatNumber(from, "en")}`,
        },
      });
    return found >= 0;
  };
  for (const [from, to] of outages) {
    const isSeen = !blind.some(([began, ended]) => began <= to && from <= ended);
    const isLong = to - from >= TOLD_AFTER_MS + ABOUT_MS;
    const told = take("uplink.down", from + TOLD_AFTER_MS - EARLY_MS, to + BACK_WITHIN_MS, isLong && isSeen);
    take("uplink.up", to, to + (told ? BACK_WITHIN_MS : SUMMED_WITHIN_MS), told && isSeen);
  }
  // A gateway that was killed knows of an outage only what it had saved.
  const excused = (mono: number) => blind.some(([from, to]) => mono >= from && mono <= to + BACK_WITHIN_MS);
  for (const { kind, mono } of unused) if (!excused(mono)) findings.push({ what: "extra", told: at(`${kind} noted`, mono) });
  return findings;
}
