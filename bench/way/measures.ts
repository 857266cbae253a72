/** The measures of the bench one after the other, each with processes and disks of its own. */
import { join } from "node:path";
import { freePort } from "../../hw-sim/free-port.ts";
import { openDisk } from "./disk.ts";
import { ACK_AFTER_MS, type Received } from "./processes/acker.ts";
import { brokerUrl, startBroker } from "./processes/broker.ts";
import { Child, type Usage } from "./processes/child.ts";
import type { Bodies, Feeding, Opening } from "./processes/gateway.ts";
import type { Publishing, Writing } from "./processes/limits.ts";
import { type Footprint, product } from "./product.ts";

export interface Wire extends AsyncDisposable {
  readonly url: string;
  readonly broker: string;
  received(): Promise<Received>;
}

/** The last few of a backlog are not to wait for more. */
const AT_ONCE_MS = 250;

/** A broker and the platform that acknowledges. */
export async function openWire(program: string, port?: number, ackAfterMs = ACK_AFTER_MS): Promise<Wire> {
  const disk = openDisk(64);
  const at = port ?? (await freePort());
  const broker = await startBroker(at, disk.folder);
  const platform = new Child(program, "acker");
  await platform.ask("open", { broker: brokerUrl(at), ackAfterMs });
  return {
    url: brokerUrl(at),
    broker: broker.name,
    received: () => platform.ask<Received>("received"),
    async [Symbol.asyncDispose]() {
      await platform[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      disk[Symbol.dispose]();
    },
  };
}

export interface Cost {
  /** Per reading. */
  readonly cpuUs: number;
  readonly dirtied: number;
  /** Null where the disk is not its own. */
  readonly device: number | null;
  readonly perSecond: number;
}

interface Before {
  readonly usage: Usage;
  readonly device: number | null;
  readonly at: number;
}

function costOf(before: Before, after: Before, readings: number): Cost {
  return {
    cpuUs: (after.usage.cpuUs - before.usage.cpuUs) / readings,
    dirtied: (after.usage.writeBytes - before.usage.writeBytes) / readings,
    device: before.device === null || after.device === null ? null : (after.device - before.device) / readings,
    perSecond: (readings * 1000) / (after.at - before.at),
  };
}

export interface Commits {
  readonly way: Cost;
  readonly append: Cost;
  readonly insert: Cost;
  readonly bodyBytes: number;
  readonly wireBytes: number;
}

export interface Way {
  readonly cost: Cost;
  readonly bodies: Bodies;
}

/** Back to back: decoded readings to the acknowledgement in the store. */
export async function wayOf(program: string, wire: Wire, readings: number, commits: number): Promise<Way> {
  using disk = openDisk(1024);
  await using gateway = new Child(program, "gateway");
  // A name of its own: the platform of several measures takes each for a new gateway.
  const id = `gw-${readings}-${++gateways}`;
  await gateway.ask("open", { id, folder: disk.folder, broker: wire.url } satisfies Opening);
  await gateway.ask("connected");
  const feed = (commits: number) => gateway.ask("feed", { readings, commits, paceMs: 0 } satisfies Feeding);
  // Everything is compiled, and the live cadence runs.
  await feed(Math.ceil(commits / 2));
  await gateway.ask("delivered");
  await gateway.ask("prepare", commits * readings);
  const before = await moment(gateway, disk.written);
  await feed(commits);
  await gateway.ask("delivered");
  const cost = costOf(before, await moment(gateway, disk.written), commits * readings);
  const bodies = await gateway.ask<Bodies>("bodies");
  await gateway.ask("close");
  return { cost, bodies };
}

let gateways = 0;

const moment = async (child: Child, written: () => number | null): Promise<Before> => ({
  device: written(),
  usage: await child.ask<Usage>("usage"),
  at: performance.now(),
});

/** The way, beside what the same bodies cost at the least. */
export async function commitsOf(program: string, wire: Wire, readings: number, commits: number): Promise<Commits> {
  const { cost: way, bodies } = await wayOf(program, wire, readings, commits);
  const { bodyBytes, wireBytes, readings: stored } = bodies;

  const limit = async (what: "append" | "insert"): Promise<Cost> => {
    using bare = openDisk(512);
    await using child = new Child(program, "limits");
    const writing: Writing = { folder: bare.folder, bodyBytes: Math.round((bodyBytes / stored) * readings), commits };
    const before = await moment(child, bare.written);
    await child.ask(what, writing);
    return costOf(before, await moment(child, bare.written), commits * readings);
  };
  return {
    way,
    append: await limit("append"),
    insert: await limit("insert"),
    bodyBytes: bodyBytes / stored,
    wireBytes: wireBytes / stored,
  };
}

/** mqtt.js alone, with bodies that are ready. */
export async function ready(program: string, wire: Wire, bodyBytes: number, readings: number, messages: number, window: number) {
  await using child = new Child(program, "limits");
  const before = await child.ask<Usage>("usage");
  const { seconds } = await child.ask<{ seconds: number }>("publish", {
    broker: wire.url,
    bodyBytes,
    messages,
    window,
  } satisfies Publishing);
  const { cpuUs } = await child.ask<Usage>("usage");
  return { cpuUs: (cpuUs - before.cpuUs) / (messages * readings), perSecond: (messages * readings) / seconds };
}

export interface Backlog {
  readonly readings: number;
  /** Of the process that stored it, before and with it, MB. */
  readonly before: number;
  readonly withBacklog: number;
  /** Of the product, opened on it. */
  readonly product: Footprint;
  readonly drain: {
    readonly perSecond: number;
    readonly cpuUs: number;
    readonly rssMB: number;
    readonly bytesPerReading: number;
  };
}

/** Stored while the centre is away, 100 per commit; opened again; drained in order when it is back. */
export async function backlogOf(program: string, readings: number, idleSeconds: number): Promise<Backlog> {
  using disk = openDisk(1024);
  const port = await freePort();
  const opening: Opening = { id: "gw-backlog", folder: disk.folder, broker: brokerUrl(port) };
  let memory = { before: 0, withBacklog: 0 };
  {
    await using gateway = new Child(program, "gateway");
    await gateway.ask("open", opening);
    // Compiled and grown as any running gateway is.
    await gateway.ask("feed", { readings: 100, commits: 2000, paceMs: 0 } satisfies Feeding);
    const before = await gateway.ask<Usage>("settle");
    await gateway.ask("feed", { readings: 100, commits: readings / 100 - 2000, paceMs: 0 } satisfies Feeding);
    memory = { before: before.rssMB, withBacklog: (await gateway.ask<Usage>("settle")).rssMB };
    await gateway.ask("close");
  }
  const opened = await product(disk.folder, { file: join(disk.folder, "cippo.sqlite"), seconds: idleSeconds });
  await using gateway = new Child(program, "gateway");
  await gateway.ask("open", opening);
  const connected = gateway.ask("connected");
  await using wire = await openWire(program, port, AT_ONCE_MS);
  const before = await gateway.ask<Usage>("usage");
  await connected;
  const begun = performance.now();
  await gateway.ask("delivered");
  const seconds = (performance.now() - begun) / 1000;
  const after = await gateway.ask<Usage>("usage");
  const received = await wire.received();
  if (received.gaps > 0 || received.readings < readings) throw new Error(`not whole: ${JSON.stringify(received)}`);
  await gateway.ask("close");
  return {
    readings,
    ...memory,
    product: opened,
    drain: {
      perSecond: readings / seconds,
      cpuUs: (after.cpuUs - before.cpuUs) / readings,
      rssMB: after.rssMB,
      bytesPerReading: received.bytes / received.readings,
    },
  };
}

export interface Pace {
  readonly name: string;
  readonly program: string;
  readonly mount: string;
  readonly readings: number;
  readonly eventEvery?: number;
}
export interface Paced {
  readonly name: string;
  readonly commits: number;
  /** Null where the disk is not its own. */
  readonly deviceKB: number | null;
  readonly dirtiedKB: number;
  readonly gigabytesADay: number | null;
}

/** Several gateways beside each other, each on a disk of its own, one commit a second. */
export function pacedOf(paces: readonly Pace[], wire: Wire, seconds: number): Promise<readonly Paced[]> {
  return Promise.all(
    paces.map(async ({ name, program, mount, readings, eventEvery }, i): Promise<Paced> => {
      using disk = openDisk(512, mount);
      await using gateway = new Child(program, "gateway");
      await gateway.ask("open", { id: `gw-paced-${i}`, folder: disk.folder, broker: wire.url } satisfies Opening);
      await gateway.ask("connected");
      const event = eventEvery === undefined ? {} : { eventEvery };
      await gateway.ask("feed", { readings, commits: 10, paceMs: 1000 } satisfies Feeding);
      const [device, usage] = [disk.written(), await gateway.ask<Usage>("usage")];
      const fed = await gateway.ask<{ commits: number; seconds: number }>("feed", {
        readings,
        commits: seconds,
        paceMs: 1000,
        ...event,
      });
      const bytes = device === null ? null : (disk.written() ?? 0) - device;
      const dirtied = (await gateway.ask<Usage>("usage")).writeBytes - usage.writeBytes;
      await gateway.ask("close");
      return {
        name,
        commits: fed.commits,
        deviceKB: bytes === null ? null : bytes / 1024 / fed.commits,
        dirtiedKB: dirtied / 1024 / fed.commits,
        gigabytesADay: bytes === null ? null : ((bytes / fed.seconds) * 86_400) / 1e9,
      };
    }),
  );
}
