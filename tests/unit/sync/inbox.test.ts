/** Commands from the platform are handed on, durable before they are acknowledged, and answered where they came from. */
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { codes } from "../../../src/kit/codes.ts";
import { noLog } from "../../../src/kit/log.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

const COMMANDS = `${ROOT}/down/commands`;
const online = (broker: RawBroker) => eventually(() => expect(broker.topics()).toContain("reported"));
const result = { id: "c1", target: "bay", action: "permit.confirm", state: "succeeded", at: 1 } as const;

it("acknowledges a command only when it is durable", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  let store: () => void = () => {};
  h.edge.durable = () => new Promise((resolve) => (store = resolve));
  const id = broker.send(COMMANDS, { v: 1, id: "c1" });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(broker.acknowledged).toEqual([]);
  store();
  await eventually(() => expect(broker.acknowledged).toEqual([id]));
  expect(h.edge.received).toEqual([{ body: { v: 1, id: "c1" }, retained: false, origin: "platform" }]);
});

it("leaves one that cannot be stored with the broker, and goes on", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  h.edge.durable = () => Promise.reject(new Error("disk"));
  broker.send(COMMANDS, { v: 1, id: "c1" });
  h.edge.readings(3);
  await eventually(() => expect(broker.topics()).toContain("readings"));
  h.edge.durable = () => Promise.resolve();
  const second = broker.send(COMMANDS, { v: 1, id: "c2" });
  await eventually(() => expect(broker.acknowledged).toEqual([second]));
});

it("hands on what is retained or no JSON, untouched", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  broker.send(COMMANDS, { v: 1, id: "c1" }, { retain: true });
  broker.send(COMMANDS, "{open the door");
  await eventually(() => expect(broker.acknowledged).toHaveLength(2));
  expect(h.edge.received).toMatchObject([
    { body: { v: 1, id: "c1" }, retained: true },
    { body: "{open the door", retained: false },
  ]);
});

it.each([
  ["inside this gateway's own up", `${ROOT}/up/results/desk-3`, "results/desk-3"],
  ["elsewhere", "cippo/v1/other/down/commands", "results"],
  ["with a wildcard", `${ROOT}/up/#`, "results"],
])("answers a requester whose topic lies %s", async (_, responseTopic, expected) => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox());
  await online(broker);
  broker.send(COMMANDS, { v: 1, id: "c1" }, { properties: { responseTopic, correlationData: Buffer.from("42") } });
  await eventually(() => expect(broker.acknowledged).toHaveLength(1));
  h.edge.result(result);
  await eventually(() => expect(broker.on(expected)).toHaveLength(1));
  expect(JSON.parse(String(broker.on(expected)[0]?.payload))).toEqual({ v: 1, ...result });
  expect(String(broker.on(expected)[0]?.packet.properties?.correlationData)).toBe("42");
});

it("answers a command of somebody else on `results`, and drops the answer when there is no link", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  h.edge.result(result);
  await online(broker);
  h.edge.result({ ...result, id: "local" });
  await eventually(() => expect(broker.on("results")).toHaveLength(1));
  expect(JSON.parse(String(broker.on("results")[0]?.payload))).toMatchObject({ id: "local" });
});

it("acknowledges what it does not know yet", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  for (const name of ["config", "lists/disabled", "update", "news"]) broker.send(`${ROOT}/down/${name}`, { v: 1 });
  await eventually(() => expect(broker.acknowledged).toHaveLength(4));
  expect(h.edge.received).toEqual([]);
});

it.each([
  [
    "compressed",
    deflateSync(JSON.stringify({ v: 1, acks: [{ epoch: "E2", stream: "events", upTo: 0, held: Array(100_000).fill([1, 1]) }] })),
  ],
  [
    "with more ranges than anybody needs",
    JSON.stringify({ v: 1, acks: [{ epoch: "E2", stream: "events", upTo: 0, held: Array(5000).fill([1, 1]) }] }),
  ],
  ["that is no JSON", "{"],
])("an acknowledgement %s is refused, and never comes again", async (_, payload) => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  const id = broker.send(`${ROOT}/down/ack`, payload);
  await eventually(() => expect(broker.acknowledged).toEqual([id]));
  expect(h.edge.notes).toMatchObject([{ kind: "sync.ack-refused" }]);
});

it("an entry that is wrong costs itself, and what is beyond the limits is as if not said", async () => {
  await using broker = await RawBroker.open();
  const edge = new MemoryOutbox();
  edge.readings(2000);
  await using h = harness(broker.url, {}, edge, broker);
  await online(broker);
  const of = { epoch: "E2", stream: "readings" };
  const crumbs = Array.from({ length: 501 }, (_, i) => [11 + 2 * i, 11 + 2 * i]);
  const wrong = [7, null, {}, { ...of, upTo: -1 }, { ...of, upTo: 1, held: [[9, 3]] }, { ...of, epoch: "e".repeat(65), upTo: 1 }];
  const filler = Array.from({ length: 256 - wrong.length - 1 }, () => ({ ...of, upTo: 1 }));
  // The last of these is the 257th.
  const acks = [...wrong, { ...of, upTo: 9, held: crumbs }, ...filler, { ...of, upTo: 2000 }];
  const id = broker.send(`${ROOT}/down/ack`, { v: 1, acks });
  await eventually(() => expect(broker.acknowledged).toContain(id));
  expect(h.edge.mark("readings")).toMatchObject({ upTo: 9, held: crumbs.slice(0, 500) });
  expect(h.edge.notes).toContainEqual({ kind: "sync.ack-refused", detail: { reason: "malformed", entries: wrong.length } });
});

it("an acknowledgement that we fail to work in is our fault, not the platform's, and never comes again", async () => {
  await using broker = await RawBroker.open();
  const edge = new MemoryOutbox();
  edge.readings(3);
  edge.outbox.acknowledge = () => {
    throw new Error("marks cannot be kept");
  };
  const told: unknown[] = [];
  const log = { ...noLog, error: (event: string, fields?: object) => told.push({ event, ...fields }) };
  await using _ = harness(broker.url, {}, edge, broker, log);
  await online(broker);
  const id = broker.send(`${ROOT}/down/ack`, { v: 1, acks: [{ epoch: "E2", stream: "readings", upTo: 3 }] });
  await eventually(() => expect(broker.acknowledged).toEqual([id]));
  expect(told).toMatchObject([{ event: "sync.ack-failed", code: "internal", cause: { message: "marks cannot be kept" } }]);
  expect(edge.notes).toEqual([]);
});

it.each(["reported", "catalog/1"])("a retained document on `%s` that the broker refuses is no lost record", async (name) => {
  const topic = `${ROOT}/up/${name}`;
  await using broker = await RawBroker.open({ puback: (message) => (message.topic === topic ? 0x99 : 0) });
  const told: object[] = [];
  const log = { ...noLog, warn: (event: string, fields?: object) => told.push({ event, ...fields }) };
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker, log);
  const refused = { event: "sync.retained-refused", code: "sync.document-refused", topic, reason: "refused" };
  await eventually(() => expect(told).toContainEqual(refused));
  expect(h.edge.givenUp).toEqual([]);
  for (const lang of ["it", "en"] as const) expect(codes["sync.document-refused"].hint[lang]).not.toMatch(/ledger|registro/);
});
