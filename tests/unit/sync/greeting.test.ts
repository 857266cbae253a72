/** Before the broker has `state` and `alarms` nothing else is sent, and little of it waits in memory. */
import { expect, it } from "vitest";
import { readBody } from "../../../src/contract/message-body.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { arrived, eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

/** Holds back the first PUBACK of a topic until it is let go. */
async function slowOn(slow: string) {
  let answer: (code: number) => void = () => undefined;
  const answered = new Promise<number>((resolve) => {
    answer = resolve;
  });
  const broker = await RawBroker.open({ puback: ({ topic }) => (topic.endsWith(`up/${slow}`) ? answered : 0) });
  return { broker, letGo: () => answer(0) };
}

/** Returns when the gateway has taken a message: what it sent before that has arrived. */
async function roundTrip(broker: RawBroker): Promise<void> {
  const id = broker.send(`${ROOT}/down/ack`, { v: 1, at: 0, acks: [] });
  await eventually(() => expect(broker.acknowledged).toContain(id));
}

it.each([
  ["state", ["state"]],
  ["alarms/1", ["state", "alarms/1"]],
])("while `%s` is not acknowledged nothing else leaves, and afterwards all of it does", async (slow, first) => {
  const { broker, letGo } = await slowOn(slow);
  await using _broker = broker;
  const edge = new MemoryOutbox();
  await using h = harness(broker.url, {}, edge, broker);
  await eventually(() => expect(broker.topics()).toEqual(first));
  edge.event("critical");
  edge.alarm("E2/1");
  edge.asset("bay-1", "occupied");
  edge.restated();
  edge.readings(3);
  edge.unstored(edge.makeEvent(9, "critical"));
  edge.durable = async () => edge.result({ id: "c1", target: "bay", action: "set", state: "refused", at: 1 });
  const command = broker.send(`${ROOT}/down/commands`, { v: 1, id: "c1" });
  await eventually(() => expect(broker.acknowledged).toContain(command));
  await roundTrip(broker);
  expect(broker.topics()).toEqual(first);
  letGo();
  await eventually(() => expect(broker.topics()).toEqual(expect.arrayContaining(["events", "readings", "results", "reported"])));
  expect(broker.topics().slice(0, 2)).toEqual(["state", "alarms/1"]);
  await eventually(() => {
    expect(edge.urgentSent).toEqual(["E2/1"]);
    expect(broker.on("urgent")).toHaveLength(2);
    expect(readBody(broker.on("alarms/1").at(-1)?.payload ?? Buffer.alloc(0))).toMatchObject({ open: [{ id: "E2/1" }] });
    expect(String(broker.on("assets/bay-1").at(-1)?.payload)).toContain("occupied");
    // Its times changed after it was sent.
    expect(broker.on("state").length).toBeGreaterThan(1);
  });
  expect(h.sync.status().connected).toBe(true);
});

it("of events that wait for the greeting the newest 256 go live, and those before them as history", async () => {
  const { broker, letGo } = await slowOn("state");
  await using _broker = broker;
  const edge = new MemoryOutbox();
  await using _ = harness(broker.url, {}, edge, broker);
  await eventually(() => expect(broker.topics()).toEqual(["state"]));
  for (let i = 0; i < 400; i += 1) edge.event("low");
  letGo();
  await eventually(() => expect(arrived(broker.received, "events")).toEqual([[1, 400]]));
  const [oldest] = arrived(broker.on("events"), "events");
  expect(oldest?.[0]).toBeGreaterThanOrEqual(145);
});
