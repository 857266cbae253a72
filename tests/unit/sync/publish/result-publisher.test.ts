/** Where answers to commands go: whatever topic a requester wishes, one command never costs the gateway its link twice. */

import { chmod, writeFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connectAsync, type MqttClient } from "mqtt";
import { describe, expect, it } from "vitest";
import { noLog } from "../../../../src/kit/log.ts";
import { ResultPublisher } from "../../../../src/sync/publish/result-publisher.ts";
import { topicsOf } from "../../../../src/sync/topics.ts";
import { Broker, brokerKinds } from "../../../support/broker/brokers.ts";
import { RawBroker } from "../../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../../support/memory/memory-outbox.ts";
import { eventually, harness, ROOT } from "../../../support/memory/sync-harness.ts";
import { temporary } from "../../../support/running/processes.ts";

const COMMANDS = `${ROOT}/down/commands`;
const online = (broker: RawBroker) => eventually(() => expect(broker.topics()).toContain("reported"));
const result = { id: "c1", target: "bay", action: "permit.confirm", state: "refused", at: 1 } as const;

it("an answer follows its command's PUBACK, though it was ready before", async () => {
  await using broker = await RawBroker.open();
  const acknowledgedThen: number[][] = [];
  broker.script = {
    ...broker.script,
    puback: ({ topic }) => {
      if (topic.endsWith("up/results")) acknowledgedThen.push([...broker.acknowledged]);
      return 0;
    },
  };
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.durable = async () => h.edge.result(result);
  const id = broker.send(COMMANDS, { v: 1, id: "c1" });
  await eventually(() => expect(acknowledgedThen).toEqual([[id]]));
});

it("an answer that a link died of is not sent again, however often its command comes", async () => {
  await using broker = await RawBroker.open();
  broker.script = {
    ...broker.script,
    puback: ({ topic }) => {
      if (!topic.endsWith("results/deadly")) return 0;
      broker.cut();
      return null;
    },
  };
  const edge = new MemoryOutbox();
  edge.durable = async () => edge.result(result);
  await using _ = harness(broker.url, {}, edge, broker);
  await online(broker);
  const deadly = { properties: { responseTopic: `${ROOT}/up/results/deadly` } };
  broker.send(COMMANDS, { v: 1, id: "c1" }, deadly);
  await eventually(() => expect(broker.topics(1)).toContain("reported"));
  const again = broker.send(COMMANDS, { v: 1, id: "c1" }, { ...deadly, dup: true });
  await eventually(() => expect(broker.acknowledged).toContain(again));
  edge.result({ ...result, id: "c2" });
  await eventually(() => expect(broker.on("results")).toHaveLength(1));
  expect(broker.on("results/deadly")).toHaveLength(1);
  expect(broker.connects).toHaveLength(2);
});

describe("a requester is answered on `results` when it wishes", () => {
  const long = (bytes: number) => `${ROOT}/up/results/`.padEnd(bytes, "x");
  const deep = (levels: number) => `${ROOT}/up/results${"/x".repeat(levels - 5)}`;
  it.each([
    ["a topic of 256 bytes", long(256), long(256)],
    ["one of 257 bytes", long(257), null],
    ["one of 20 levels", deep(20), deep(20)],
    ["one of 21 levels", deep(21), null],
    ["a stream's topic", `${ROOT}/up/readings`, null],
    ["a stream's topic, by a way round", `${ROOT}/up/results/../readings`, `${ROOT}/up/results/../readings`],
    ["a document's topic", `${ROOT}/up/state`, null],
    ["another gateway's", "cippo/v1/other/up/results/x", null],
    ["a wildcard", `${ROOT}/up/results/+`, null],
    ["a control character", `${ROOT}/up/results/a\u0001`, null],
    ["a non-character", `${ROOT}/up/results/a\uffff`, null],
  ])("%s", async (_, responseTopic, honoured) => {
    await using broker = await RawBroker.open();
    const edge = new MemoryOutbox();
    edge.durable = async () => edge.result(result);
    await using _h = harness(broker.url, {}, edge);
    await online(broker);
    broker.send(COMMANDS, { v: 1, id: "c1" }, { properties: { responseTopic } });
    await eventually(() => expect(broker.received.map(({ topic }) => topic)).toContain(honoured ?? `${ROOT}/up/results`));
  });
});

it.each([
  [256, 256],
  [257, undefined],
])("correlation data of %i bytes come back, or none", async (bytes, expected) => {
  await using broker = await RawBroker.open();
  const edge = new MemoryOutbox();
  edge.durable = async () => edge.result(result);
  await using _ = harness(broker.url, {}, edge, broker);
  await online(broker);
  broker.send(COMMANDS, { v: 1, id: "c1" }, { properties: { correlationData: Buffer.alloc(bytes, 7) } });
  await eventually(() => expect(broker.on("results")).toHaveLength(1));
  expect(broker.on("results")[0]?.packet.properties?.correlationData?.length).toBe(expected);
});

it("a command that came twice gets one answer, with its own correlation data, and one more each time it comes again", async () => {
  await using broker = await RawBroker.open();
  const edge = new MemoryOutbox();
  await using _ = harness(broker.url, {}, edge, broker);
  await online(broker);
  const sent = () => broker.on("results/desk").map(({ packet }) => String(packet.properties?.correlationData));
  const more = { properties: { responseTopic: `${ROOT}/up/results/desk`, correlationData: Buffer.from("k1") } };
  const end = () => edge.result(result);
  // As the desk does when a copy comes while the command ends.
  edge.durable = async () => end();
  broker.send(COMMANDS, { v: 1, id: "c1" }, more);
  await eventually(() => expect(sent()).toEqual(["k1"]));
  end();
  const fence = { ...result, id: "c2" };
  edge.result(fence);
  await eventually(() => expect(broker.on("results").length).toBeGreaterThan(0));
  expect(broker.on("results").map(({ payload }) => JSON.parse(String(payload)).id)).toEqual(["c2"]);
  broker.send(COMMANDS, { v: 1, id: "c1" }, { ...more, dup: true });
  await eventually(() => expect(sent()).toEqual(["k1", "k1"]));
});

it("what a broker says of a requester's topic is not remembered, nor does it hold up the next", async () => {
  await using broker = await RawBroker.open({ puback: ({ topic }) => (topic.includes("results/") ? 0x87 : 0) });
  const edge = new MemoryOutbox();
  await using h = harness(broker.url, { refusedRetryMs: 60_000 }, edge, broker);
  await online(broker);
  for (const id of ["a", "b"]) {
    edge.durable = async () => edge.result({ ...result, id });
    broker.send(COMMANDS, { v: 1, id }, { properties: { responseTopic: `${ROOT}/up/results/mine` } });
    await eventually(() => expect(broker.on("results/mine")).toHaveLength(id === "a" ? 1 : 2));
  }
  expect(h.edge.notes).toEqual([]);
});

it("of a hundred thousand commands, right and wrong, with long ids and packets, next to nothing stays in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const results = new ResultPublisher({ topics: topicsOf("gw"), log: noLog, publisher: () => null });
  // What buffers held is given back in the background: the least of a few looks is what stays.
  const held = async () => {
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 5; look += 1) {
      collect();
      await setImmediate();
      const { heapUsed, external } = process.memoryUsage();
      least = Math.min(least, heapUsed + external);
    }
    return least;
  };
  const flood = (count: number) => {
    for (let i = 0; i < count; i += 1) {
      const payload = Buffer.alloc(2000);
      const wish = { responseTopic: `${ROOT}/up/results/${i}`, correlation: payload.subarray(0, i % 300) };
      results.expect(
        { id: i % 2 ? `r-${i}` : `${i} ${"x".repeat(2000)}` },
        { topic: COMMANDS, payload, retained: false, again: false, ...wish },
      );
    }
  };
  flood(50_000);
  const before = await held();
  flood(100_000);
  // Kept, they would be 200 MB and more.
  expect((await held()) - before).toBeLessThan(20_000_000);
}, 120_000);

describe.runIf(brokerKinds.includes("mosquitto"))("with a real mosquitto", () => {
  const ends = async (client: MqttClient) => client.endAsync(true);

  it("that cuts the link for 250 levels and refuses a topic by its ACL, a command costs no link", async () => {
    await using folder = await temporary("answers");
    const acl = `${folder.path}/acl`;
    await writeFile(acl, `topic readwrite #\ntopic deny ${ROOT}/up/results/denied\n`);
    // As root, mosquitto becomes somebody else before it reads this.
    await chmod(folder.path, 0o755);
    await using city = await Broker.mosquitto(folder.path, ["allow_anonymous true", `acl_file ${acl}`]);
    const edge = new MemoryOutbox();
    let answered = 0;
    await using h = harness(city.url, { reconnect: { firstMs: 20, maxMs: 80 } }, edge);
    await eventually(() => expect(h.sync.status().connected).toBe(true));
    const operator = await connectAsync(city.url, { protocolVersion: 5 });
    await using _ = { [Symbol.asyncDispose]: () => ends(operator) };
    operator.on("message", () => {
      answered += 1;
    });
    await operator.subscribeAsync(`${ROOT}/up/results/#`, { qos: 1 });
    const links: boolean[] = [];
    const wishes = [`${ROOT}/up/results${"/x".repeat(250)}`, `${ROOT}/up/results/denied`, `${ROOT}/up/results/mine`];
    for (const [i, responseTopic] of wishes.entries()) {
      edge.durable = async () => edge.result({ ...result, id: `c${i}` });
      const body = JSON.stringify({ v: 1, id: `c${i}` });
      await operator.publishAsync(COMMANDS, body, { qos: 1, properties: { responseTopic } });
      await eventually(() => expect(edge.received).toHaveLength(i + 1));
      links.push(h.sync.status().connected);
    }
    // The one that is denied goes nowhere.
    await eventually(() => expect(answered).toBe(2));
    expect(links).toEqual([true, true, true]);
    expect(edge.received).toHaveLength(3);
  });
});
