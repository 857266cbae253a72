/** When a message of a broker is acknowledged, what is known again, what a flood does, and what a technician is told. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RawBroker, type Script } from "../../../../support/broker/raw-broker.ts";
import { Opened } from "../../../../support/running/processes.ts";
import { running } from "./running-device.ts";

const TANK = { topic: "plant/tank", silentAfter: "1h", points: { level: { at: "/level", unit: "cm" } } };
const level = (cm: number) => JSON.stringify({ level: cm });

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());

async function site(script: Partial<Script> = {}, devices: Parameters<typeof running>[0] = { tank: TANK }, more: object = {}) {
  const broker = open.use(await RawBroker.open(script));
  const { devices: made } = open.use(await running(devices, { mqtt: broker.url, ...more }));
  await poll(() => broker.subscribes.length).toBeGreaterThan(0);
  const tank = made["tank"];
  if (tank === undefined) throw new Error("no tank");
  return { broker, tank, made };
}

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

describe("a message", () => {
  it("is acknowledged when what it said is durable, and not before", async () => {
    const { broker, tank } = await site();
    const id = broker.send("plant/tank", level(182));
    await poll(() => tank.rows.map(({ value }) => value)).toEqual([182]);
    await poll(() => tank.waiting).toBe(1);
    expect(broker.acknowledged).toEqual([]);
    tank.commit();
    await poll(() => broker.acknowledged).toEqual([id]);
  });

  it("that came before the connection ended and was not durable is taken once, though the broker sends it again", async () => {
    const { broker, tank } = await site({ connack: (_, connection) => ({ sessionPresent: connection > 0 }) });
    const messageId = broker.send("plant/tank", level(182));
    await poll(() => tank.waiting).toBe(1);
    broker.cut();
    await poll(() => broker.connects.length).toBe(2);
    await poll(() => broker.connected).toBe(true);
    broker.send("plant/tank", level(182), { dup: true, messageId });
    await poll(() => tank.look().wire).toMatchObject({ messages: 2, repeated: 1 });
    expect(broker.acknowledged).toEqual([]);
    tank.commit();
    await poll(() => broker.acknowledged).toEqual([messageId]);
    expect(tank.rows.map(({ value }) => value)).toEqual([182]);
  });

  it("of a topic that two devices name is acknowledged when both have it", async () => {
    const { broker, tank, made } = await site({}, { tank: TANK, twin: TANK });
    const id = broker.send("plant/tank", level(182));
    await poll(() => [tank.rows.length, made["twin"]?.rows.length]).toEqual([1, 1]);
    tank.commit();
    await poll(() => made["twin"]?.waiting).toBe(1);
    expect(broker.acknowledged).toEqual([]);
    made["twin"]?.commit();
    await poll(() => broker.acknowledged).toEqual([id]);
  });

  it("that the broker kept is shown as doubtful, and is no sign of life", async () => {
    const { broker, tank } = await site({}, { tank: { ...TANK, silentAfter: "1ms" } });
    tank.commit();
    await poll(() => tank.look().state).toBe("down");
    broker.send("plant/tank", level(90), { retain: true });
    await poll(() => tank.rows.filter(({ code }) => code === "mqtt.retained")).toMatchObject([
      { value: 90, quality: "uncertain" },
    ]);
    expect(tank.look()).toMatchObject({ state: "down", wire: { messages: 1, retained: 1 } });
    expect(tank.told).toHaveLength(1);
  });

  it("without meaning is a bad value with the topic in its sentence, is counted, and does not come again", async () => {
    const { broker, tank } = await site();
    tank.commit();
    const id = broker.send("plant/tank", '{"level":18');
    await poll(() => broker.acknowledged).toEqual([id]);
    expect(tank.rows).toMatchObject([{ value: null, quality: "bad", code: "mqtt.malformed" }]);
    broker.send("plant/tank", level(3));
    await poll(() => tank.rows.length).toBe(2);
    expect(tank.look()).toMatchObject({ state: "up", wire: { messages: 2, malformed: 1 } });
  });

  it("that nobody named is acknowledged once every device listens", async () => {
    const { broker, tank } = await site();
    tank.commit();
    const id = broker.send("plant/gone", level(1));
    await expect.poll(() => broker.acknowledged, { timeout: 20_000 }).toEqual([id]);
    expect(tank.rows).toEqual([]);
  }, 30_000);
});

describe("a flood", () => {
  it.each([0, 1] as const)(
    "of QoS %d waits at the broker while nothing becomes durable, and comes whole and in order after",
    async (qos) => {
      const { broker, tank } = await site();
      const all = Array.from({ length: 500 }, (_, i) => i + 1);
      for (const n of all) broker.send("plant/tank", level(n), { qos, ...(qos === 1 && { messageId: n }) });
      await poll(() => tank.waiting).toBe(64);
      expect(tank.rows).toHaveLength(64);
      tank.commit();
      await poll(() => tank.rows.length).toBe(500);
      expect(tank.rows.map(({ value }) => value)).toEqual(all);
      if (qos === 1) await poll(() => broker.acknowledged).toEqual(all);
    },
  );
});

describe("a broker", () => {
  it("is met again after it was away, under the same name and with the same topics", async () => {
    const { broker, tank } = await site();
    tank.commit();
    broker.send("plant/tank", level(1));
    await poll(() => tank.look().state).toBe("up");
    await broker.down();
    await poll(() => tank.look().problem?.code).toBe("mqtt.broker-away");
    expect(tank.look()).toMatchObject({ state: "problem", points: [{ value: 1, quality: "good" }] });
    await broker.up();
    await poll(() => broker.subscribes.length).toBe(2);
    broker.send("plant/tank", level(2));
    await poll(() => tank.look()).toMatchObject({ state: "up", points: [{ value: 2 }] });
    expect(broker.connects.map(({ clientId, clean }) => [clientId, clean])).toEqual([
      ["gw-lora", false],
      ["gw-lora", false],
    ]);
    expect(tank.rows.map(({ value }) => value)).toEqual([1, 2]);
  }, 30_000);

  it("that remembers the session is not asked for the topics again", async () => {
    const { broker, tank } = await site({ connack: (_, connection) => ({ sessionPresent: connection > 0 }) });
    tank.commit();
    broker.cut();
    await poll(() => broker.connects.length).toBe(2);
    await poll(() => broker.connected).toBe(true);
    broker.send("plant/tank", level(2));
    await poll(() => tank.rows.length).toBe(1);
    expect(broker.subscribes).toHaveLength(1);
  }, 30_000);

  it("that does not let a topic be read is named with that topic", async () => {
    const { tank } = await site({ suback: ({ subscriptions }) => subscriptions.map(() => 0x80) });
    await poll(() => tank.look()).toMatchObject({ state: "down", problem: { code: "mqtt.not-subscribed" } });
    expect(tank.look().problem?.what.en).toContain("plant/tank");
  });

  it("that refuses us says so at once, before the first message", async () => {
    const broker = open.use(await RawBroker.open({ connack: () => ({ returnCode: 5, reasonCode: 5 }) }));
    const { devices } = open.use(await running({ tank: TANK }, { mqtt: broker.url }));
    await poll(() => devices["tank"]?.look()).toMatchObject({ state: "down", problem: { code: "sync.no-login" } });
  });

  it("without retained messages and QoS 1 is listened to all the same", async () => {
    const properties = { retainAvailable: false, maximumQoS: 0 as const };
    const { broker, tank } = await site({ connack: () => ({ properties }), suback: () => [0] }, { tank: TANK }, { version: 5 });
    tank.commit();
    broker.send("plant/tank", level(7), { qos: 0 });
    await poll(() => tank.rows.map(({ value }) => value)).toEqual([7]);
  });

  it("has so many devices that one SUBSCRIBE does not name them all", async () => {
    const devices = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`t${i}`, { ...TANK, topic: `plant/${i}` }]));
    const { broker, made } = await site({}, { tank: TANK, ...devices });
    await poll(() => broker.subscribes.flatMap(({ subscriptions }) => subscriptions).length).toBe(121);
    broker.send("plant/119", level(5));
    await poll(() => made["t119"]?.rows.map(({ value }) => value)).toEqual([5]);
  });
});
