/** A LoRaWAN network's broker is killed ten times, and the gateway too: no uplink lost, none twice, in order per device. */
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { describe, expect, it } from "vitest";
import { Broker, brokerKinds } from "../../support/broker/brokers.ts";
import { stallingProxy } from "../../support/broker/stalling-proxy.ts";
import { broker, Gateway, type Program, startPlatform, temporary, until } from "../../support/running/processes.ts";
import { proved, told } from "../../support/running/proof.ts";

const DEVICES = ["24e124713b000001", "24e124713b000002", "24e124713b000003"];
const KILLS = 10;
const UPLINKS_A_ROUND = 6;

/** A broker keeps for a session what comes after it subscribed, and nothing before. */
const listens = (gateway: Program) => gateway.line((line) => (line.includes('"mqtt.connected"') ? true : undefined));

/** A Milesight EM310-UDL at so many millimetres, as ChirpStack v4 hands it over. */
const uplink = (devEui: string, counter: number) => {
  const millimetres = 100 * counter;
  return JSON.stringify({
    deduplicationId: crypto.randomUUID(),
    deviceInfo: { devEui },
    devAddr: "00189440",
    fCnt: counter,
    fPort: 85,
    data: Buffer.from([0x03, 0x82, millimetres & 0xff, millimetres >> 8]).toString("base64"),
  });
};

describe.skipIf(!brokerKinds.includes("mosquitto"))("a network's mosquitto", () => {
  it("that is killed ten times loses no uplink and tells none twice", { timeout: 240_000 }, async () => {
    await using folder = await temporary("lora");
    await using city = await broker();
    await using lora = await Broker.remembering(folder.path);
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(city.url, held);
    await using gateway = new Gateway(folder.path);
    const devices = Object.fromEntries(
      DEVICES.map((devEui, i) => [
        `tank-${i}`,
        { type: "lorawan-milesight-em310-udl", bus: "lora", devEui, silentAfter: "1h", report: { change: 0 } },
      ]),
    );
    await gateway.configure(city.url, { buses: { lora: { mqtt: lora.url, reconnect: { first: "200ms", max: "1s" } } }, devices });
    await listens(await gateway.start());
    const restarted = async () => listens(await gateway.start());
    // Sends again what the broker did not acknowledge, as a network server does.
    const network = await connectAsync(lora.url, { clientId: "chirpstack", clean: false, reconnectPeriod: 100 });
    let counter = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const taken: Promise<unknown>[] = [];
      for (let i = 0; i < UPLINKS_A_ROUND; i += 1) {
        counter += 1;
        for (const devEui of DEVICES)
          taken.push(network.publishAsync(`application/1/device/${devEui}/event/up`, uplink(devEui, counter), { qos: 1 }));
      }
      await Promise.all(taken);
      const after = Date.now();
      await network.publishAsync("network/round", String(kill), { qos: 1, retain: true });
      await until(async () => (await lora.remembered()) > after, 15_000, "the broker has it on disk");
      // Now here, now there in the middle of what it hands over.
      const some = kill * UPLINKS_A_ROUND + (kill % UPLINKS_A_ROUND);
      await until(async () => (await told(held, "tank-0", "distance")).length >= some, 30_000, `${some} of tank-0`);
      // Every third time both are killed.
      if (kill % 3 === 2) await gateway.kill();
      await lora.kill();
      await lora.start();
      if (kill % 3 === 2) await restarted();
    }
    await network.endAsync();
    const all = Array.from({ length: counter }, (_, i) => 100 * (i + 1));
    for (const device of Object.keys(devices))
      await until(async () => (await told(held, device, "distance")).length >= counter, 60_000, `all of ${device}`);
    await proved(gateway);
    for (const device of Object.keys(devices)) {
      const rows = await told(held, device, "distance");
      expect(rows.map(({ value }) => value)).toEqual(all);
      expect(new Set(rows.map(({ quality }) => quality))).toEqual(new Set(["good"]));
    }
    expect(await gateway.stop()).toBe(0);
  });

  it("sends again what it has no acknowledgement of, stored or not: none is lost, none is told twice", {
    timeout: 240_000,
  }, async () => {
    await using folder = await temporary("lora-kill");
    await using city = await broker();
    await using lora = await Broker.remembering(folder.path);
    await using way = await stallingProxy(Number(new URL(lora.url).port));
    const held = join(folder.path, "platform.sqlite");
    await using _platform = await startPlatform(city.url, held);
    await using gateway = new Gateway(folder.path);
    const [devEui = ""] = DEVICES;
    const tank = { type: "lorawan-milesight-em310-udl", bus: "lora", devEui, silentAfter: "1h", report: { change: 0 } };
    const bus = { mqtt: `mqtt://127.0.0.1:${way.port}` };
    // Nothing is stored before the second is over in which acknowledgements wait.
    await gateway.configure(city.url, { store: { commit: "1h" }, buses: { lora: bus }, devices: { tank } });
    const network = await connectAsync(lora.url, { clientId: "chirpstack", clean: false });
    const wire = async () => {
      const found = (await gateway.status()).devices[0]?.wire;
      return found !== undefined && "messages" in found ? found : { messages: 0, repeated: 0 };
    };
    const distances = async () => (await told(held, "tank", "distance")).map(({ value }) => Number(value));
    await listens(await gateway.start());
    let counter = 0;
    for (let kill = 0; kill < 4; kill += 1) {
      const isStored = kill % 2 === 1;
      const before = (await wire()).messages;
      // Then no acknowledgement reaches the broker, however durable the uplinks are.
      if (isStored) way.mute();
      for (let i = 0; i < UPLINKS_A_ROUND; i += 1) {
        counter += 1;
        await network.publishAsync(`application/1/device/${devEui}/event/up`, uplink(devEui, counter), { qos: 1 });
      }
      if (isStored) await until(async () => (await distances()).includes(100 * counter), 30_000, "the platform has them");
      else await until(async () => (await wire()).messages > before, 30_000, "the gateway takes them");
      await gateway.kill();
      await listens(await gateway.start());
      if (isStored) await until(async () => (await wire()).repeated >= UPLINKS_A_ROUND, 30_000, "it knows them again");
    }
    await network.endAsync();
    await until(async () => (await distances()).includes(100 * counter), 60_000, "all of them");
    await proved(gateway);
    const values = (await distances()).filter((value) => value > 0);
    expect(values).toEqual(Array.from({ length: counter }, (_, i) => 100 * (i + 1)));
    expect(await gateway.stop()).toBe(0);
  });
});
