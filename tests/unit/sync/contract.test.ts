/** Each schema of the contract gives a JSON Schema, and the contract's examples pass them. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import * as z from "zod";
import { messageOn, messages } from "../../../src/sync/contract/messages.ts";
import { topicsOf } from "../../../src/sync/topics.ts";
import { contractBatch } from "../../support/contract-batch.ts";

const EXAMPLES = join(import.meta.dirname, "../../../docs/examples");

it.each(messages.map((message) => [message.name, message] as const))("%s has a JSON Schema", (_, { schema }) => {
  const json = z.toJSONSchema(schema, { target: "draft-2020-12" });
  expect(JSON.stringify(json)).toContain('"const":1');
});

it("names each message and topic once", () => {
  expect(new Set(messages.map(({ name }) => name)).size).toBe(messages.length);
  expect(new Set(messages.map(({ topic }) => topic)).size).toBe(messages.length);
  expect(messageOn("up/assets/bay-014")?.name).toBe("asset");
  expect(messageOn("up/history/readings")?.name).toBe("history-readings");
  expect(messageOn("up/nothing")).toBeUndefined();
});

it("takes the contract's batch, joined too, and fields it does not know", () => {
  const schema = messageOn("up/readings")?.schema;
  expect(schema?.safeParse(contractBatch).success).toBe(true);
  expect(schema?.safeParse({ v: 1, batches: [contractBatch, { ...contractBatch, later: true }] }).success).toBe(true);
  for (const wrong of [
    { ...contractBatch, v: 2 },
    { ...contractBatch, from: 0 },
    { ...contractBatch, rows: [[0, 0]] },
    { ...contractBatch, clock: "maybe" },
    { v: 1, batches: [] },
  ])
    expect(schema?.safeParse(wrong).success, JSON.stringify(wrong).slice(0, 40)).toBe(false);
});

it("takes the contract's event", () => {
  const event = {
    seq: 88,
    at: 1764000000000,
    since: 1763999700000,
    mono: 1112345,
    clock: "synced",
    id: "01K/88",
    asset: "bay-014",
    urn: "urn:ngsi-ld:ParkingSpot:piacenza:bay-014",
    kind: "bay.illegal-occupation",
    state: "raised",
    severity: "high",
    place: { lat: 45.0526, lon: 9.693, hint: { it: "Via Roma, lato teatro" } },
    text: { it: "Stallo occupato", en: "Bay occupied" },
    cause: { device: "bay-014-sensor", point: "presence", value: true },
  };
  const head = { v: 1, epoch: "01K", cat: "9f3c01aa" };
  expect(messageOn("up/events")?.schema.safeParse({ ...head, from: 88, to: 88, events: [event] }).success).toBe(true);
  expect(messageOn("up/urgent")?.schema.safeParse({ ...head, ...event, seq: null, stored: false }).success).toBe(true);
});

it("names the device and the point of a cause apart, in the published example too", async () => {
  const published = JSON.parse(await readFile(join(EXAMPLES, "events.json"), "utf8")) as { events: readonly { cause: object }[] };
  const schema = messageOn("up/events")?.schema;
  expect(schema?.safeParse(published).error).toBeUndefined();
  expect(published.events.map(({ cause }) => cause)).toEqual([{ device: "bay-1-sensor", point: "presence", value: true }]);
  const joined = published.events.map((event) => ({ ...event, cause: { point: "bay-1-sensor.presence", value: true } }));
  expect(schema?.safeParse({ ...published, events: joined }).success).toBe(false);
});

it("lies under the gateway's own root", () => {
  const topics = topicsOf("pc-galleana-01");
  expect(topics.up("history/events")).toBe("cippo/v1/pc-galleana-01/up/history/events");
  expect(topics.nameOf("cippo/v1/pc-galleana-01/down/lists/disabled")).toBe("lists/disabled");
  expect(topics.nameOf("cippo/v1/pc-galleana-010/down/ack")).toBeNull();
});
