/** An output that is switched over MQTT: once, with its own off-timer behind it, and told for sure or as not known. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { RawBroker } from "../../../../support/broker/raw-broker.ts";
import { Opened } from "../../../../support/running/processes.ts";
import { running } from "../../transports/mqtt/running-device.ts";

const HALL = { type: "shelly-switch", topic: "shelly-hall", silentAfter: "1h", answerWithin: "1s", limits: { maxOn: "2h" } };

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());

async function site() {
  const broker = open.use(await RawBroker.open());
  const { devices } = open.use(await running({ hall: HALL }, { mqtt: broker.url, reconnect: { first: "100ms", max: "200ms" } }));
  const hall = devices["hall"];
  if (hall === undefined) throw new Error("no hall");
  hall.commit();
  await poll(() => broker.subscribes.length).toBe(1);
  const requests = () =>
    broker.received
      .filter(({ topic }) => topic === "shelly-hall/rpc")
      .map(({ payload }) => JSON.parse(String(payload)) as { id: number; src: string; method: string; params: object });
  return { broker, hall, requests };
}

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

describe("a command", () => {
  it("is sent once, with the device's own off-timer, and succeeds when the device answers it", async () => {
    const { broker, hall, requests } = await site();
    const done = hall.perform("on", true);
    await poll(() => requests().length).toBe(1);
    const [request] = requests();
    expect(request).toMatchObject({ src: "gw-lora/hall", method: "Switch.Set", params: { id: 0, on: true, toggle_after: 7200 } });
    // Somebody else's answer is not ours.
    broker.send("gw-lora/hall/rpc", { id: (request?.id ?? 0) - 1, src: "shelly-hall", result: { was_on: true } });
    broker.send("gw-lora/hall/rpc", { id: request?.id, src: "shelly-hall", result: { was_on: false } });
    expect(await done).toEqual({ state: "succeeded", value: true });
    broker.send("shelly-hall/events/rpc", { method: "NotifyStatus", params: { "switch:0": { id: 0, output: true } } });
    await poll(() => hall.look().points).toMatchObject([{ point: "on", value: true }]);
    expect(requests()).toHaveLength(1);
  });

  it("to switch off sets no timer", async () => {
    const { requests, hall } = await site();
    void hall.perform("on", false);
    await poll(() => requests()).toMatchObject([{ params: { id: 0, on: false } }]);
    expect(requests()[0]?.params).not.toHaveProperty("toggle_after");
  });

  it("that the device refuses has failed, in the device's own words", async () => {
    const { broker, hall, requests } = await site();
    const done = hall.perform("on", true);
    await poll(() => requests().length).toBe(1);
    broker.send("gw-lora/hall/rpc", {
      id: requests()[0]?.id,
      error: { code: -105, message: "Argument 'id', value 3 not found!" },
    });
    expect(await done).toMatchObject({
      state: "failed",
      code: "mqtt.device-refused",
      told: { what: { en: expect.stringContaining("-105 Argument") } },
    });
  });

  it("that nobody answers may have been carried out: it is not sent again", async () => {
    const { hall, requests } = await site();
    expect(await hall.perform("on", true)).toEqual({ state: "unknown", code: "mqtt.no-answer" });
    expect(requests()).toHaveLength(1);
  });

  it("without a broker, or after its time, is never sent", async () => {
    const { broker, hall, requests } = await site();
    expect(await hall.perform("on", true, monotonic() - 1)).toMatchObject({ state: "expired" });
    await broker.down();
    await poll(() => hall.look().problem?.code).toBe("mqtt.broker-away");
    expect(await hall.perform("on", true)).toMatchObject({ state: "failed", code: "mqtt.broker-away" });
    await broker.up();
    await poll(() => hall.look().problem).toBeUndefined();
    expect(requests()).toEqual([]);
  });
});

it("a device that has left the broker is not what it was", async () => {
  const { broker, hall } = await site();
  broker.send("shelly-hall/status/switch:0", { id: 0, output: true });
  await poll(() => hall.look().points).toMatchObject([{ value: true, quality: "good" }]);
  broker.send("shelly-hall/online", "false");
  await poll(() => hall.look().points).toMatchObject([{ quality: "bad", code: "mqtt.offline" }]);
  expect(hall.rows.at(-1)).toMatchObject({ point: "on", value: null, quality: "bad", code: "mqtt.offline" });
});

it("a notification that is none of its outputs says nothing, whatever it is", async () => {
  const { broker, hall } = await site();
  const ids = ["null", "7", '"x"', '{"params":null}', '{"params":{"switch:1":{"output":true}}}'].map((payload) =>
    broker.send("shelly-hall/events/rpc", payload),
  );
  const answers = ["null", "{}", "[]"].map((payload) => broker.send("gw-lora/hall/rpc", payload));
  await poll(() => broker.acknowledged).toEqual([...ids, ...answers]);
  expect(hall.rows).toEqual([]);
  expect(hall.look().state).toBe("up");
});
