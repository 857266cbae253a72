/** Lets faults happen one after the other, waits each out, and measures the gateway after each. */
import { monotonic } from "../../src/kit/clock.ts";
import { pause } from "../../src/kit/loop/pause.ts";
import type { GatewayStatus } from "../../src/model/index.ts";
import type { Wait } from "../start/judge/cpu-waits.ts";
import { type Heads, headsOf, lagging } from "../start/judge/stored.ts";
import type { Testbed } from "../start/testbed.ts";
import { expect, type Table } from "../table.ts";
import { abuseOf } from "./abuse.ts";
import { faultsOf, type SoakFault } from "./faults.ts";
import { measure, type Sample } from "./measure.ts";

const LOOK_MS = 200;
/** The slowest recoveries: a radio that is restarted step by step, and a Modbus unit whose circuit breaker is open. */
const BACK_MS = 120_000;

export interface FaultRunOptions {
  readonly world: Testbed;
  readonly table: Table;
  /** No fault begins after this time. */
  readonly forMs: number;
  readonly probe: string;
  /** Part of a name; empty: all faults. */
  readonly only: string;
  /** Injects abuse instead of faults. */
  readonly abuse: boolean;
}

export interface FaultRunResult {
  readonly samples: readonly Sample[];
  /** When the measuring itself kept the gateway waiting. */
  readonly waits: readonly Wait[];
  /** What the gateway wrote into its log meanwhile. */
  readonly logBytes: number;
}

export async function runFaults(
  { world, table, forMs, probe, only, abuse }: FaultRunOptions,
  stop: AbortSignal,
): Promise<FaultRunResult> {
  const { devices } = await calm(world, new Map(), stop);
  const began = monotonic();
  const placed = devices.map(({ id, bus = "", type }) => ({ id, bus, type }));
  const faults = (abuse ? abuseOf(world) : faultsOf(world, placed)).filter(({ name }) => name.includes(only));
  const logged = world.gateway.outputBytes;
  const samples: Sample[] = [];
  const waits: Wait[] = [];
  const look = async () => {
    const measured = await measure(world.gateway.pid, probe);
    samples.push(measured.sample);
    waits.push(...measured.waits);
  };
  await look();
  while (faults.length > 0)
    for (const fault of faults) {
      if (stop.aborted || monotonic() - began >= forMs) return { samples, waits, logBytes: world.gateway.outputBytes - logged };
      await table.is(fault.name, () => suffer(world, fault, stop));
      await look();
    }
  return { samples, waits, logBytes: world.gateway.outputBytes - logged };
}

/** What was seen of one fault, in words; throws when others suffered too, or when it does not pass. */
async function suffer(world: Testbed, fault: SoakFault, stop: AbortSignal): Promise<string> {
  const { restarts } = world.gateway;
  const began = monotonic();
  const over = new AbortController();
  const watching = watch(world, AbortSignal.any([stop, over.signal]));
  let end: number;
  try {
    await fault.during(stop);
    end = monotonic();
    await calm(world, await headsNow(world), stop);
  } finally {
    over.abort();
  }
  const back = monotonic() - end;
  const { first, down } = await watching;
  const others = [...down].filter((device) => !fault.mayDown(device));
  expect(others.length === 0, `it brought down ${others.join(", ")} too`);
  expect(world.gateway.restarts === restarts, "the gateway ended");
  const noticed = first === null ? "nothing to see" : `${first.what} after ${seconds(first.at - began)}`;
  return `${noticed}; well ${seconds(back)} after its end`;
}

interface Seen {
  readonly first: { readonly what: string; readonly at: number } | null;
  readonly down: ReadonlySet<string>;
}

/** Looks until told to end; a gateway that gives no answer is not seen. */
async function watch(world: Testbed, stop: AbortSignal): Promise<Seen> {
  let first: Seen["first"] = null;
  const down = new Set<string>();
  while (!stop.aborted) {
    const status = await picture(world);
    const what = status && troubleIn(status);
    if (what && !first) first = { what, at: monotonic() };
    for (const { id, state } of status?.devices ?? []) if (state === "down") down.add(id);
    await pause(LOOK_MS, stop);
  }
  return { first, down };
}

/** Resolves when all is well, and all that stood at `upTo` has been acknowledged. */
async function calm(world: Testbed, upTo: Heads, stop: AbortSignal): Promise<GatewayStatus> {
  const latest = monotonic() + BACK_MS;
  for (;;) {
    const status = await picture(world);
    const what = status === null ? "the gateway does not answer" : (troubleIn(status) ?? waitsFor(status, upTo));
    if (status && what === null) return status;
    if (stop.aborted) throw new Error(`stopped before all was well: ${what}`);
    if (monotonic() > latest) throw new Error(`after ${seconds(BACK_MS)}: ${what}`);
    await pause(LOOK_MS, stop);
  }
}

/** What a technician would see first; null: all is well. */
function troubleIn({ devices, sync, store }: GatewayStatus): string | null {
  const ill = devices.find(
    ({ state, points }) => (state !== "up" && state !== "problem") || points.some(({ quality }) => quality === "bad"),
  );
  if (ill) return `${ill.id} ${ill.state}${ill.problem === undefined ? "" : ` (${ill.problem.code})`}`;
  if (!sync.connected) return `not connected${sync.code === undefined ? "" : ` (${sync.code})`}`;
  return store.writable ? null : "store cannot be written";
}

function waitsFor(status: GatewayStatus, upTo: Heads): string | null {
  const late = lagging(status, upTo);
  return late ? `${late.stream} are acknowledged up to ${late.upTo} only` : null;
}

async function headsNow(world: Testbed): Promise<Heads> {
  const status = await picture(world);
  return status ? headsOf(status) : new Map();
}

const picture = (world: Testbed): Promise<GatewayStatus | null> => world.gateway.status().catch(() => null);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
