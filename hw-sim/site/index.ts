/** Opens a simulated site that speaks real bytes on every wire and logs all that they showed. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Driver } from "../../src/drivers/driver.ts";
import { monotonic } from "../../src/kit/clock.ts";
import { type Controlled, openControl } from "./control.ts";
import type { Expectation } from "./expectation.ts";
import { type Fault, type FaultKind, Faults } from "./faults.ts";
import { Player, stateOf } from "./play.ts";
import { readScenario, type Scenario } from "./scenario.ts";
import { openWireLog, type WireLog } from "./wire-log.ts";
import { foundOn, openBus } from "./wires/index.ts";
import type { BusOptions, OpenBus, SiteDevice, Twin } from "./wires/wire.ts";

export interface SiteOptions {
  /** Holds served.jsonl, the tools and the pseudo-terminals. */
  readonly dir: string;
  readonly scenario: string;
  /** Instead of the scenario's. */
  readonly timeFactor?: number;
  /** Whose command line the GPIO tools speak: libgpiod 1.6 or 2.1. */
  readonly gpiod: 1 | 2;
  /** Takes GPIO chips as they are, for a gateway in this process. */
  readonly takeChip?: BusOptions["takeChip"];
  /** The product's registry: twins derive from the devices' own tables. */
  readonly loadDriver: (type: string) => Promise<Driver>;
}

/** The line that says the site stands; `site` is in the words of the gateway's configuration, which has no bus for a device of the network. */
export interface Ready {
  readonly ready: true;
  readonly control: number;
  readonly served: string;
  readonly site: {
    readonly buses: Readonly<Record<string, unknown>>;
    readonly devices: Scenario["devices"];
    readonly assets: Scenario["assets"];
  };
  readonly permits: readonly string[];
  readonly earlyPermits: readonly string[];
  /** What must be told; the play waits for `begin`. Null: it has begun, or runs at another pace. */
  readonly expect: Expectation | null;
  /** By bus: how often devices that speak by themselves do so, where the scenario says it. */
  readonly paces: Readonly<Record<string, number>>;
  /** By bus: the faults that it can have. */
  readonly faults: Readonly<Record<string, readonly FaultKind[]>>;
}

export interface Site extends Controlled, AsyncDisposable {
  readonly ready: Ready;
}

export async function startSite(options: SiteOptions): Promise<Site> {
  const scenario = await readScenario(options.scenario);
  await mkdir(options.dir, { recursive: true });
  const opened: (Disposable | AsyncDisposable)[] = [];
  const close = async (): Promise<void> => {
    for (let last = opened.pop(); last; last = opened.pop())
      if (Symbol.asyncDispose in last) await last[Symbol.asyncDispose]();
      else last[Symbol.dispose]();
  };
  try {
    return { ...(await open(options, scenario, opened)), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: SiteOptions,
  scenario: Scenario,
  opened: (Disposable | AsyncDisposable)[],
): Promise<Controlled & { ready: Ready }> {
  const keep = <T extends Disposable | AsyncDisposable>(part: T): T => {
    opened.push(part);
    return part;
  };
  const log = keep(openWireLog(join(options.dir, "served.jsonl")));
  const faults = new Faults(log);
  const devices = await devicesOf(options, scenario);
  const buses = new Map<string, OpenBus>();
  for (const [bus, spec] of Object.entries(scenario.buses)) {
    const on = devices.filter(({ config }) => config.bus === bus);
    const { dir, gpiod, takeChip } = options;
    buses.set(bus, keep(await openBus(spec, { bus, devices: on, dir, gpiod, faults, log, ...(takeChip && { takeChip }) })));
  }
  const all = new Map([...buses.values()].flatMap(({ twins }) => [...twins]));
  const twins = new Map(devices.flatMap(({ id }) => (all.has(id) ? [[id, all.get(id) as Twin]] : [])));
  const factor = options.timeFactor ?? scenario.timeFactor;
  const player = keep(new Player({ play: scenario.play, seed: scenario.seed, factor, twins }));
  const expect = factor === 1 ? (scenario.expect ?? null) : null;
  let begun: number | null = null;
  const begin = (): number => {
    begun ??= start(player, log);
    return begun;
  };
  const site: Controlled = {
    player,
    begin,
    freeze: () => freeze(player, log),
    fault: (fault) => beginFault(fault, { scenario, buses, twins, faults }),
    state: () => ({ frozen: player.frozen, occupied: player.occupied, faults: faults.list(), devices: stateOf(twins) }),
  };
  keep(faults); // ended before the buses: a fault that ends plugs its bus in again, which must not happen to a bus that was closed
  const control = keep(await openControl(site));
  if (expect === null) begin();
  return {
    ...site,
    ready: {
      ready: true,
      control: control.port,
      served: log.file,
      site: {
        buses: Object.fromEntries([...buses].flatMap(([bus, { config }]) => (config === null ? [] : [[bus, config]]))),
        devices: Object.fromEntries(devices.map(({ id, config }) => [id, config])),
        assets: scenario.assets,
      },
      permits: scenario.permits,
      earlyPermits: scenario.earlyPermits,
      expect,
      paces: Object.fromEntries([...buses].flatMap(([bus, { everyMs }]) => (everyMs === undefined ? [] : [[bus, everyMs]]))),
      faults: Object.fromEntries([...buses].map(([bus, one]) => [bus, one.faults])),
    },
  };
}

async function devicesOf({ loadDriver }: SiteOptions, scenario: Scenario): Promise<readonly SiteDevice[]> {
  const devices: SiteDevice[] = [];
  for (const [id, plain] of Object.entries(scenario.devices)) {
    const bus = scenario.buses[plain.bus];
    const config = { ...plain, ...(bus && (await foundOn(bus, plain.bus))) };
    const driver = await loadDriver(config.type);
    const { type: _type, bus: _bus, ...written } = config;
    const options = driver.options.parse(written);
    devices.push({ id, config, driver, options, layout: driver.layout(options) });
  }
  return devices;
}

function start(player: Player, log: WireLog): number {
  const at = player.start();
  log.write({ k: "begun", at });
  return at;
}

function freeze(player: Player, log: WireLog): number {
  player.freeze();
  const at = monotonic();
  log.write({ k: "frozen", at });
  return at;
}

interface RunningSite {
  readonly scenario: Scenario;
  readonly buses: ReadonlyMap<string, OpenBus>;
  readonly twins: ReadonlyMap<string, Twin>;
  readonly faults: Faults;
}

/** Throws a plain sentence for what cannot be. */
async function beginFault(fault: Fault, { scenario, buses, twins, faults }: RunningSite): Promise<void> {
  const { device, kind } = fault;
  const twin = device === undefined ? undefined : twins.get(device);
  if (device !== undefined && !twin) throw new Error(`no device ${device}: there are ${[...twins.keys()].join(", ")}`);
  const name = device === undefined ? fault.bus : scenario.devices[device]?.bus;
  if (name === undefined || (twin && fault.bus !== undefined)) throw new Error("name either a device or a bus");
  const bus = buses.get(name);
  if (!bus) throw new Error(`no bus ${name}: there are ${[...buses.keys()].join(", ")}`);
  if (!bus.faults.includes(kind)) throw new Error(`${name} cannot have ${kind}: ${bus.faults.join(", ")}`);
  if (kind === "chatter") {
    if (!twin?.contact) throw new Error("chatter needs a device that is a contact");
    const rest = twin.contact.chatter();
    faults.begin(fault, rest);
    return;
  }
  if (kind !== "unplug" && kind !== "helper-dies") {
    faults.begin(fault);
    return;
  }
  if (faults.list().some((f) => f.kind === kind && f.bus === name)) throw new Error(`${name}: ${kind} holds already`);
  // The whole wire goes, whichever device was named.
  const whole = { kind, bus: name, forMs: fault.forMs, lateMs: 0 };
  if (bus.showsUnplugged && kind === "unplug") {
    faults.begin(whole);
    return;
  }
  faults.begin(whole, () => bus.plug());
  await bus.unplug();
}
