/** Has a scenario lived in virtual time by a process of its own, and what came of it judged like any other run. */
import { resolve } from "node:path";
import * as z from "zod";
import { monotonic } from "../../src/kit/clock.ts";
import type { Period } from "./judge/readings.ts";
import { type Judged, judge } from "./judge/report.ts";
import type { Options } from "./options.ts";
import { Child } from "./processes/child.ts";
import { program } from "./processes/program.ts";
import { baysOf, GATEWAY, limitedOutputs, pointsOf, siteReady } from "./site-config.ts";
import { sayIn } from "./terminal/words.ts";

/** The line that ends a run: what a judge must know of the run, beside its databases and what the wires showed. */
export interface Lived {
  /** As the site said it when it stood. */
  readonly ready: unknown;
  readonly gatewayDb: string;
  readonly platformDb: string;
  readonly starts: number;
  readonly blind: readonly Period[];
  readonly end: number;
  readonly must: number;
  /** Null: everything that is stored is acknowledged. */
  readonly notProvenWithinMs: number | null;
}

/** On a machine that has no time for it: a day takes seconds. */
const MOST_MS = 1_200_000;
const lived = z.custom<Lived>((line) => typeof line === "object" && line !== null && "notProvenWithinMs" in line);

export interface VirtualRun {
  readonly scenario: string;
  /** When the play begins, as the scenario writes it. */
  readonly from: string;
}

/** Null: it was stopped. */
export async function runVirtual(
  { scenario, from }: VirtualRun,
  { lang }: Options,
  dir: string,
  stop: AbortSignal,
): Promise<Judged | null> {
  const begun = monotonic();
  const words = ["--dir", dir, "--scenario", resolve(scenario), "--from", from];
  await using child = new Child({
    name: "virtual",
    command: process.execPath,
    args: [program("virtual.js"), ...words],
    isReady: (line) => "notProvenWithinMs" in line,
    readyWithinMs: MOST_MS,
  });
  const stopped = new Promise<null>((end) => {
    stop.addEventListener("abort", () => end(null), { once: true });
    if (stop.aborted) end(null);
  });
  const line = await Promise.race([child.ready, stopped]);
  if (line === null) return null;
  const { ready, notProvenWithinMs: late, ...course } = lived.parse(line);
  const { site, served, expect, paces } = siteReady.parse(ready);
  const { rules } = await pointsOf(site);
  const { report, faults } = await judge(
    {
      gateway: GATEWAY,
      served,
      points: rules,
      bays: await baysOf(site, paces),
      expect,
      outputs: limitedOutputs(site),
      devices: new Map(Object.entries(site.devices).map(([device, { type }]) => [device, type])),
      isPlanned: true,
      disturbed: false,
      outages: [],
      waits: [],
      heads: new Map(),
      seconds: (monotonic() - begun) / 1000,
      ...course,
    },
    lang,
  );
  return { report, faults: [...(late === null ? [] : [`${sayIn(lang)("notInTime")} ${late / 1000} s`]), ...faults] };
}
