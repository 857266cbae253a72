/** Judges a finished run by the two databases and the simulator's log, and says what is wrong with it. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { size } from "../../../src/kit/range-set.ts";
import type { Text } from "../../../src/model/index.ts";
import { Database } from "../../platform/store/database.ts";
import type { Expectation } from "../../site/expectation.ts";
import type { WireRecord } from "../../site/wire-log.ts";
import type { SiteBay } from "../site-config.ts";
import { sayIn } from "../terminal/words.ts";
import { judgeBay } from "./bays.ts";
import type { Wait } from "./cpu-waits.ts";
import * as from from "./delivered.ts";
import { judgeEvents } from "./events.ts";
import { judgeExpected, withoutListed } from "./expected.ts";
import { levelsOf, type PointRule } from "./levels.ts";
import { blindFor, compareReadings, type Period, type ReadingsComparison, type ReceivedReading } from "./readings.ts";
import { after, at, valueText } from "./sentences.ts";
import { type Heads, stored } from "./stored.ts";

export interface Report {
  readonly records: {
    readonly stored: number;
    readonly delivered: number;
    readonly acknowledged: number;
    readonly gaps: number;
    readonly duplicates: number;
    readonly repeats: number;
  };
  readonly readings: Omit<ReadingsComparison, "findings">;
  /** Bays and events against what the wires showed and what was commanded; null: nothing to judge them by. */
  readonly assets: Assets | null;
  readonly events: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly seconds: number;
}

export interface Assets {
  readonly bays: number;
  /** Assets whose events and states the scenario lists. */
  readonly listed: number;
  readonly events: number;
  readonly missing: number;
  readonly extra: number;
  readonly wrong: number;
}

export interface Evidence {
  readonly gateway: string;
  readonly gatewayDb: string;
  readonly platformDb: string;
  /** null: no simulated site, nothing to compare with. */
  readonly served: string | null;
  readonly points: ReadonlyMap<string, PointRule>;
  /** device → type. */
  readonly devices: ReadonlyMap<string, string>;
  readonly bays: readonly SiteBay[];
  /** What the scenario says that must be told; null: it says nothing. */
  readonly expect: Expectation | null;
  /** device.point → after how many ms the gateway switches it off. */
  readonly outputs: ReadonlyMap<string, number>;
  /** How often the gateway began. */
  readonly starts: number;
  /** Its starts are part of the scenario, which lists what is told after each. */
  readonly isPlanned: boolean;
  /** Its disk, its process or its platform were made to fail too: then only the readings can be judged. */
  readonly disturbed: boolean;
  readonly blind: readonly Period[];
  /** When no broker could be reached. */
  readonly outages: readonly Period[];
  readonly waits: readonly Wait[];
  readonly end: number;
  readonly must: number;
  readonly heads: Heads;
  readonly seconds: number;
}

export interface Judged {
  readonly report: Report;
  /** Empty: the run is good. Each a line for people. */
  readonly faults: readonly string[];
}

const EXAMPLES = 10;
/** How each finding is named. */
const KINDS = { missing: "isMissing", extra: "isExtra", wrong: "isWrong" } as const;

export async function judge(evidence: Evidence, lang: keyof Text): Promise<Judged> {
  const { gateway } = evidence;
  const say = sayIn(lang);
  const devices = new Set(evidence.devices.keys());
  await using store = await Database.open(evidence.gatewayDb, "readonly");
  await using platform = await Database.open(evidence.platformDb, "readonly");
  const kept = await stored(store, evidence.heads);
  const held = await from.delivered(platform, gateway, kept, evidence.heads);
  const twice = await from.duplicates(platform, gateway, devices);
  const told = await from.receivedReadings(platform, gateway);
  const served = evidence.served === null ? [] : await readServed(evidence.served);
  const { findings, ...readings } = compareReadings({
    served,
    received: evidence.served === null ? [] : told,
    points: evidence.points,
    blind: evidence.blind,
    waits: evidence.waits,
    end: evidence.end,
    must: evidence.must,
  });
  const assets =
    evidence.served === null || evidence.disturbed ? null : await judgeAssets(platform, evidence, served, told, lang);
  const report: Report = {
    records: {
      stored: sum(kept, (one) => one.stored),
      delivered: sum(held, (one) => one.rows),
      acknowledged: sum(kept, (one) => one.acknowledged),
      gaps: sum(held, (one) => size(one.gaps)),
      duplicates: sum(twice, (one) => one.times - 1),
      repeats: await from.repeats(platform, gateway),
    },
    readings,
    assets: assets?.counts ?? null,
    events: await from.eventKinds(platform, gateway),
    latencyMs: await from.latency(platform, gateway, devices),
    seconds: Math.round(evidence.seconds * 10) / 10,
  };
  const good = new Set(told.filter((row) => row.quality === "good").map((row) => row.source));
  const silent = [...new Set(evidence.devices.values())].filter(
    (type) => ![...evidence.devices].some(([device, its]) => its === type && good.has(device)),
  );
  const examples = [
    ...(assets?.findings ?? []),
    ...held.flatMap((one) => one.gaps.map(([lo, hi]) => `${say("gap")}: ${one.epoch} ${one.stream} ${lo}..${hi}`)),
    ...twice.map((one) => `${say("duplicate")}: ${one.what} (${one.times} ×)`),
    ...findings.map(
      (one) =>
        `${say(KINDS[one.what])}: ${at(after(`${one.device}.${one.point} = `, valueText(one.value)), one.mono)[lang]}; ${say("nearest")}: ${one.nearest[lang]}`,
    ),
  ];
  return { report, faults: [...faultsOf(report, silent, lang), ...examples.slice(0, EXAMPLES)] };
}

/** Bays, their alarms and all other events, against what the wires showed and what was commanded. */
async function judgeAssets(
  platform: Database,
  { gateway, bays, expect, outputs, points, blind, outages, end, must, starts, isPlanned }: Evidence,
  served: readonly WireRecord[],
  told: readonly ReceivedReading[],
  lang: keyof Text,
): Promise<{ readonly counts: Assets; readonly findings: readonly string[] }> {
  const levels = levelsOf(served, points, end, must);
  const events = await from.receivedEvents(platform, gateway);
  const commands = await from.givenCommands(platform, gateway);
  const retained = await from.retainedBays(platform, gateway);
  const busOf = new Map([...points].map(([key, { bus }]) => [key.split(".")[0] ?? "", bus]));
  const failing = (device: string) => blindFor({ blind: [], served }, { device }, { bus: busOf.get(device) ?? "" });
  const confirms = new Map(commands.flatMap((one) => (one.action === "permit.confirm" ? [[one.id, one.target] as const] : [])));
  const ofBays = bays.flatMap((rule) =>
    judgeBay(
      withoutListed({
        rule,
        levels: levels.get(rule.occupancy)?.list ?? [],
        confirmed: events.flatMap(({ kind, command, mono }) =>
          kind === "command.succeeded" && confirms.get(command ?? "") === rule.asset ? [mono] : [],
        ),
        events: events.filter(({ asset }) => asset === rule.asset),
        attributes: told.filter(({ source }) => source === rule.asset),
        retained: retained.get(rule.asset) ?? null,
        doubtful: [...blind, ...failing(rule.occupancy.split(".")[0] ?? "")],
        end: must,
      }),
    ),
  );
  // After a kill the gateway starts its grace times anew, so that no later time of the scenario's list holds any more.
  const began = starts > 1 && !isPlanned ? undefined : served.find((one) => one.k === "begun")?.at;
  const listed = expect === null || began === undefined ? [] : Object.entries(expect.assets);
  const ofListed = listed.flatMap(([asset, expected]) =>
    judgeExpected({
      asset,
      expected,
      withinMs: expect?.within ?? 0,
      begun: began ?? 0,
      events: events.filter((one) => one.asset === asset),
      attributes: told.filter(({ source }) => source === asset),
      retained: retained.get(asset) ?? null,
      end: must,
    }),
  );
  const judged = new Set([...bays.map(({ asset }) => asset), ...Object.keys(expect?.assets ?? {})]);
  const others = judgeEvents({
    events: events.filter(({ asset }) => asset === null || !judged.has(asset)),
    commands,
    starts,
    outputs: [...outputs].map(([target, maxOnMs]) => ({ target, maxOnMs, levels: levels.get(target)?.list ?? [] })),
    blind,
    outages,
    failing,
    end: must,
  });
  const all = [
    ...[...ofBays, ...ofListed].map(({ what, asset, told }) => ({ what, told: after(`${asset}: `, told) })),
    ...others,
  ];
  const count = (what: string) => all.filter((one) => one.what === what).length;
  return {
    counts: {
      bays: bays.length,
      listed: listed.length,
      events: events.length,
      missing: count("missing"),
      extra: count("extra"),
      wrong: count("wrong"),
    },
    findings: all.map(({ what, told }) => `${sayIn(lang)(KINDS[what])}: ${told[lang]}`),
  };
}

/** The figures that are not as they must be, as sentences in the reader's language. */
export function faultsOf(
  { records, readings, assets }: Report,
  silentTypes: readonly string[],
  lang: keyof Text = "en",
): readonly string[] {
  const { stored, delivered, acknowledged } = records;
  const say = sayIn(lang);
  const faults: string[] = [];
  if (stored === 0) faults.push(say("nothingStored"));
  if (stored !== delivered || delivered !== acknowledged)
    faults.push(filled(say("notEqual"), { stored, delivered, acknowledged }));
  for (const [key, n] of [
    ["gaps", records.gaps],
    ["duplicates", records.duplicates],
    ["wrongValues", readings.wrong],
    ["missingValues", readings.missing],
    ["wrongStates", assets?.wrong ?? 0],
    ["missingEvents", assets?.missing ?? 0],
    ["extraEvents", assets?.extra ?? 0],
  ] as const)
    if (n !== 0) faults.push(filled(say("mustBeNone"), { what: say(key), n }));
  for (const type of silentTypes) faults.push(filled(say("silentType"), { type }));
  return faults;
}

const filled = (text: string, words: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, key: string) => String(words[key] ?? whole));

const served = z.looseObject({ k: z.enum(["begun", "shown", "level", "pulse", "write", "fault", "frozen"]) });

/** Written by our own simulator; a last line cut by its end is left out. */
async function readServed(file: string): Promise<readonly WireRecord[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  lines.pop();
  return lines.map((line) => served.parse(JSON.parse(line)) as unknown as WireRecord);
}

const sum = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((total, one) => total + of(one), 0);
