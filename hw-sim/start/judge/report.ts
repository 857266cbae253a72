/** The two databases, the simulator's log and the run's course go in; the JSON report and what is wrong with it come out. */
import { readFile } from "node:fs/promises";
import * as z from "zod";
import { Database } from "../../platform/store/database.ts";
import { size } from "../../platform/store/ranges.ts";
import type { WireRecord } from "../../site/wire-log.ts";
import type { Wait } from "./cpu-waits.ts";
import * as from from "./delivered.ts";
import type { PointRule } from "./levels.ts";
import { compareReadings, type ReadingsComparison, type Window } from "./readings.ts";
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
  readonly events: Readonly<Record<string, number>>;
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly seconds: number;
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
  readonly blind: readonly Window[];
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

export async function judge(evidence: Evidence): Promise<Judged> {
  const { gateway } = evidence;
  const devices = new Set(evidence.devices.keys());
  await using store = await Database.open(evidence.gatewayDb, "readonly");
  await using platform = await Database.open(evidence.platformDb, "readonly");
  const kept = await stored(store, evidence.heads);
  const held = await from.delivered(platform, gateway, kept, evidence.heads);
  const twice = await from.duplicates(platform, gateway, devices);
  const told = await from.receivedReadings(platform, gateway);
  const { findings, ...truth } = compareReadings({
    served: evidence.served === null ? [] : await readServed(evidence.served),
    received: evidence.served === null ? [] : told,
    points: evidence.points,
    blind: evidence.blind,
    waits: evidence.waits,
    end: evidence.end,
    must: evidence.must,
  });
  const report: Report = {
    records: {
      stored: sum(kept, (one) => one.stored),
      delivered: sum(held, (one) => one.rows),
      acknowledged: sum(kept, (one) => one.acknowledged),
      gaps: sum(held, (one) => size(one.gaps)),
      duplicates: sum(twice, (one) => one.times - 1),
      repeats: await from.repeats(platform, gateway),
    },
    readings: truth,
    events: await from.eventKinds(platform, gateway),
    latencyMs: await from.latency(platform, gateway, devices),
    seconds: Math.round(evidence.seconds * 10) / 10,
  };
  const good = new Set(told.filter((row) => row.quality === "good").map((row) => row.source));
  const silent = [...new Set(evidence.devices.values())].filter(
    (type) => ![...evidence.devices].some(([device, its]) => its === type && good.has(device)),
  );
  const examples = [
    ...held.flatMap((one) => one.gaps.map(([lo, hi]) => `gap: ${one.epoch} ${one.stream} ${lo}..${hi}`)),
    ...twice.map((one) => `duplicate: ${one.what} (${one.times} times)`),
    ...findings.map(
      (one) => `${one.what}: ${one.device}.${one.point} = ${JSON.stringify(one.value)} at ${one.mono}; nearest: ${one.nearest}`,
    ),
  ];
  return { report, faults: [...faultsOf(report, silent), ...examples.slice(0, EXAMPLES)] };
}

/** Which figures are not as they must be. */
export function faultsOf({ records, readings: truth }: Report, silentTypes: readonly string[]): readonly string[] {
  const { stored, delivered, acknowledged } = records;
  const faults: string[] = [];
  if (stored === 0) faults.push("nothing was stored");
  if (stored !== delivered || delivered !== acknowledged)
    faults.push(`stored ${stored}, delivered ${delivered}, acknowledged ${acknowledged} must be equal`);
  for (const [name, n] of Object.entries({
    gaps: records.gaps,
    duplicates: records.duplicates,
    wrong: truth.wrong,
    missing: truth.missing,
  }))
    if (n !== 0) faults.push(`${name} ${n} must be 0`);
  for (const type of silentTypes) faults.push(`no device of type ${type} produced a good value`);
  return faults;
}

const served = z.looseObject({ k: z.enum(["shown", "level", "pulse", "write", "fault", "frozen"]) });

/** Written by our own simulator; a last line cut by its end is left out. */
async function readServed(file: string): Promise<readonly WireRecord[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  lines.pop();
  return lines.map((line) => served.parse(JSON.parse(line)) as unknown as WireRecord);
}

const sum = <T>(list: readonly T[], of: (one: T) => number): number => list.reduce((total, one) => total + of(one), 0);
