/** What a broker sends again after a restart of the gateway, because no acknowledgement reached it, is not taken twice. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RawBroker } from "../../../../support/broker/raw-broker.ts";
import { Opened } from "../../../../support/running/processes.ts";
import { running } from "./running-device.ts";

const EUI = "70b3d52c00012345";
const UPLINKS = `application/1/device/${EUI}/event/up`;
const DEVICES = {
  tank: { topic: "plant/tank", silentAfter: "1h", points: { level: { at: "/level", unit: "cm" } } },
  bay: { type: "lorawan-bosch-tps110", devEui: EUI, silentAfter: "3d" },
};

const level = (cm: number) => JSON.stringify({ level: cm });
const uplink = ({ id, counter = 1, hex = "01" }: { readonly id: string; readonly counter?: number; readonly hex?: string }) => ({
  ...(id !== "" && { deduplicationId: id }),
  deviceInfo: { devEui: EUI },
  devAddr: "00189440",
  fCnt: counter,
  fPort: 1,
  data: Buffer.from(hex, "hex").toString("base64"),
});

let open: Opened;
beforeEach(() => {
  open = new Opened();
});
afterEach(() => open[Symbol.asyncDispose]());

const poll = (look: () => unknown) => expect.poll(look, { timeout: 15_000 });

/** A broker that keeps the session, unless it `forgets` it; what is saved outlives the runs of the gateway. */
async function gateway(forgets = false) {
  const broker = open.use(await RawBroker.open({ connack: (_, connection) => ({ sessionPresent: connection > 0 && !forgets }) }));
  const saved = new Map<string, unknown>();
  const run = async () => {
    const { devices, ...site } = await running(DEVICES, { mqtt: broker.url }, { saved });
    const { tank, bay } = devices;
    if (tank === undefined || bay === undefined) throw new Error("no device");
    tank.commit();
    bay.commit();
    await poll(site.connected).toBe(true);
    return { tank, bay, levels: () => tank.rows.map(({ value }) => value), [Symbol.asyncDispose]: site[Symbol.asyncDispose] };
  };
  return { broker, run };
}

describe("a message of a topic", () => {
  it("that is sent again under its identifier is known, and its like under another is new", async () => {
    const { broker, run } = await gateway();
    {
      await using first = await run();
      broker.send("plant/tank", level(10), { messageId: 7 });
      broker.send("plant/tank", level(20), { messageId: 8 });
      await poll(first.levels).toEqual([10, 20]);
    }
    await using second = await run();
    broker.send("plant/tank", level(10), { messageId: 7, dup: true });
    broker.send("plant/tank", level(20), { messageId: 8, dup: true });
    broker.send("plant/tank", level(30), { messageId: 9, dup: true });
    // Whoever says the same again later says it anew.
    broker.send("plant/tank", level(20), { messageId: 8 });
    await poll(() => broker.acknowledged.length).toBe(6);
    expect(second.levels()).toEqual([30, 20]);
    expect(second.tank.look().wire).toMatchObject({ repeated: 2 });
  });

  it("is new in a session that the broker began, whatever its identifier", async () => {
    const { broker, run } = await gateway(true);
    {
      await using first = await run();
      broker.send("plant/tank", level(10), { messageId: 7 });
      await poll(first.levels).toEqual([10]);
    }
    await using second = await run();
    broker.send("plant/tank", level(10), { messageId: 7, dup: true });
    await poll(second.levels).toEqual([10]);
  });
});

describe("an uplink", () => {
  it("is known by the network's id, whatever the broker says of it", async () => {
    const { broker, run } = await gateway(true);
    {
      await using first = await run();
      broker.send(UPLINKS, uplink({ id: "a" }));
      await poll(() => first.bay.rows.length).toBe(1);
    }
    await using second = await run();
    broker.send(UPLINKS, uplink({ id: "a" }));
    broker.send(UPLINKS, uplink({ id: "b", counter: 2, hex: "00" }));
    await poll(() => second.bay.rows.map(({ value }) => value)).toEqual([false]);
  });

  it("without an id is known by its frame", async () => {
    const { broker, run } = await gateway(true);
    {
      await using first = await run();
      broker.send(UPLINKS, uplink({ id: "" }));
      await poll(() => first.bay.rows.length).toBe(1);
    }
    await using second = await run();
    broker.send(UPLINKS, uplink({ id: "" }));
    broker.send(UPLINKS, uplink({ id: "", counter: 2, hex: "00" }));
    await poll(() => second.bay.rows.map(({ value }) => value)).toEqual([false]);
  });
});
