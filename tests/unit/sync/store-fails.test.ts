/** While the disk cannot be written, alarms are sent, acknowledgements count, and commands wait to be judged afterwards. */
import { expect, it } from "vitest";
import { EdgeRuntime } from "../../../src/edge/runtime.ts";
import { syncPorts } from "../../../src/gateway/sync-ports.ts";
import { type Clock, monotonic } from "../../../src/kit/clock.ts";
import { noLog } from "../../../src/kit/log.ts";
import type { DeviceInfo } from "../../../src/model/index.ts";
import { runSync } from "../../../src/sync/sync.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { MemoryStore } from "../../support/memory/memory-store.ts";
import { eventually, harness, quick, ROOT } from "../../support/memory/sync-harness.ts";

const COMMANDS = `${ROOT}/down/commands`;
const online = (broker: RawBroker, connection = 0) => eventually(() => expect(broker.topics(connection)).toContain("reported"));
const acknowledgement = { v: 1, acks: [{ epoch: "E2", stream: "readings", upTo: 5 }] };

it.each([
  ["that is known", (edge: MemoryOutbox) => void Object.assign(edge, { writable: false })],
  [
    "that the commands themselves find out",
    (edge: MemoryOutbox) => void Object.assign(edge, { durable: () => new Promise(() => {}) }),
  ],
])("a failing disk %s holds up neither acknowledgements nor alarms", async (_, fail) => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, { keepaliveSeconds: 1, pubackTimeoutMs: 3000 }, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.readings(5);
  fail(h.edge);
  const commands = Array.from({ length: 16 }, (_, i) => broker.send(COMMANDS, { v: 1, id: `c${i}` }));
  const ack = broker.send(`${ROOT}/down/ack`, acknowledgement);
  h.edge.unstored(h.edge.makeEvent(99, "critical"));
  await eventually(() => expect(broker.on("urgent")).toHaveLength(1));
  await eventually(() => expect(h.edge.mark("readings").upTo).toBe(5));
  // In order, until a command takes too long.
  await eventually(() => expect(broker.acknowledged).toContain(ack));
  expect(broker.acknowledged.filter((id) => commands.includes(id))).toEqual([]);
  expect(broker.on("results")).toEqual([]);
  expect(broker.connects).toHaveLength(1);
  expect(h.sync.status().connected).toBe(true);
});

it("sixteen commands wait and reach the edge when the store writes; the others come again by a new connection", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.writable = false;
  const sent = Array.from({ length: 20 }, (_, i) => ({ i, id: broker.send(COMMANDS, { v: 1, id: `c${i}` }) }));
  // What comes behind them was read too.
  broker.send(`${ROOT}/down/news`, {});
  h.edge.unstored(h.edge.makeEvent(99, "critical"));
  await eventually(() => expect(broker.on("urgent")).toHaveLength(1));
  expect(h.edge.received).toEqual([]);
  h.edge.writable = true;
  h.edge.readings(1);
  await eventually(() => expect(h.edge.received).toHaveLength(16));
  await online(broker, 1);
  const left = sent.filter(({ id }) => !broker.acknowledged.includes(id));
  expect(left.map(({ i }) => i)).toEqual([16, 17, 18, 19]);
  for (const { i } of left) broker.send(COMMANDS, { v: 1, id: `c${i}` }, { dup: true });
  await eventually(() => expect(h.edge.received).toHaveLength(20));
  expect(new Set(h.edge.received.map(({ body }) => (body as { id: string }).id)).size).toBe(20);
  expect(broker.connects).toHaveLength(2);
});

it("what waits when the link ends is forgotten: it comes again with the next", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.writable = false;
  for (let i = 0; i < 16; i += 1) broker.send(COMMANDS, { v: 1, id: `c${i}` });
  broker.cut();
  await online(broker, 1);
  const ids = Array.from({ length: 16 }, (_, i) => broker.send(COMMANDS, { v: 1, id: `c${i}` }, { dup: true }));
  h.edge.unstored(h.edge.makeEvent(99, "critical"));
  await eventually(() => expect(broker.on("urgent")).toHaveLength(1));
  h.edge.writable = true;
  h.edge.readings(1);
  await eventually(() => expect(broker.acknowledged).toEqual(expect.arrayContaining(ids)));
  expect(h.edge.received).toHaveLength(16);
});

it("an alarm that could be neither stored nor sent is sent by the next connection, once", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.writable = false;
  await broker.down();
  await eventually(() => expect(h.sync.status().connected).toBe(false));
  h.edge.unstored(h.edge.makeEvent(99, "critical"));
  await broker.up();
  await eventually(() => expect(broker.on("urgent")).toHaveLength(1));
  expect(JSON.parse(String(broker.on("urgent")[0]?.payload))).toMatchObject({ seq: null, stored: false, id: "E2/99" });
  broker.cut();
  await online(broker, 2);
  expect(broker.on("urgent")).toHaveLength(1);
});

it("is connected only when the broker has acknowledged `state` and `alarms`", async () => {
  let greet: () => void = () => {};
  const greeted = new Promise<void>((resolve) => {
    greet = resolve;
  });
  await using broker = await RawBroker.open({
    puback: async ({ topic }) => {
      if (topic.endsWith("alarms/1")) await greeted;
      return 0;
    },
  });
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await eventually(() => expect(broker.topics()).toContain("alarms/1"));
  expect(h.sync.status().connected).toBe(false);
  greet();
  await eventually(() => expect(h.sync.status().connected).toBe(true));
});

it("a command that waited is judged by what is true when the store writes", async () => {
  let wall = 1_764_000_000_000;
  const clock: Clock = { boot: "boot", mono: monotonic, now: () => ({ mono: monotonic(), wall, synced: true }) };
  const written: unknown[] = [];
  const device: DeviceInfo = {
    id: "d",
    type: "test",
    points: { pump: { unit: "", kind: "state", writable: { value: "boolean", impact: "low" } } },
    silentAfterMs: 3_600_000,
    open: async () => ({
      async *readings(_, stop) {
        await new Promise((resolve) => stop.addEventListener("abort", resolve));
      },
      perform: async (...order) => {
        written.push(order);
        return { state: "succeeded" };
      },
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  const store = new MemoryStore(monotonic());
  const edge = new EdgeRuntime({ gateway: "gw", store, devices: [device], assets: [], commitMs: 10, clock, log: noLog });
  const stop = new AbortController();
  const running = edge.run(stop.signal);
  await using broker = await RawBroker.open();
  const ports = syncPorts(edge, { rev: "1", hash: "h" }, clock, stop.signal);
  const sync = runSync({ gateway: "gw", options: { ...quick, broker: broker.url }, ...ports, clock, log: noLog }, stop.signal);
  await online(broker);
  store.failing = "store.unwritable";
  edge.outbox.note("sync.ack-refused", {});
  await eventually(() => expect(edge.outbox.writable).toBe(false));
  const command = { v: 1, gateway: "gw", target: "d.pump", action: "set", args: { value: true }, issuer: "desk" };
  const short = broker.send(COMMANDS, { ...command, id: "short", issuedAt: wall, expiresAt: wall + 60_000 });
  const long = broker.send(COMMANDS, { ...command, id: "long", issuedAt: wall, expiresAt: wall + 3_600_000 });
  broker.send(`${ROOT}/down/news`, {});
  wall += 120_000;
  store.failing = null;
  await eventually(() => expect(broker.acknowledged).toEqual(expect.arrayContaining([short, long])));
  await eventually(() => expect(broker.on("results")).toHaveLength(2));
  const answers = broker.on("results").map(({ payload }) => JSON.parse(String(payload)) as Record<string, unknown>);
  expect(answers.find(({ id }) => id === "short")).toMatchObject({ state: "expired" });
  expect(answers.find(({ id }) => id === "long")).toMatchObject({ state: "succeeded" });
  expect(written).toHaveLength(1);
  stop.abort();
  await Promise.all([running, sync.done]);
});
