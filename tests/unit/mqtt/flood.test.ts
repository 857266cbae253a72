/** Thousands of messages that arrive in one read leave every other wire its turn. */
import { generate } from "mqtt-packet";
import { expect, it } from "vitest";
import { openLink } from "../../../src/mqtt/client.ts";
import { RawBroker } from "../../support/broker/raw-broker.ts";

const MESSAGES = 1500;
/** What one message costs in this test, ms of busy work. */
const COST_MS = 1;

it("between two turns of everything else only a few messages are handled", { timeout: 60_000 }, async () => {
  await using broker = await RawBroker.open();
  let loops = 0;
  let isOver = false;
  const loop = () => {
    loops += 1;
    if (!isOver) setImmediate(loop);
  };
  const perTurn = new Map<number, number>();
  let handled = 0;
  let all: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    all = resolve;
  });
  const stop = new AbortController();
  await using link = await openLink(
    {
      broker: broker.url,
      clientId: "gw",
      mqtt: 5,
      timeoutMs: 10_000,
      keepaliveSeconds: 30,
      clockSynced: () => true,
      pubackTimeoutMs: 10_000,
      will: { topic: "up/state", payload: "{}" },
      onMessage: async () => {
        const until = performance.now() + COST_MS;
        while (performance.now() < until);
        perTurn.set(loops, (perTurn.get(loops) ?? 0) + 1);
        handled += 1;
        if (handled === MESSAGES) all();
        return undefined;
      },
    },
    stop.signal,
  );
  setImmediate(loop);
  const payload = Buffer.alloc(200, "x");
  const packets = Array.from({ length: MESSAGES }, (_, i) =>
    generate(
      { cmd: "publish", topic: "d/commands", payload, qos: 1, retain: false, dup: false, messageId: i + 1 },
      { protocolVersion: 5 },
    ),
  );
  broker.raw(Buffer.concat(packets));
  await done;
  isOver = true;
  expect(link).toBeDefined();
  expect(Math.max(...perTurn.values())).toBeLessThanOrEqual(16);
  expect(perTurn.size).toBeGreaterThan(MESSAGES / 17);
});
