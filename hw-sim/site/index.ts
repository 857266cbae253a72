/** A scenario and a folder go in; a simulated site that speaks real bytes on every wire comes out, with a log of all that the wires showed. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Driver } from "../../src/drivers/driver.ts";
import { monotonic } from "../../src/kit/clock.ts";
import { Radio } from "./ble/radio.ts";
import { type Controlled, openControl } from "./control.ts";
import { type Fault, type FaultKind, Faults } from "./faults.ts";
import { Chip } from "./gpio/chip.ts";
import { openTools } from "./gpio/tools.ts";
import { Player, stateOf } from "./play.ts";
import { readScenario, type Scenario } from "./scenario.ts";
import { openServedLog, type ServedLog } from "./served.ts";
import { type Twin, twinOf } from "./twins.ts";
import { type OpenWire, openWire } from "./wires.ts";

export interface SiteOptions {
  /** Holds served.jsonl, the tools and the pseudo-terminals. */
  readonly dir: string;
  readonly scenario: string;
  /** Instead of the scenario's. */
  readonly timeFactor?: number;
  /** Whose command line the GPIO tools speak: libgpiod 1.6 or 2.1. */
  readonly gpiod: 1 | 2;
  /** The product's registry: twins derive from the devices' own tables. */
  readonly loadDriver: (type: string) => Promise<Driver>;
}

/** The line that says the site stands; `site` is in the words of the gateway's configuration. */
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
  /** By bus: the faults that it can have. */
  readonly suffers: Readonly<Record<string, readonly FaultKind[]>>;
}

export interface Site extends Controlled, AsyncDisposable {
  readonly ready: Ready;
}

/** As on a Raspberry Pi 4. */
const CHIP = { label: "pinctrl-bcm2711", lines: 58 };
/** What each wire can suffer. MBAP has no checksum; a contact can only chatter. */
const SUFFERS: Readonly<Record<OpenWire["kind"], readonly FaultKind[]>> = {
  "modbus-tcp": ["silence", "late-reply", "wrong-unit", "garbage", "unplug"],
  "modbus-rtu": ["silence", "late-reply", "wrong-unit", "garbage", "bad-crc", "unplug"],
  serial: ["silence", "garbage", "bad-crc", "unplug"],
  gpio: ["chatter", "helper-dies"],
  ble: ["silence", "unplug", "helper-dies"],
};

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
  const log = keep(openServedLog(join(options.dir, "served.jsonl")));
  const faults = new Faults(log);
  const chip = new Chip(CHIP.label, CHIP.lines);
  const twins = await openTwins(options, scenario, chip, faults, log);
  for (const twin of twins.values()) if (twin.wire === "gpio") keep(twin.contact);
  const factor = options.timeFactor ?? scenario.timeFactor;
  const player = keep(new Player({ play: scenario.play, seed: scenario.seed, factor, twins }));
  const tools = join(options.dir, "tools");
  const pins = keep(await openTools({ chip, version: options.gpiod, folder: tools }));
  const wires = new Map<string, OpenWire>();
  for (const [bus, spec] of Object.entries(scenario.buses)) {
    if ("gpio" in spec) wires.set(bus, byHelper("gpio", { ...spec, tools, chip: "header" }, pins));
    else if ("ble" in spec) {
      const tags = new Map([...twins].flatMap(([id, twin]) => (twin.wire === "ble" && twin.bus === bus ? [[id, twin.tag]] : [])));
      const radio = keep(await Radio.open({ bus, folder: join(tools, bus), tags, faults, log }));
      wires.set(bus, byHelper("ble", { ...spec, helper: radio.helper }, radio));
    } else wires.set(bus, keep(await openWire(bus, spec, { dir: options.dir, twins, faults, log })));
  }
  const site: Controlled = {
    player,
    freeze: () => freeze(player, log),
    fault: (fault) => begin(fault, wires, twins, faults),
    state: () => ({ frozen: player.frozen, occupied: player.occupied, faults: faults.list(), devices: stateOf(twins) }),
  };
  keep(faults); // first to end, so that nothing is plugged in again behind those who unplug
  const control = keep(await openControl(site));
  player.start();
  const buses = Object.fromEntries([...wires].map(([bus, wire]) => [bus, wire.config]));
  return {
    ...site,
    ready: {
      ready: true,
      control: control.port,
      served: log.file,
      site: { buses, devices: scenario.devices, assets: scenario.assets },
      permits: scenario.permits,
      suffers: Object.fromEntries([...wires].map(([bus, { kind }]) => [bus, SUFFERS[kind]])),
    },
  };
}

async function openTwins(
  { loadDriver }: SiteOptions,
  { devices }: Scenario,
  chip: Chip,
  faults: Faults,
  log: ServedLog,
): Promise<ReadonlyMap<string, Twin>> {
  const twins = new Map<string, Twin>();
  for (const [device, config] of Object.entries(devices))
    twins.set(device, twinOf({ device, config, driver: await loadDriver(config.type), chip, faults, log }));
  return twins;
}

/** Pins and radio waves have no plug; the program by which the gateway reaches them can die. It is closed by whoever opened it. */
function byHelper(kind: "gpio" | "ble", config: OpenWire["config"], helper: Pick<OpenWire, "plug" | "unplug">): OpenWire {
  const { plug, unplug } = helper;
  return { kind, config, plug: plug.bind(helper), unplug: unplug.bind(helper), [Symbol.asyncDispose]: async () => {} };
}

function freeze(player: Player, log: ServedLog): number {
  player.freeze();
  const at = monotonic();
  log.write({ k: "frozen", at });
  return at;
}

/** Throws a plain sentence for what cannot be. */
async function begin(
  fault: Fault,
  wires: ReadonlyMap<string, OpenWire>,
  twins: ReadonlyMap<string, Twin>,
  faults: Faults,
): Promise<void> {
  const { device, kind } = fault;
  const twin = device === undefined ? undefined : twins.get(device);
  if (device !== undefined && !twin) throw new Error(`no device ${device}: there are ${[...twins.keys()].join(", ")}`);
  const bus = twin?.bus ?? fault.bus;
  if (bus === undefined || (twin && fault.bus !== undefined)) throw new Error("name either a device or a bus");
  const wire = wires.get(bus);
  if (!wire) throw new Error(`no bus ${bus}: there are ${[...wires.keys()].join(", ")}`);
  if (!SUFFERS[wire.kind].includes(kind))
    throw new Error(`${bus} (${wire.kind}) cannot suffer ${kind}: ${SUFFERS[wire.kind].join(", ")}`);
  if (kind === "chatter") {
    if (twin?.wire !== "gpio") throw new Error("chatter needs a device that is a contact");
    const rest = twin.contact.chatter();
    faults.begin(fault, rest);
    return;
  }
  if (kind !== "unplug" && kind !== "helper-dies") {
    faults.begin(fault);
    return;
  }
  if (faults.list().some((f) => f.kind === kind && f.bus === bus)) throw new Error(`${bus}: ${kind} holds already`);
  // The whole wire goes, whichever device was named.
  const whole = { kind, bus, forMs: fault.forMs, lateMs: 0 };
  // A radio shows by itself that its adapter is gone.
  if (wire.kind === "ble" && kind === "unplug") {
    faults.begin(whole);
    return;
  }
  faults.begin(whole, () => wire.plug());
  await wire.unplug();
}
