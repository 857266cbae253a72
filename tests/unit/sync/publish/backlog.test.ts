/** A backlog and a real broker in this process: how fast it drains, in how much memory, and that alarms overtake it. */
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemoryOutbox } from "../../../support/memory/memory-outbox.ts";
import { arrived, eventually, harness, ROOT } from "../../../support/memory/sync-harness.ts";

let aedes: Aedes;
let server: Server;
let url: string;
let seen: { topic: string; payload: Buffer }[];

beforeEach(async () => {
  aedes = await Aedes.createBroker();
  server = createServer({ noDelay: true }, (socket) => aedes.handle(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  url = `mqtt://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  seen = [];
  aedes.on("publish", ({ topic, payload }, client) => {
    if (client) seen.push({ topic, payload: Buffer.from(payload) });
  });
});

afterEach(async () => {
  server.close();
  await new Promise<void>((resolve) => aedes.close(resolve));
});

describe.each([5, "3.1.1"] as const)("a real broker, MQTT %s", (mqtt) => {
  it("takes everything, and its messages reach the edge", async () => {
    const edge = new MemoryOutbox();
    edge.readings(100, "E1", false);
    await using h = harness(url, { mqtt }, edge);
    await eventually(() => expect(h.sync.status().connected).toBe(true));
    await eventually(() => expect(arrived(seen as never, "readings", "E1")).toEqual([[1, 100]]));
    h.edge.event("critical");
    h.edge.readings(10);
    await eventually(() => expect(arrived(seen as never, "readings")).toEqual([[1, 10]]));
    await eventually(() => expect(h.edge.urgentSent).toEqual(["E2/1"]));
    const down = { cmd: "publish" as const, qos: 1 as const, retain: false, dup: false };
    const acks = [{ epoch: "E2", stream: "readings", upTo: 10 }];
    aedes.publish({ ...down, topic: `${ROOT}/down/ack`, payload: JSON.stringify({ v: 1, acks }) }, () => {});
    await eventually(() => expect(h.edge.mark("readings").upTo).toBe(10));
    aedes.publish({ ...down, topic: `${ROOT}/down/commands`, payload: '{"v":1,"id":"c"}' }, () => {});
    await eventually(() => expect(h.edge.received).toHaveLength(1));
  });
});

it("drains 100,000 readings in less than a second of CPU, and lets an alarm through meanwhile", async () => {
  const edge = new MemoryOutbox();
  for (let i = 0; i < 4000; i += 1) edge.readings(100, "E1", false);
  await using h = harness(url, {}, edge);
  await eventually(() => expect(seen.some(({ topic }) => topic.endsWith("history/readings"))).toBe(true));
  const before = seen.length;
  const begun = process.cpuUsage();
  h.edge.event("critical");
  await eventually(() => expect(h.sync.status().streams[0]?.sentUpTo).toBe(400_000));
  // CPU, not wall time: tests share two cores with others. The broker's own is in it.
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 400_000, "µs CPU per reading").toBeLessThan(10);
  expect(arrived(seen as never, "readings", "E1")).toEqual([[1, 400_000]]);
  // At most what was under way goes before the alarm.
  expect(seen.findIndex(({ topic }) => topic.endsWith("urgent")) - before).toBeLessThan(10);
});
