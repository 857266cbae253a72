/** Opens site, broker, platform and gateway as processes, in order, and closes them in reverse. */
import { writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import * as z from "zod";
import type { Expectation } from "../site/expectation.ts";
import { ask } from "./ask.ts";
import type { Options } from "./options.ts";
import { borrowed } from "./own-config.ts";
import { type Broker, openBroker } from "./processes/broker.ts";
import { brokerFault } from "./processes/broker-check.ts";
import { Child } from "./processes/child.ts";
import { Gateway } from "./processes/gateway.ts";
import { program } from "./processes/program.ts";
import { SOCKET, writeParts } from "./run-folder.ts";
import {
  baysOf,
  COMMIT_MS,
  GATEWAY,
  gatewayConfig,
  limitedOutputs,
  type Points,
  pointsOf,
  type Site,
  type SiteBay,
  siteReady,
} from "./site-config.ts";
import type { Screen } from "./terminal/screen.ts";
import { sayIn } from "./terminal/words.ts";

export interface Testbed extends AsyncDisposable {
  readonly dir: string;
  /** The command line that asks this gateway, as it is typed here. */
  readonly ask: string;
  readonly id: string;
  readonly broker: Broker;
  readonly gateway: Gateway;
  readonly gatewayDb: string;
  readonly platformDb: string;
  readonly points: Points;
  readonly bays: readonly SiteBay[];
  /** device.point → after how many ms the gateway switches it off. */
  readonly outputs: ReadonlyMap<string, number>;
  /** device → type. */
  readonly devices: ReadonlyMap<string, string>;
  /** The simulated site's log and control, and by bus the faults that it can have; null when the wires are real. */
  readonly site: {
    readonly served: string;
    readonly control: number;
    readonly pid: number;
    readonly faults: Readonly<Record<string, readonly string[]>>;
    /** What its scenario says that must be told. */
    readonly expect: Expectation | null;
  } | null;
  readonly platform: { readonly pid: number };
  askPlatform(request: object): Promise<unknown>;
  /** Rejects when one of the processes could not be kept running. */
  readonly broken: Promise<never>;
}

const ACK_AFTER = "1s";

/** Rejects as soon as it is to stop, with everything closed that was open by then. */
export async function openTestbed(
  options: Options,
  dir: string,
  screen: Pick<Screen, "note">,
  stop: AbortSignal,
): Promise<Testbed> {
  const say = sayIn(options.lang);
  const tell = (line: string) => screen.note(line);
  const opened: AsyncDisposable[] = [];
  const use = <T extends AsyncDisposable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const close = async (): Promise<void> => {
    for (let last = opened.pop(); last; last = opened.pop()) await last[Symbol.asyncDispose]();
  };
  let fail: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined);
  const stopped = new Promise<never>((_, reject) => {
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
    if (stop.aborted) reject(stop.reason);
  });
  stopped.catch(() => undefined);
  // A part that becomes ready after the stop is not in the list; its process ends with this one.
  const unlessStopped = <T>(work: Promise<T>): Promise<T> => Promise.race([work, stopped]);
  const pids: string[] = [];
  const keep = async (child: Child) => {
    use(child);
    const line = await unlessStopped(child.ready);
    void child.exited.then(() => child.stopping || fail(child.failure(child.ending)));
    const { control } = line;
    pids.push(`${child.name} ${child.pid}${typeof control === "number" ? ` (${say("orders")} 127.0.0.1:${control})` : ""}`);
    return line;
  };
  try {
    const wires = options.config === null ? siteChild(options, dir) : null;
    const site = wires && siteReady.parse(await keep(wires));
    const broker = use(await unlessStopped(openBroker(options.broker, dir)));
    if (broker.pid !== null) pids.push(`broker ${broker.pid}`);
    const dead = await unlessStopped(brokerFault(broker.url));
    if (dead !== null) throw dead;
    const platformDb = join(dir, "platform.sqlite");
    const office = platformChild(broker.url, platformDb, site);
    const platform = z.object({ control: z.number() }).parse(await keep(office));
    if (site) await writeParts(dir, site);
    const places = { socket: join(dir, SOCKET), store: join(dir, "cippo.sqlite"), broker: broker.url };
    const config = join(dir, "gateway.yaml");
    const own = options.config === null ? null : await unlessStopped(borrowed(options.config, places));
    await writeFile(config, own?.text ?? gatewayConfig(site?.site ?? NOTHING, places));
    const command = options.gateway ?? [process.execPath, program("../cippo.js")];
    const gateway = use(
      new Gateway({ command, config, socket: places.socket, commitMs: COMMIT_MS, say: (text) => tell(text[options.lang]) }),
    );
    gateway.broken.catch(fail);
    await unlessStopped(gateway.ready);
    if (site?.expect) await unlessStopped(ask({ port: site.control }, { do: "begin" }));
    const cippo = `node ${relative("", program("../cippo.js"))}`;
    const askIt = `${cippo} --socket ${places.socket}`;
    tell(`${say("processes")}: ${[...pids, `gateway ${gateway.pid}`].join(", ")} · ${say("folder")} ${dir}`);
    tell(`${say("broker")}: ${broker.url} (${broker.name})`);
    tell(`${say("askYourself")}: ${askIt} status`);
    if (site) tell(`${say("letFail")}: ${cippo} simulate fault`);
    const things = site?.site ?? own?.site ?? NOTHING;
    return {
      dir,
      ask: askIt,
      id: own?.id ?? GATEWAY,
      broker,
      gateway,
      gatewayDb: places.store,
      platformDb,
      points: await pointsOf(site?.site ?? NOTHING),
      bays: await baysOf(site?.site ?? NOTHING),
      outputs: limitedOutputs(site?.site ?? NOTHING),
      devices: new Map(Object.entries(things.devices).map(([device, { type }]) => [device, type])),
      site: site &&
        wires && { served: site.served, control: site.control, pid: wires.pid, faults: site.faults, expect: site.expect },
      platform: { pid: office.pid },
      askPlatform: (request) => ask({ port: platform.control }, request),
      broken,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const NOTHING: Site = { buses: {}, devices: {}, assets: {} };

function siteChild({ scenario, timeFactor }: Options, dir: string): Child {
  return new Child({
    name: "site",
    command: process.execPath,
    args: [
      program("site.js"),
      ...["--dir", dir],
      ...(scenario === null ? [] : ["--scenario", resolve(scenario)]),
      ...(timeFactor === null ? [] : ["--time-factor", timeFactor]),
    ],
    isReady: (line) => line["ready"] === true,
  });
}

function platformChild(broker: string, db: string, site: z.infer<typeof siteReady> | null): Child {
  const confirm = [
    ...(site?.permits ?? []).flatMap((bay) => ["--confirm", bay]),
    ...(site?.earlyPermits ?? []).flatMap((bay) => ["--confirm-early", bay]),
  ];
  const set = site ? writableOf(site.site).flatMap((pair) => ["--set", pair]) : [];
  return new Child({
    name: "platform",
    command: process.execPath,
    args: [program("platform.js"), "--broker", broker, "--db", db, "--ack-after", ACK_AFTER, ...confirm, ...set],
    isReady: (line) => line["ready"] === true,
  });
}

/** Only a relay of low impact: a command to one of higher impact must be signed. */
const relay = z.looseObject({ type: z.literal("gpio-relay"), impact: z.literal("low") });
const coil = z.looseObject({ coil: z.number(), writable: z.literal(true) });

/** The first writable coil and the first relay that the configuration names: the office switches them on once. */
function writableOf(site: Site): readonly string[] {
  const coils = Object.entries(site.devices).flatMap(([device, { points }]) =>
    Object.entries(points ?? {}).flatMap(([point, spec]) => (coil.safeParse(spec).success ? [`${device}.${point}=true`] : [])),
  );
  const relays = Object.entries(site.devices).flatMap(([device, spec]) =>
    relay.safeParse(spec).success ? [`${device}.on=true`] : [],
  );
  return [...coils.slice(0, 1), ...relays.slice(0, 1)];
}
