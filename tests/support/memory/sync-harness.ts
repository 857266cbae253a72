/** Runs sync against a broker over a gateway in memory; at its end every message is checked against the contract. */
import { expect, vi } from "vitest";
import { readBody } from "../../../src/contract/message-body.ts";
import { type Log, noLog } from "../../../src/kit/log.ts";
import { add, type RangeSet } from "../../../src/kit/range-set.ts";
import type { Range } from "../../../src/model/index.ts";
import type { SyncOptions } from "../../../src/sync/context.ts";
import { messageOn } from "../../../src/sync/contract/messages.ts";
import { runSync, type Sync } from "../../../src/sync/sync.ts";
import { type RawBroker, type Received, shorten } from "../broker/raw-broker.ts";
import { MemoryOutbox } from "./memory-outbox.ts";

export interface Harness extends AsyncDisposable {
  readonly edge: MemoryOutbox;
  readonly sync: Sync;
  readonly stop: AbortController;
}

export const ROOT = "cippo/v1/gw";

export const quick: Omit<SyncOptions, "broker"> = {
  acknowledge: "platform",
  mqtt: 5,
  liveEveryMs: 20,
  reconnect: { firstMs: 20, maxMs: 80 },
  refusedRetryMs: 150,
  reportEveryMs: 60_000,
  connectTimeoutMs: 1000,
  pubackTimeoutMs: 5000,
};

export function harness(
  url: string,
  options: Partial<SyncOptions> = {},
  edge = new MemoryOutbox(),
  broker?: RawBroker,
  log: Log = noLog,
): Harness {
  const stop = new AbortController();
  const { outbox, documents, commands, lists, updates, clock } = edge;
  const ports = { outbox, documents, commands, lists, updates };
  const parts = { gateway: "gw", options: { ...quick, broker: url, ...options }, ...ports, clock, log };
  const sync = runSync(parts, stop.signal);
  return {
    edge,
    sync,
    stop,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await sync.done;
      for (const message of broker?.received ?? []) obeysContract(message);
    },
  };
}

export function obeysContract({ topic, payload, retain }: Pick<Received, "topic" | "payload" | "retain">): void {
  if (payload.length === 0) return;
  const message = messageOn(`up/${shorten(topic)}`);
  expect(message, `${topic} is in the contract`).toBeDefined();
  expect(retain, `${topic} retained`).toBe(message?.retained);
  const parsed = message?.schema.safeParse(readBody(payload));
  expect(parsed?.error?.issues, topic).toBeUndefined();
  if (message?.encoding === "json") expect(payload[0]).toBe("{".charCodeAt(0));
}

/** Numbers of one stream that arrived, whichever way. */
export function arrived(received: readonly Received[], stream: "readings" | "events", epoch = "E2"): RangeSet {
  return received
    .filter(({ topic }) => [stream, `history/${stream}`].includes(shorten(topic)))
    .flatMap(({ payload }) => batches(payload))
    .filter((batch) => batch.epoch === epoch)
    .reduce<RangeSet>((set, { from, to }) => add(set, [from, to] as Range), []);
}

interface Batch {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
}

export function batches(payload: Uint8Array): readonly Batch[] {
  const body = readBody(payload) as Batch & { readonly batches?: readonly Batch[] };
  return body.batches ?? [body];
}

export const eventually = (check: () => void | Promise<void>, timeout = 15_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 5 });
