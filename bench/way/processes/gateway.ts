/** The gateway's side of the bench: readings go through the product's edge, store and sync, and the process is measured. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EdgeRuntime } from "../../../src/edge/runtime.ts";
import { openStore } from "../../../src/edge/store/open-store.ts";
import { syncPorts } from "../../../src/gateway/sync-ports.ts";
import { monotonic, systemClock } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import { packetSize } from "../../../src/mqtt/link.ts";
import type { Committed } from "../../../src/sync/outbox.ts";
import { runSync } from "../../../src/sync/sync.ts";
import { topicsOf } from "../../../src/sync/topics.ts";
import { serve, usage } from "./child.ts";
import { Meters } from "./meters.ts";

export interface Opening {
  readonly id: string;
  readonly folder: string;
  readonly broker: string;
  /** Without an asset every record is one of the readings that the bench gave. */
  readonly assets?: false;
}

export interface Feeding {
  readonly readings: number;
  readonly commits: number;
  /** Time from one commit to the next; 0: back to back. */
  readonly paceMs: number;
  /** One event in so many commits; absent: none. */
  readonly eventEvery?: number;
}

export interface Bodies {
  readonly readings: number;
  readonly bodyBytes: number;
  /** The whole PUBLISH packet, were each segment one message. */
  readonly wireBytes: number;
}

/** Shorter than any pause between two batches: a window is what the bench gave at once. */
const COMMIT_MS = 1;
const LOOK_MS = 5;
const GIVE_UP_MS = 120_000;

export function gatewaySide(): void {
  let close: () => Promise<void> = async () => undefined;
  serve({
    async open(opening: Opening) {
      const running = await run(opening);
      close = running.close;
      Object.assign(handlers, running.handlers);
    },
    prepare: (count: number) => handlers.prepare(count),
    feed: (args: Feeding) => handlers.feed(args),
    delivered: () => handlers.delivered(),
    connected: () => handlers.connected(),
    bodies: () => handlers.bodies(),
    usage: () => usage(),
    settle: async () => {
      await sleep(500);
      globalThis.gc?.();
      await sleep(500);
      return usage();
    },
    close: () => close(),
  });
}

const unopened = () => Promise.reject(new Error("not open"));
const handlers: {
  prepare(count: number): void;
  feed(args: Feeding): Promise<unknown>;
  delivered(): Promise<unknown>;
  connected(): Promise<unknown>;
  bodies(): Promise<unknown>;
} = { prepare: unopened, feed: unopened, delivered: unopened, connected: unopened, bodies: unopened };

async function run({ id, folder, broker, assets }: Opening) {
  const clock = systemClock("assumed");
  const store = await openStore({
    file: join(folder, "cippo.sqlite"),
    quotaMB: 4096,
    keepMs: 14 * 86_400_000,
    clock,
    log: noLog,
  });
  const meters = new Meters();
  const edge = new EdgeRuntime({
    gateway: id,
    store,
    devices: meters.devices,
    assets: assets === false ? [] : meters.assets,
    commitMs: COMMIT_MS,
    clock,
    log: noLog,
  });
  const stop = new AbortController();
  const hangUp = new AbortController();
  const sync = runSync(
    {
      gateway: id,
      options: { broker, acknowledge: "platform", mqtt: 5, liveEveryMs: 1000, reconnect: { firstMs: 100, maxMs: 300 } },
      clock,
      log: noLog,
      ...syncPorts(edge, { rev: "bench", hash: "" }, clock, stop.signal),
    },
    hangUp.signal,
  );
  const running = edge.run(stop.signal);
  return {
    handlers: {
      prepare: (count: number) => meters.prepare(count),
      feed: (args: Feeding) => feed(edge, meters, args),
      delivered: () =>
        until(
          () => edge.outbox.streams().every(({ upTo, head }) => upTo === head),
          () => edge.outbox.streams(),
        ),
      connected: () =>
        until(
          () => sync.status().connected,
          () => sync.status(),
        ),
      bodies: () => bodies(edge, id),
    },
    async close() {
      stop.abort();
      await running;
      hangUp.abort();
      await sync.done;
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Answers how many commits it took; events make some of their own. */
async function feed(edge: EdgeRuntime, meters: Meters, { readings, commits, paceMs, eventEvery }: Feeding) {
  const count = new Counter();
  const off = edge.outbox.onCommitted((committed) => count.add(committed));
  const begun = monotonic();
  for (let i = 0; i < commits; i += 1) {
    if (eventEvery !== undefined && i % eventEvery === eventEvery - 1) meters.toggle(monotonic());
    meters.give(readings, monotonic());
    await count.reach((i + 1) * readings);
    const due = begun + (i + 1) * paceMs - monotonic();
    if (paceMs > 0 && due > 0) await sleep(due);
  }
  off();
  return { commits: count.commits, seconds: (monotonic() - begun) / 1000 };
}

class Counter {
  commits = 0;
  #records = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #resolve: () => void = () => undefined;

  add({ segments }: Committed): void {
    this.commits += 1;
    for (const { stream, count } of segments) if (stream === "readings") this.#records += count;
    if (this.#records >= this.#wanted) this.#resolve();
  }

  reach(records: number): Promise<void> {
    this.#wanted = records;
    if (this.#records >= records) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}

/** What the stored segments of the present epoch weigh, alone on the wire. */
async function bodies(edge: EdgeRuntime, id: string): Promise<Bodies> {
  const topic = topicsOf(id).up("readings");
  let found: Bodies = { readings: 0, bodyBytes: 0, wireBytes: 0 };
  for (let from = 1; ; ) {
    const segments = await edge.outbox.read(edge.epoch.id, "readings", from, Number.MAX_SAFE_INTEGER, 128 * 1024);
    for (const { count, body, to } of segments) {
      found = {
        readings: found.readings + count,
        bodyBytes: found.bodyBytes + body.length,
        wireBytes: found.wireBytes + packetSize(topic, body.length),
      };
      from = to + 1;
    }
    if (segments.length === 0) return found;
  }
}

async function until(happened: () => boolean, state: () => unknown): Promise<{ readonly ms: number }> {
  const begun = monotonic();
  while (!happened()) {
    if (monotonic() - begun > GIVE_UP_MS) throw new Error(`it does not come: ${JSON.stringify(state())}`);
    await sleep(LOOK_MS);
  }
  return { ms: monotonic() - begun };
}
