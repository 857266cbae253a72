/** Brokers that refuse, forget, delay, lie or fall silent: nothing is lost, nothing loops (field notes, B1–B9). */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { stallingProxy } from "../../support/broker/stalling-proxy.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { arrived, eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

const all = (n: number) => [[1, n]];

describe("connecting", () => {
  it("goes on trying when the CONNACK refuses, and says why meanwhile", async () => {
    await using broker = await RawBroker.open({ connack: (_, n) => ({ reasonCode: [136, 135, 137][n] ?? 0 }) });
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(h.sync.status()).toMatchObject({ connected: false, code: "sync.refused" }));
    await eventually(() => expect(broker.topics()).toContain("reported"));
    expect(broker.connects).toHaveLength(4);
    expect(h.sync.status()).toMatchObject({ connected: true });
    expect(h.sync.status().code).toBeUndefined();
  });

  it("goes on trying when the CONNACK never comes", async () => {
    await using broker = await RawBroker.open({ connack: (_, n) => (n === 0 ? null : {}) });
    await using _ = harness(broker.url, { connectTimeoutMs: 100 }, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("state"));
    expect(broker.connects.length).toBeGreaterThan(1);
  });

  it("keeps a session of seven days under the gateway's id, and leaves a Will", async () => {
    await using broker = await RawBroker.open();
    await using _ = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.connects).toHaveLength(1));
    expect(broker.connects[0]).toMatchObject({
      clientId: "gw",
      clean: false,
      keepalive: 30,
      properties: { sessionExpiryInterval: 7 * 86_400 },
      will: { topic: `${ROOT}/up/state`, retain: true, qos: 1, properties: { willDelayInterval: 45 } },
    });
    expect(JSON.parse(String(broker.connects[0]?.will?.payload))).toEqual({ v: 1, online: false, epoch: "E2" });
  });

  it("subscribes afresh although the broker says that it forgot nothing", async () => {
    await using broker = await RawBroker.open({ connack: (_, n) => ({ sessionPresent: n > 0 }) });
    await using _ = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics(0)).toContain("reported"));
    broker.cut();
    await eventually(() => expect(broker.subscribes).toHaveLength(2));
    expect(broker.subscribes[1]?.subscriptions.map(({ topic, rh }) => [topic, rh])).toEqual([
      [`${ROOT}/down/ack`, 1],
      [`${ROOT}/down/commands`, 1],
      [`${ROOT}/down/config`, 0],
      [`${ROOT}/down/lists/+`, 0],
      [`${ROOT}/down/lists/+/delta`, 1],
      [`${ROOT}/down/update`, 0],
    ]);
  });

  it("waits long when another client took the session over", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, { reconnect: { firstMs: 1, maxMs: 2000 } }, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    broker.write({ cmd: "disconnect", reasonCode: 0x8e });
    await eventually(() => expect(h.sync.status()).toMatchObject({ connected: false, code: "sync.taken-over" }));
    expect(h.sync.status().detail?.en).toContain("Another client");
    const lost = performance.now();
    await eventually(() => expect(broker.connects).toHaveLength(2));
    expect(performance.now() - lost).toBeGreaterThan(900);
  });

  it("leaks nothing over many links", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, { reconnect: { firstMs: 1, maxMs: 5 } }, new MemoryOutbox(), broker);
    const listeners: number[] = [];
    for (let i = 0; i < 25; i += 1) {
      await eventually(() => expect(broker.topics(i)).toContain("reported"));
      listeners.push(getEventListeners(h.stop.signal, "abort").length);
      broker.cut();
    }
    expect(Math.max(...listeners.slice(5))).toBeLessThanOrEqual(Math.max(...listeners.slice(0, 5)));
  });
});

describe("a link that ends", () => {
  it("resends what the broker did not acknowledge, and only that", async () => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    h.edge.readings(10);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual(all(10)));
    await eventually(() => expect(h.sync.status().streams.find((s) => s.stream === "readings")?.sentUpTo).toBe(10));
    broker.script = { ...broker.script, puback: ({ topic }) => (topic.includes("readings") ? null : 0) };
    h.edge.readings(10);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual(all(20)));
    await broker.down();
    h.edge.readings(10);
    broker.script = { ...broker.script, puback: () => 0 };
    await broker.up();
    await eventually(() => {
      const second = broker.received.filter(({ connection }) => connection > 0);
      expect(arrived(second, "readings")).toEqual([[11, 30]]);
    });
    expect(broker.topics(1).slice(0, 2)).toEqual(["state", "alarms/1"]);
  });

  it("notices a half-open link by its silence", async () => {
    await using broker = await RawBroker.open();
    await using proxy = await stallingProxy(broker.port);
    await using h = harness(`mqtt://127.0.0.1:${proxy.port}`, { keepaliveSeconds: 1 }, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    proxy.stall();
    h.edge.readings(3);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual(all(3)));
    expect(broker.connects).toHaveLength(2);
  });

  it("ends one on which PUBACKs do not come", async () => {
    // The next one is not welcomed: the gateway is without a link for long enough to be seen so.
    await using broker = await RawBroker.open({
      puback: ({ topic, connection }) => (connection === 0 && topic.includes("readings") ? null : 0),
      connack: (_, n) => (n === 1 ? null : {}),
    });
    await using h = harness(broker.url, { pubackTimeoutMs: 200, connectTimeoutMs: 2000 }, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    h.edge.readings(3);
    await eventually(() => expect(h.sync.status()).toMatchObject({ connected: false, code: "sync.no-puback" }));
    await eventually(() =>
      expect(
        arrived(
          broker.received.filter((r) => r.connection === 2),
          "readings",
        ),
      ).toEqual(all(3)),
    );
  });

  it.each([
    ["garbage", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a header that announces 200 MB", Buffer.from([0x30, 0x80, 0x84, 0xaf, 0x5f, 0, 1])],
    ["an answer to nothing asked", Buffer.from([0x20, 0x03, 0, 0, 0])],
  ])("ends one that brings %s", async (_, bytes) => {
    await using broker = await RawBroker.open();
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    broker.raw(bytes);
    await eventually(() => expect(broker.topics(1)).toContain("reported"));
    expect(h.sync.status().connected).toBe(true);
  });

  it("stops within its grace although nothing is acknowledged", async () => {
    await using broker = await RawBroker.open({ puback: ({ topic }) => (topic.endsWith("readings") ? null : 0) });
    await using h = harness(broker.url, { pubackTimeoutMs: 60_000 }, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    h.edge.readings(3);
    await eventually(() => expect(broker.topics()).toContain("readings"));
    const asked = performance.now();
    h.stop.abort();
    await h.sync.done;
    expect(performance.now() - asked).toBeLessThan(15_000);
  });
});

describe("the window", () => {
  it.each([5, "3.1.1"] as const)(
    "passes over a message larger than the contract allows, and takes the next (MQTT %s)",
    async (mqtt) => {
      await using broker = await RawBroker.open();
      await using h = harness(broker.url, { mqtt }, new MemoryOutbox(), broker);
      await eventually(() => expect(broker.topics()).toContain("reported"));
      const large = broker.send(`${ROOT}/down/commands`, "x".repeat(300_000));
      const next = broker.send(`${ROOT}/down/ack`, { v: 1, at: 0, acks: [] });
      await eventually(() => expect(broker.acknowledged).toEqual(expect.arrayContaining([large, next])));
      expect(broker.connects).toHaveLength(1);
      expect(h.edge.notes).toMatchObject([
        { kind: "sync.message-too-large", detail: { topic: `${ROOT}/down/commands`, limit: 131_072 } },
      ]);
    },
  );

  it.each([1, 2, 5])("never has more than receive maximum %i in flight", async (receiveMaximum) => {
    const slow = () => new Promise<number>((resolve) => setTimeout(() => resolve(0), 3));
    await using broker = await RawBroker.open({ connack: () => ({ properties: { receiveMaximum } }), puback: slow });
    const edge = new MemoryOutbox();
    for (let i = 0; i < 30; i += 1) edge.readings(2000, "E1", false);
    for (let i = 0; i < 10; i += 1) edge.asset(`bay-${i}`, "free");
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    for (let i = 0; i < 20; i += 1) h.edge.event(i % 2 === 0 ? "critical" : "low");
    h.edge.readings(20);
    await eventually(() => {
      expect(arrived(broker.received, "events")).toEqual(all(20));
      expect(arrived(broker.received, "readings")).toEqual(all(20));
      expect(arrived(broker.received, "readings", "E1")).toEqual(all(60_000));
    });
    expect(broker.mostInFlight).toBeLessThanOrEqual(receiveMaximum);
  });

  it("takes PUBACKs late and in any order", async () => {
    await using broker = await RawBroker.open({
      puback: () => new Promise((resolve) => setTimeout(() => resolve(0), Math.random() * 60)),
    });
    const edge = new MemoryOutbox();
    for (let i = 0; i < 20; i += 1) edge.readings(2000, "E1", false);
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    for (let i = 0; i < 60; i += 1) h.edge.event();
    await eventually(() => {
      const sent = h.sync.status().streams.map(({ epoch, stream, head, sentUpTo }) => [epoch, stream, head - sentUpTo]);
      expect(sent).toEqual([
        ["E1", "readings", 0],
        ["E2", "events", 0],
        ["E2", "readings", 0],
      ]);
    });
    expect(broker.connects).toHaveLength(1);
    expect(broker.mostInFlight).toBeLessThanOrEqual(32);
  });
});

describe("refusals", () => {
  it("cuts batches that the broker's packets cannot hold, and names the record that never will", async () => {
    await using broker = await RawBroker.open({
      connack: () => ({ properties: { maximumPacketSize: 250 } }),
      // A message that is too large all the same: the broker would throw us out.
      puback: ({ payload, topic }) => (payload.length + topic.length > 250 ? 0x95 : 0),
    });
    const edge = new MemoryOutbox();
    edge.readings(100, "E1", false);
    await using h = harness(broker.url, {}, edge, broker);
    // `reported` is one of those that do not fit: it is left out, and nothing else waits for it.
    await eventually(() => expect(broker.topics()).toContain("history/readings"));
    h.edge.event("low");
    h.edge.readings(4);
    await eventually(() => {
      expect(arrived(broker.received, "readings", "E1")).toEqual(all(100));
      expect(arrived(broker.received, "readings")).toEqual(all(4));
      expect(h.edge.givenUp).toEqual([{ epoch: "E2", stream: "events", range: [1, 1], reason: "refused" }]);
    });
    expect(broker.connects).toHaveLength(1);
    expect(Math.max(...broker.received.map(({ payload, topic }) => payload.length + topic.length))).toBeLessThan(250);
  });

  it("gives up only the stored batch that is refused itself (0x99)", async () => {
    await using broker = await RawBroker.open({
      puback: ({ topic, payload }) => (topic.endsWith("history/readings") && arrivesWith(payload, 250) ? 0x99 : 0),
    });
    const edge = new MemoryOutbox();
    for (let i = 0; i < 8; i += 1) edge.readings(100, "E1", false);
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() =>
      expect(h.edge.givenUp).toEqual([{ epoch: "E1", stream: "readings", range: [201, 300], reason: "refused" }]),
    );
    await eventually(() =>
      expect(broker.received.filter(({ topic }) => topic.endsWith("history/readings")).length).toBeGreaterThan(2),
    );
    await eventually(() => expect(arrived(broker.received, "readings", "E1")).toEqual(all(800)));
  });

  it.each([0x80, 0x83, 0x87, 0x90, 0x97])("drops nothing when the broker says %i of a topic, and says so", async (code) => {
    let until = Number.POSITIVE_INFINITY;
    await using broker = await RawBroker.open({
      puback: ({ topic, at }) => (topic.includes("readings") && at < until ? code : 0),
    });
    const edge = new MemoryOutbox();
    edge.readings(100, "E1", false);
    await using h = harness(broker.url, {}, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    h.edge.readings(10);
    await eventually(() => expect(h.edge.notes.map((n) => n.kind)).toContain("sync.not-authorised"));
    const tries = broker.topics().filter((t) => t.includes("readings")).length;
    expect(tries).toBeLessThanOrEqual(4);
    h.edge.event();
    await eventually(() => expect(arrived(broker.received, "events")).toEqual(all(1)));
    until = performance.now();
    const accepted = () => broker.received.filter(({ at }) => at >= until);
    await eventually(() => {
      expect(arrived(accepted(), "readings", "E1")).toEqual(all(100));
      expect(arrived(accepted(), "readings")).toEqual(all(10));
    });
    expect(h.edge.givenUp).toEqual([]);
    expect(broker.connects).toHaveLength(1);
  });

  it("sends although it may not listen, and asks again", async () => {
    let refuse = true;
    await using broker = await RawBroker.open({
      suback: ({ subscriptions }) => subscriptions.map((_, i) => (i === 0 && refuse ? 0x87 : 1)),
    });
    await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    expect(h.edge.notes[0]).toMatchObject({ kind: "sync.not-authorised", detail: { topic: `${ROOT}/down/ack` } });
    refuse = false;
    await eventually(() => expect(broker.subscribes).toHaveLength(2));
    h.edge.readings(5);
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual(all(5)));
  });

  it("waits before anything else until the broker takes `state`", async () => {
    let tries = 0;
    await using broker = await RawBroker.open({ puback: ({ topic }) => (topic.endsWith("up/state") && tries++ < 2 ? 0x87 : 0) });
    const edge = new MemoryOutbox();
    edge.readings(10, "E1", false);
    await using _ = harness(broker.url, { refusedRetryMs: 50 }, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("history/readings"));
    expect(broker.topics().slice(0, 4)).toEqual(["state", "state", "state", "alarms/1"]);
  });
});

function arrivesWith(payload: Buffer, seq: number): boolean {
  return arrived([{ topic: "x/up/readings", payload } as never], "readings", "E1").some(([from, to]) => from <= seq && to >= seq);
}
