/** A broker ends the link for one message: it is found, everything else is delivered, and only it is given up. */
import { describe, expect, it } from "vitest";
import { Broker, brokerKinds } from "../../../support/broker/brokers.ts";
import { RawBroker, type Received } from "../../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../../support/memory/memory-outbox.ts";
import { arrived, batches, eventually, harness } from "../../../support/memory/sync-harness.ts";
import { temporary } from "../../../support/running/processes.ts";

const calm = { calmMs: 50, reconnect: { firstMs: 5, maxMs: 20 } };

/** A broker that ends the link for what `isDeadly`, as some do for a size or a content that they cannot bear. */
async function touchy(isDeadly: (message: Received) => boolean): Promise<RawBroker> {
  const broker = await RawBroker.open();
  const taken: Received[] = [];
  broker.script = {
    ...broker.script,
    puback: (message) => {
      if (!isDeadly(message)) {
        taken.push(message);
        return 0;
      }
      broker.cut();
      return null;
    },
  };
  return broker;
}

const holds = (stream: string, epoch: string, seq: number) => (message: Received) =>
  message.topic.endsWith(stream) && batches(message.payload).some((b) => b.epoch === epoch && b.from <= seq && b.to >= seq);
const has = (broker: RawBroker, topic: string, connection: number) => broker.topics(connection).includes(topic);

describe("a message that ends the link", () => {
  it("in a backlog is given up alone: every other record arrives", async () => {
    const isDeadly = holds("history/readings", "E1", 777);
    await using broker = await touchy(isDeadly);
    const edge = new MemoryOutbox();
    for (let i = 0; i < 200; i += 1) edge.readings(10, "E1", false);
    await using h = harness(broker.url, calm, edge, broker);
    await eventually(
      () => expect(edge.givenUp).toEqual([{ epoch: "E1", stream: "readings", range: [777, 777], reason: "refused" }]),
      60_000,
    );
    await eventually(() => {
      const good = broker.received.filter((message) => !isDeadly(message));
      expect(arrived(good, "readings", "E1")).toEqual([
        [1, 776],
        [778, 2000],
      ]);
    });
    await eventually(() => expect(h.sync.status().connected).toBe(true));
    // Three in company, one as a batch of ten, two more by itself.
    expect(broker.connects.length).toBeLessThanOrEqual(9);
  }, 90_000);

  it("as an event goes the same way, and later ones are live again", async () => {
    const isDeadly = holds("events", "E2", 3);
    await using broker = await touchy(isDeadly);
    const edge = new MemoryOutbox();
    await using _ = harness(broker.url, calm, edge, broker);
    await eventually(() => expect(broker.topics()).toContain("reported"));
    for (let i = 0; i < 6; i += 1) edge.event();
    await eventually(
      () => expect(edge.givenUp.map(({ stream, range }) => [stream, range])).toEqual([["events", [3, 3]]]),
      60_000,
    );
    const before = broker.on("events").length;
    edge.event();
    await eventually(() => expect(broker.on("events").length).toBeGreaterThan(before));
    const good = broker.received.filter((message) => !isDeadly(message));
    await eventually(() =>
      expect(arrived(good, "events")).toEqual([
        [1, 2],
        [4, 7],
      ]),
    );
  }, 90_000);

  it("as a retained document rests, and neither the greeting nor anything else waits for it", async () => {
    await using broker = await touchy(({ topic }) => topic.endsWith("catalog/1"));
    const edge = new MemoryOutbox();
    edge.readings(50, "E1", false);
    await using h = harness(broker.url, calm, edge, broker);
    const last = () => broker.connects.length - 1;
    await eventually(() => {
      expect(last()).toBeGreaterThanOrEqual(6);
      expect(has(broker, "reported", last())).toBe(true);
      expect(arrived(broker.received, "readings", "E1")).toEqual([[1, 50]]);
    }, 60_000);
    const links = broker.connects.length;
    edge.readings(5);
    edge.event("critical");
    await eventually(() => expect(arrived(broker.received, "readings")).toEqual([[1, 5]]));
    await eventually(() => expect(edge.urgentSent).toHaveLength(1));
    expect(h.sync.status().connected).toBe(true);
    expect(broker.connects).toHaveLength(links);
    expect(edge.givenUp).toEqual([]);
  }, 90_000);

  it("as an urgent copy keeps no other copy from leaving", async () => {
    const isFirst = ({ payload }: Received) => String(payload).includes('"id":"E2/1"');
    await using broker = await touchy((message) => message.topic.endsWith("urgent") && isFirst(message));
    const edge = new MemoryOutbox();
    edge.event("critical", "E2", false);
    edge.event("critical", "E2", false);
    await using _ = harness(broker.url, calm, edge, broker);
    await eventually(() => expect(edge.urgentSent).toContain("E2/2"), 60_000);
  }, 90_000);

  it("is not held against a record when nothing on its topic was ever taken: that is the link's trouble", async () => {
    await using broker = await touchy(({ topic }) => topic.endsWith("history/readings"));
    const edge = new MemoryOutbox();
    edge.readings(5, "E1", false);
    await using h = harness(broker.url, calm, edge, broker);
    // Three in company, three by itself; then it rests, and the link holds.
    await eventually(() => {
      expect(broker.connects.length).toBeGreaterThanOrEqual(7);
      expect(has(broker, "reported", broker.connects.length - 1)).toBe(true);
    }, 60_000);
    edge.readings(3);
    await eventually(() =>
      expect(h.sync.status().streams.find((s) => s.epoch === "E2" && s.stream === "readings")?.sentUpTo).toBe(3),
    );
    expect(edge.givenUp).toEqual([]);
  }, 90_000);
});

it.runIf(brokerKinds.includes("mosquitto"))(
  "a real mosquitto that ends an MQTT 3.1.1 link for each packet of more than 4,000 bytes, and never says so, gets all the others",
  async () => {
    await using folder = await temporary("deadly");
    await using city = await Broker.mosquitto(folder.path, ["allow_anonymous true", "max_packet_size 4000"]);
    const edge = new MemoryOutbox();
    for (let i = 0; i < 60; i += 1) edge.readings(20, "E1", false);
    // Words that no compression makes small.
    edge.text(6000, "E1");
    for (let i = 0; i < 60; i += 1) edge.readings(20, "E1", false);
    await using h = harness(city.url, { ...calm, mqtt: "3.1.1" }, edge);
    const stream = () => h.sync.status().streams.find((s) => s.epoch === "E1" && s.stream === "readings");
    await eventually(() => expect(edge.givenUp.map(({ range }) => range)).toEqual([[1201, 1201]]), 60_000);
    await eventually(() => expect(stream()?.sentUpTo).toBe(2401), 60_000);
    await eventually(() => expect(h.sync.status().connected).toBe(true));
  },
  150_000,
);
