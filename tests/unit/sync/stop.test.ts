/** A stop takes no longer than the link's grace, whatever the broker leaves unanswered. */
import { expect, it } from "vitest";
import { RawBroker } from "../../support/broker/raw-broker.ts";
import { MemoryOutbox } from "../../support/memory/memory-outbox.ts";
import { eventually, harness } from "../../support/memory/sync-harness.ts";

it.each([
  ["the greeting", "state"],
  ["`alarms`", "alarms/1"],
  ["`reported`", "reported"],
  ["history", "history/readings"],
  ["live readings", "readings"],
])(
  "a stop does not wait for %s to be acknowledged",
  async (_, silent) => {
    await using broker = await RawBroker.open({ puback: ({ topic }) => (topic.endsWith(`up/${silent}`) ? null : 0) });
    const edge = new MemoryOutbox();
    // More than may be under way at once.
    if (silent === "history/readings") for (let i = 0; i < 400; i += 1) edge.text(3000, "E1");
    await using h = harness(broker.url, { pubackTimeoutMs: 600_000 }, edge, broker);
    if (silent === "readings") {
      await eventually(() => expect(broker.topics()).toContain("reported"));
      edge.readings(3);
    }
    await eventually(() => expect(broker.topics()).toContain(silent));
    h.stop.abort();
    await h.sync.done;
    expect(broker.connects).toHaveLength(1);
  },
  60_000,
);

it("a stop does not wait for the SUBACK", async () => {
  await using broker = await RawBroker.open({ suback: () => null });
  await using h = harness(broker.url, { pubackTimeoutMs: 600_000 }, new MemoryOutbox(), broker);
  await eventually(() => expect(broker.subscribes).toHaveLength(1));
  h.stop.abort();
  await h.sync.done;
  expect(broker.topics()).toEqual([]);
}, 20_000);

it("what the broker acknowledges within the grace of a stop is written down", async () => {
  let answer: (code: number) => void = () => undefined;
  await using broker = await RawBroker.open({
    puback: ({ topic }) =>
      topic.endsWith("up/urgent")
        ? new Promise((resolve) => {
            answer = resolve;
          })
        : 0,
  });
  const edge = new MemoryOutbox();
  await using h = harness(broker.url, {}, edge, broker);
  await eventually(() => expect(broker.topics()).toContain("reported"));
  const { id } = edge.event("critical");
  await eventually(() => expect(broker.topics()).toContain("urgent"));
  h.stop.abort();
  answer(0);
  await h.sync.done;
  expect(edge.urgentSent).toEqual([id]);
});
