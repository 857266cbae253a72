/** Lists and orders to update are handed on untouched, and stay with the broker until they are stored. */
import { expect, it } from "vitest";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness, ROOT } from "../../support/memory/sync-harness.ts";

const online = (broker: RawBroker) => eventually(() => expect(broker.topics()).toContain("reported"));

it("hands on whole lists, deltas and orders to update, retained or not", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  const whole = broker.send(`${ROOT}/down/lists/disabled`, { version: 1 }, { retain: true });
  const delta = broker.send(`${ROOT}/down/lists/disabled/delta`, "{");
  const update = broker.send(`${ROOT}/down/update`, { seq: 12 }, { retain: true });
  await eventually(() => expect(broker.acknowledged).toEqual([whole, delta, update]));
  expect(h.edge.listed).toEqual([
    ["disabled", '{"version":1}'],
    ["disabled/delta", "{"],
    ["update", '{"seq":12}'],
  ]);
});

it("acknowledges a list only when it is stored, and tries that again by itself", async () => {
  await using broker = await RawBroker.open();
  await using h = harness(broker.url, {}, new MemoryOutbox(), broker);
  await online(broker);
  let tries = 0;
  h.edge.durable = async () => {
    tries += 1;
    if (tries < 3) throw new Error("disk");
    expect(broker.acknowledged).toEqual([]);
  };
  const id = broker.send(`${ROOT}/down/lists/disabled`, { version: 1 });
  await expect.poll(() => broker.acknowledged, { timeout: 20_000 }).toEqual([id]);
  expect(tries).toBe(3);
});
