/** Runs the demonstration to its end and has it judged. */

import { existsSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { monotonic } from "../../src/kit/clock.ts";
import { pause } from "../../src/kit/loop/pause.ts";
import { formatNumber } from "../../src/kit/text/format-value.ts";
import type { GatewayStatus } from "../../src/model/index.ts";
import { type Counts, counts } from "../platform/store/counts.ts";
import { Database } from "../platform/store/database.ts";
import { readScenario } from "../site/scenario.ts";
import { ask } from "./ask.ts";
import { Told } from "./failure.ts";
import { type Wait, watchWaits } from "./judge/cpu-waits.ts";
import type { Period } from "./judge/readings.ts";
import { type Judged, judge } from "./judge/report.ts";
import { type Heads, headsOf, stored } from "./judge/stored.ts";
import type { Options } from "./options.ts";
import { checkOwn } from "./own-config.ts";
import { brokerFault } from "./processes/broker-check.ts";
import { inMemory, makeRunFolder } from "./run-folder.ts";
import { COMMIT_MS } from "./site-config.ts";
import type { Screen } from "./terminal/screen.ts";
import { sayIn } from "./terminal/words.ts";
import { openTestbed, type Testbed } from "./testbed.ts";
import { runVirtual, type VirtualRun } from "./virtual-run.ts";

const SHOW_EVERY_MS = 1000;
const LOOK_EVERY_MS = 200;
/** After the freeze, everything must be acknowledged within this time. */
const DRAIN_MS = 30_000;

/** What is done to a running world; resolves when it is over, with the moments in which it kept the gateway waiting itself. */
export type Disturbance = (world: Testbed, screen: Screen, stop: AbortSignal) => Promise<readonly Wait[]>;

/**
 * Runs for as long as the options say and until the trouble is over. Answers null when there is nothing to judge: it was stopped. Throws when
 * a process could not be kept running, and what the trouble throws.
 */
export async function run(
  options: Options,
  screen: Screen,
  stop: AbortSignal,
  trouble: Disturbance = asAsked(options),
): Promise<Judged | null> {
  try {
    if (options.config !== null) await checkOwn(options.config, options.lang, stop);
    return await inOwnFolder(options, screen, stop, trouble);
  } catch (error) {
    // While everything is being stopped, a process that ends is no failure.
    if (!stop.aborted) throw error;
    return null;
  }
}

async function inOwnFolder(options: Options, screen: Screen, stop: AbortSignal, trouble: Disturbance): Promise<Judged | null> {
  const dir = await makeRunFolder((await virtualOf(options)) === null ? tmpdir() : inMemory());
  // A second Ctrl-C while it is stopping must leave nothing behind either.
  const ended = () => stop.aborted && !options.keep && removeNow(dir);
  process.once("exit", ended);
  let good = false;
  try {
    const judged = await inFolder(options, dir, screen, stop, trouble);
    good = judged === null || judged.faults.length === 0;
    return judged;
  } finally {
    process.off("exit", ended);
    if ((good || stop.aborted) && !options.keep) await rm(dir, { recursive: true, force: true });
    else screen.note(`${sayIn(options.lang)("kept")}: ${dir}`);
  }
}

const TRIES = 40;
const TRY_MS = 50;

/** A process that was killed a moment ago may still have written a file while the folder was being emptied. */
function removeNow(dir: string): void {
  for (let tries = 1; existsSync(dir) && tries <= TRIES; tries += 1) {
    try {
      rmSync(dir, { recursive: true, force: true });
    } catch {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TRY_MS);
    }
  }
}

async function inFolder(
  options: Options,
  dir: string,
  screen: Screen,
  stop: AbortSignal,
  trouble: Disturbance,
): Promise<Judged | null> {
  const virtual = await virtualOf(options);
  if (virtual !== null) return runVirtual(virtual, options, dir, stop);
  const begun = monotonic();
  let course: Course | null;
  let waits: readonly Wait[] = [];
  let own: readonly Wait[] = [];
  let world: Testbed;
  {
    await using open = await openTestbed(options, dir, screen, stop);
    world = open;
    const ended = new AbortController();
    const stopped = AbortSignal.any([stop, ended.signal]);
    waits = watchWaits(() => [open.gateway.pid, ...(open.site ? [open.site.pid] : [])], stopped);
    // The last picture must not know more than the verdict, which counts up to the heads.
    const headsNoted = new AbortController();
    const shown = show(world, screen, begun, AbortSignal.any([stopped, headsNoted.signal]));
    try {
      const events = trouble(world, screen, stopped);
      [, own] = await Promise.race([Promise.all([pause(options.forMs ?? FOREVER_MS, stop), events]), world.broken]);
      course =
        stop.aborted || options.forMs === null ? null : await drain({ world, screen, lang: options.lang, headsNoted }, stop);
    } finally {
      ended.abort();
      await shown;
    }
  }
  if (!course) return null;
  const evidence = {
    gateway: world.id,
    gatewayDb: world.gatewayDb,
    platformDb: world.platformDb,
    served: world.site?.served ?? null,
    points: world.points.rules,
    bays: world.bays,
    expect: world.site?.expect ?? null,
    outputs: world.outputs,
    outages: world.broker.outages,
    starts: 1 + world.gateway.restarts,
    isPlanned: false,
    disturbed: options.forMs === 0,
    devices: world.devices,
    seconds: (monotonic() - begun) / 1000,
    waits: [...waits, ...own].sort((a, b) => a.span[0] - b.span[0]),
    ...course,
  };
  const { report, faults } = await judge(evidence, options.lang);
  return { report, faults: [...course.faults, ...faults] };
}

/** Whether the scenario is one of virtual time. */
async function virtualOf({ scenario, ...asked }: Options): Promise<VirtualRun | null> {
  const virtual = scenario === null ? undefined : (await readScenario(scenario)).virtual;
  if (scenario === null || virtual === undefined) return null;
  if (asked.forMs !== null || asked.killGateway || asked.kills > 0 || asked.brokerAwayMs !== null || asked.broker !== "embedded")
    throw new Told({
      it: "questo scenario dice da sé quanto dura e che cosa succede al gateway: senza --for, --kill-gateway, --kills, --broker, --broker-away",
      en: "this scenario says itself how long it lasts and what is done to the gateway: without --for, --kill-gateway, --kills, --broker, --broker-away",
    });
  return { scenario, from: virtual.from };
}

/** The longest time that a Node timer can hold, 24 days: stands for "until it is stopped". */
const FOREVER_MS = 2 ** 31 - 1;

interface Course {
  readonly heads: Heads;
  readonly blind: readonly Period[];
  readonly end: number;
  readonly must: number;
  readonly faults: readonly string[];
}

async function show(world: Testbed, screen: Screen, begun: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const [gateway, platform] = await Promise.all([world.gateway.status().catch(() => null), platformCounts(world)]);
    if (stop.aborted) return;
    screen.show({ gateway, platform, broker: world.broker.url, ask: world.ask, seconds: (monotonic() - begun) / 1000 });
    await pause(SHOW_EVERY_MS, stop);
  }
}

async function platformCounts(world: Testbed): Promise<Counts | null> {
  const data = await world.askPlatform({ do: "counts" }).catch(() => null);
  return counts.safeParse(data).data ?? null;
}

/** What goes wrong on purpose, in the middle of the run. */
const asAsked =
  (options: Options) =>
  async ({ gateway, broker }: Testbed, screen: Screen, stop: AbortSignal): Promise<readonly Wait[]> => {
    const length = options.forMs ?? 20_000;
    const say = sayIn(options.lang);
    const kill = async () => {
      await pause(length / 2, stop);
      if (!stop.aborted) await gateway.kill();
    };
    const away = async (ms: number) => {
      await pause((length - ms) / 2, stop);
      if (stop.aborted) return;
      screen.note(`${say("brokerKilled")} ${formatNumber(ms / 1000, options.lang)} s`);
      await broker.away?.(ms, stop);
      screen.note(say("brokerBack"));
    };
    // One by lot in each of so many equal parts of the run: two may follow one another at once, three never.
    const kills = async () => {
      const each = length / Math.max(1, options.kills);
      for (let n = 0; n < options.kills; n += 1) {
        const before = each * Math.random();
        await pause(before, stop);
        if (stop.aborted) return;
        await gateway.kill();
        await pause(each - before, stop);
      }
    };
    await Promise.all([
      kills(),
      options.killGateway ? kill() : null,
      options.brokerAwayMs === null ? null : away(options.brokerAwayMs),
    ]);
    return [];
  };

interface Draining {
  readonly world: Testbed;
  readonly screen: Screen;
  readonly lang: Options["lang"];
  /** Aborted when the heads are noted. */
  readonly headsNoted: AbortController;
}

/**
 * Freezes the site, lets what stands arrive, and notes how far every stream has come: these heads are what must be acknowledged, stored and
 * delivered alike (polls go on, so a moving head would never be reached). The gateway stays up until its own database shows the proof.
 */
async function drain({ world, screen, lang, headsNoted }: Draining, stop: AbortSignal): Promise<Course> {
  const say = sayIn(lang);
  const deadline = monotonic() + DRAIN_MS;
  if (world.site) await ask({ port: world.site.control }, { do: "freeze" });
  const must = monotonic();
  screen.note(`${world.site ? say("frozen") : ""}${say("waiting")}`);
  await pause(world.points.slowestMs + 2 * COMMIT_MS, stop);
  const heads = await settled(world, deadline, stop);
  headsNoted.abort();
  const faults: string[] = [];
  while (!(await proven(world, heads).catch(() => false))) {
    if (stop.aborted) break;
    if (monotonic() >= deadline) {
      faults.push(`${say("notInTime")} ${DRAIN_MS / 1000} s`);
      break;
    }
    await pause(LOOK_EVERY_MS, stop);
    const { gateway } = world;
    // When the broker is gone, nothing will be acknowledged any more: stop waiting and say why.
    const gone =
      (await gateway.status().catch(() => null))?.sync.connected === false ? await brokerFault(world.broker.url) : null;
    if (gone !== null && !stop.aborted) {
      faults.push(gone.what(lang));
      break;
    }
  }
  const blind = world.gateway.blind;
  return { heads, blind, end: monotonic(), must, faults };
}

/** The heads, once the gateway answers and nothing waits for its commit. */
async function settled(world: Testbed, deadline: number, stop: AbortSignal): Promise<Heads> {
  for (;;) {
    const status: GatewayStatus | null = await world.gateway.status().catch(() => null);
    if (status && status.streams.length > 0) return headsOf(status);
    if (monotonic() >= deadline || stop.aborted)
      throw new Told({ it: "il gateway non risponde più, a sito fermo", en: "the gateway does not answer after the freeze" });
    await pause(LOOK_EVERY_MS, stop);
  }
}

/** Read from the gateway's own database, while it runs. */
async function proven(world: Testbed, heads: Heads): Promise<boolean> {
  await using db = await Database.open(world.gatewayDb, "readonly");
  const streams = await stored(db, heads);
  return streams.length > 0 && streams.every((one) => one.acknowledged === one.stored);
}
