/** An output with Tasmota is switched once, behind its own off-timer, and told for sure or as not known. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PULSE_MOST_MS, pulseTimeOf } from "../../../../../src/drivers/families/mqtt/pulse-time.ts";
import { loadDriver } from "../../../../../src/drivers/index.ts";
import { monotonic } from "../../../../../src/kit/clock.ts";
import { RawBroker } from "../../../../support/broker/raw-broker.ts";
import fc from "../../../../support/property.ts";
import { Opened } from "../../../../support/running/processes.ts";
import { running } from "../../transports/mqtt/running-device.ts";

const HALL = { type: "tasmota-switch", topic: "hall", silentAfter: "1h", answerWithin: "1s", limits: { maxOn: "2h" } };

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

async function site(more: object = {}) {
  const broker = open.use(await RawBroker.open());
  const device = { ...HALL, ...more };
  const { devices } = open.use(
    await running({ hall: device }, { mqtt: broker.url, reconnect: { first: "100ms", max: "200ms" } }),
  );
  const hall = devices["hall"];
  if (hall === undefined) throw new Error("no hall");
  hall.commit();
  await poll(() => broker.subscribes.length).toBe(1);
  const sent = () => broker.received.map(({ topic, payload }) => `${topic} ${payload}`);
  return { broker, hall, sent };
}

const timer = (set: number) => ({ PulseTime1: { Set: set, Remaining: 0 } });

describe("a command", () => {
  it("to switch on sets the device's own off-timer first, once, and succeeds when the device says that it is on", async () => {
    const { broker, hall, sent } = await site();
    const done = hall.perform("on", true);
    await poll(sent).toEqual(["cmnd/hall/PulseTime1 7300"]);
    // What somebody else asked it is no answer to us.
    broker.send("stat/hall/RESULT", { PulseTime1: { Set: 0, Remaining: 0 } });
    broker.send("stat/hall/RESULT", timer(7300));
    await poll(sent).toEqual(["cmnd/hall/PulseTime1 7300", "cmnd/hall/POWER1 ON"]);
    broker.send("stat/hall/RESULT", { POWER: "ON" });
    broker.send("stat/hall/POWER", "ON");
    expect(await done).toEqual({ state: "succeeded", value: true });
    await poll(() => hall.look().points).toMatchObject([{ point: "on", value: true, quality: "good" }]);
    const off = hall.perform("on", false);
    await poll(() => sent().at(-1)).toBe("cmnd/hall/POWER1 OFF");
    broker.send("stat/hall/POWER", "OFF");
    expect(await off).toEqual({ state: "succeeded", value: false });
    const again = hall.perform("on", true);
    await poll(() => sent().length).toBe(4);
    broker.send("stat/hall/POWER", "ON");
    expect(await again).toEqual({ state: "succeeded", value: true });
    expect(sent().filter((one) => one.includes("PulseTime"))).toHaveLength(1);
  });

  it("sets the off-timer anew after the device has begun anew, or somebody has set another", async () => {
    const { broker, hall, sent } = await site();
    broker.send("stat/hall/RESULT", timer(7300));
    broker.send("tele/hall/LWT", "Online");
    await poll(() => broker.acknowledged.length).toBe(2);
    const done = hall.perform("on", true);
    await poll(sent).toEqual(["cmnd/hall/PulseTime1 7300"]);
    broker.send("stat/hall/RESULT", timer(7300));
    await poll(() => sent().length).toBe(2);
    broker.send("stat/hall/POWER", "ON");
    await done;
    broker.send("stat/hall/RESULT", timer(0));
    await poll(() => broker.acknowledged.length).toBe(5);
    void hall.perform("on", true);
    await poll(() => sent().at(-1)).toBe("cmnd/hall/PulseTime1 7300");
  });

  it("switches nothing on while the off-timer is not confirmed", async () => {
    const { hall, sent } = await site();
    expect(await hall.perform("on", true)).toMatchObject({ state: "failed", code: "mqtt.no-off-timer" });
    expect(sent()).toEqual(["cmnd/hall/PulseTime1 7300"]);
  });

  it("that nobody answers may have been carried out: it is not sent again", async () => {
    const { hall, sent } = await site({ limits: undefined, output: 2, fullTopic: "town/%topic%/%prefix%/" });
    expect(await hall.perform("on", true)).toEqual({ state: "unknown", code: "mqtt.no-answer" });
    expect(sent()).toEqual(["town/hall/cmnd/POWER2 ON"]);
  });

  it("without a broker, or after its time, is never sent", async () => {
    const { broker, hall, sent } = await site();
    expect(await hall.perform("on", true, monotonic() - 1)).toMatchObject({ state: "expired" });
    // Its off-timer is set in time, and then it is too late to switch.
    const latest = monotonic() + 400;
    const late = hall.perform("on", true, latest);
    await poll(() => sent().length).toBe(1);
    await poll(() => monotonic() > latest).toBe(true);
    broker.send("stat/hall/RESULT", timer(7300));
    expect(await late).toMatchObject({ state: "expired" });
    await broker.down();
    await poll(() => hall.look().problem?.code).toBe("mqtt.broker-away");
    expect(await hall.perform("on", false)).toMatchObject({ state: "failed", code: "mqtt.broker-away" });
    expect(sent()).toEqual(["cmnd/hall/PulseTime1 7300"]);
  });
});

it("a device that has left the broker is not what it was", async () => {
  const { broker, hall } = await site();
  broker.send("tele/hall/STATE", { POWER1: "ON", Wifi: { RSSI: 44 } });
  await poll(() => hall.look().points).toMatchObject([{ value: true, quality: "good" }]);
  broker.send("tele/hall/LWT", "Offline", { retain: true });
  await poll(() => hall.look().points).toMatchObject([{ quality: "bad", code: "mqtt.offline" }]);
});

it("words that somebody gave it instead of ON and OFF are no state", async () => {
  const { broker, hall } = await site();
  broker.send("stat/hall/POWER", "AN");
  await poll(() => hall.rows).toMatchObject([{ point: "on", value: null, quality: "bad", code: "mqtt.mistyped" }]);
});

describe("its off-timer", () => {
  it("is in tenths of a second, and above 11.1 s in seconds with 100 added", () => {
    expect([100, 11_100, 11_101, 13_000, 360_000, PULSE_MOST_MS].map(pulseTimeOf)).toEqual([1, 111, 112, 113, 460, 64_900]);
  });

  it("is never shorter than the site says, nor by a second longer", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: PULSE_MOST_MS }), (ms) => {
        const set = pulseTimeOf(ms);
        const lastsMs = set <= 111 ? set * 100 : (set - 100) * 1000;
        expect(lastsMs).toBeGreaterThanOrEqual(ms);
        expect(lastsMs - ms).toBeLessThan(1000);
      }),
    );
  });

  it("that counts no further than the site wants is refused", async () => {
    const { options } = await loadDriver("tasmota-switch");
    const { type: _, ...hall } = HALL;
    expect(options.safeParse({ ...hall, limits: { maxOn: "18h" } }).success).toBe(true);
    expect(options.safeParse({ ...hall, limits: { maxOn: "19h" } }).success).toBe(false);
  });
});
