/** Everything that can go wrong around a gateway, each fault with what it is allowed to bring down. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { pause } from "../../src/kit/loop/pause.ts";
import { Database } from "../platform/store/database.ts";
import { ask } from "../start/ask.ts";
import type { Testbed } from "../start/testbed.ts";

export interface SoakFault {
  readonly name: string;
  /** Devices that it may bring down: one dead device costs the others nothing. */
  readonly mayDown: (device: string) => boolean;
  /** Resolves when it is over. */
  during(stop: AbortSignal): Promise<void>;
}

/** What the configuration says of a device. */
export interface Placed {
  readonly id: string;
  readonly bus: string;
  readonly type: string;
}

/** Long enough for every time limit of a wire to be reached, short enough for two rounds in twenty minutes. */
const WIRE_MS = 6000;
/** A device that is not polled counts as silent only after its own `silentAfter`. */
const SPEAKER_MS = 13_000;
/** A kill lasts an instant: that the program runs again afterwards does not undo it. */
const DEATH_MS = 100;
const LATE_MS = 1500;
const AWAY_MS = 10_000;
/** Longer than one and a half keepalives: the half-open connection must be given up. */
const FROZEN_MS = 50_000;
const LOCKED_MS = 8000;
const FLAPS = 5;
const FLAP_MS = 1000;
const STARVED_MS = 8000;
/** Faults of a whole bus; all others are of one device. */
const WHOLE_BUS: ReadonlySet<string> = new Set(["unplug", "helper-dies"]);

const run = promisify(execFile);
const nobody = (): boolean => false;

export function faultsOf(world: Testbed, devices: readonly Placed[]): readonly SoakFault[] {
  return [...wireFaults(world, devices), ...farFaults(world), ...ownFaults(world, devices)];
}

function wireFaults({ site, points: { speakers } }: Testbed, devices: readonly Placed[]): readonly SoakFault[] {
  if (!site) return [];
  const faults: SoakFault[] = [];
  for (const [bus, kinds] of Object.entries(site.faults))
    for (const kind of kinds) {
      const on = devices.filter((one) => one.bus === bus);
      const one = on.find(({ type }) => kind !== "chatter" || type === "gpio-contact");
      if (!one) continue;
      const whole = WHOLE_BUS.has(kind);
      const forMs = kind === "helper-dies" ? DEATH_MS : speakers.has(one.id) ? SPEAKER_MS : WIRE_MS;
      faults.push({
        name: `${bus}: ${kind}${whole ? "" : ` of ${one.id}`}`,
        mayDown: (device) => (whole ? on.some(({ id }) => id === device) : device === one.id),
        async during(stop) {
          const whose = whole ? { bus } : { device: one.id };
          await ask({ port: site.control }, { do: "fault", kind, ...whose, forMs, lateMs: LATE_MS });
          await pause(forMs, stop);
        },
      });
    }
  return faults;
}

/** Broker and platform. */
function farFaults({ broker, platform, askPlatform, id }: Testbed): readonly SoakFault[] {
  const { away } = broker;
  const faults: SoakFault[] = [
    { name: "platform: frozen", mayDown: nobody, during: (stop) => frozen(platform.pid, AWAY_MS, stop) },
    { name: "platform: talks nonsense, 1,500 messages", mayDown: nobody, during: () => nonsense(askPlatform, id) },
  ];
  if (away)
    faults.push(
      { name: "broker: killed", mayDown: nobody, during: (stop) => away(AWAY_MS, stop) },
      {
        name: `broker: killed ${FLAPS} times in a row`,
        mayDown: nobody,
        async during(stop) {
          for (let n = 0; n < FLAPS && !stop.aborted; n += 1) {
            await away(FLAP_MS, stop);
            await pause(FLAP_MS, stop);
          }
        },
      },
      {
        name: "broker: frozen, its connections half-open",
        mayDown: nobody,
        during: (stop) => frozen(broker.pid ?? 0, FROZEN_MS, stop),
      },
    );
  return faults;
}

/** The gateway's disk and process. */
function ownFaults({ gateway, gatewayDb, site }: Testbed, devices: readonly Placed[]): readonly SoakFault[] {
  const faults: SoakFault[] = [
    {
      name: "store: locked by another program",
      mayDown: nobody,
      async during(stop) {
        await using other = await Database.open(gatewayDb, "writer");
        await other.transaction(() => pause(LOCKED_MS, stop));
      },
    },
    {
      name: "disk: refuses every write",
      mayDown: nobody,
      during: (stop) => limited(gateway.pid, "fsize", 1, LOCKED_MS, stop),
    },
  ];
  const plug = Object.entries(site?.faults ?? {}).find(([, kinds]) => kinds.includes("unplug"))?.[0];
  if (site && plug !== undefined)
    faults.push({
      name: `process: no descriptor left while ${plug} comes back`,
      mayDown: (device) => devices.some(({ id, bus }) => id === device && bus === plug),
      async during(stop) {
        const open = readdirSync(`/proc/${gateway.pid}/fd`).length;
        await ask({ port: site.control }, { do: "fault", kind: "unplug", bus: plug, forMs: STARVED_MS / 2, lateMs: 0 });
        // The unplugged line freed one descriptor: the limit is one below the count before, so that it cannot be opened again.
        await limited(gateway.pid, "nofile", open - 1, STARVED_MS, stop);
      },
    });
  return faults;
}

async function frozen(pid: number, ms: number, stop: AbortSignal): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await pause(ms, stop);
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** Lowers a process's soft limit for some time, then sets it back. */
export async function limited(pid: number, what: "fsize" | "nofile", most: number, ms: number, stop: AbortSignal): Promise<void> {
  const set = (soft: string) => run("prlimit", ["--pid", String(pid), `--${what}=${soft}:`]);
  const { stdout } = await run("prlimit", ["--pid", String(pid), `--${what}`, "--raw", "--noheadings", "--output", "SOFT"]);
  await set(String(most));
  try {
    await pause(ms, stop);
  } finally {
    await set(stdout.trim());
  }
}

/** Messages that break the contract, or belong to no gateway of ours: all must be refused, and leave nothing behind in memory. */
async function nonsense(askPlatform: Testbed["askPlatform"], gateway: string): Promise<void> {
  const say = (what: string, body: unknown, times: number) => askPlatform({ do: "say", gateway, what, body, times });
  await say("commands", "\u0000 no command", 300);
  await say("commands", { v: 1, id: "c-soak", target: "no-such-device", action: "set", args: { on: "perhaps" } }, 300);
  await say("ack", { v: 1, at: 0, acks: [{ epoch: "ffffffff", stream: "readings", upTo: 1e15 }] }, 300);
  await say("ack", [[[["deep"]]]], 300);
  await say("config", { rev: "nonsense", site: { devices: 7 } }, 150);
  await say("no-such-topic", { v: 99 }, 150);
}
