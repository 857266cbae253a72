/** The embedded broker keeps what the contract asks of one; the platform's PUBACK and reconnection seen from its side. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { connect, connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../../../hw-sim/free-port.ts";
import { openPlatform, type PlatformOptions } from "../../../../hw-sim/platform/open.ts";
import { noLog } from "../../../../src/kit/log.ts";

class Broker {
  aedes: Aedes | null = null;
  port = 0;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();

  async start(): Promise<void> {
    this.port ||= await freePort();
    const aedes = await Aedes.createBroker();
    this.aedes = aedes;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket.on("close", () => this.#sockets.delete(socket)));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.port, "127.0.0.1", resolve));
  }

  /** As SIGKILL: nothing is remembered. */
  async kill(): Promise<void> {
    this.#server?.close();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (this.aedes ? this.aedes.close(() => resolve()) : resolve()));
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  connect(clientId: string, more: IClientOptions = {}): Promise<MqttClient> {
    return connectAsync(this.url, { protocolVersion: 5, clientId, reconnectPeriod: 0, ...more });
  }
}

interface Came {
  readonly topic: string;
  readonly payload: string;
  readonly properties: IPublishPacket["properties"];
}
const message = (client: MqttClient): Promise<Came> =>
  new Promise((resolve) =>
    client.once("message", (topic, payload, packet) =>
      resolve({ topic, payload: String(payload), properties: packet.properties }),
    ),
  );

let broker: Broker;
let folder: string;
beforeEach(async () => {
  broker = new Broker();
  await broker.start();
  folder = await mkdtemp(join(tmpdir(), "cippo-broker-"));
});
afterEach(async () => {
  await broker.kill();
  await rm(folder, { recursive: true, force: true });
});

const persistent: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 3600 } };

describe("the embedded broker speaks MQTT 5", () => {
  it("keeps QoS 1 messages for a session that is away, with response topic and correlation data", async () => {
    const away = await broker.connect("g1", persistent);
    await away.subscribeAsync("down/commands", { qos: 1 });
    await away.endAsync();
    const sender = await broker.connect("p");
    const properties = { responseTopic: "up/results", correlationData: Buffer.from("42") };
    await sender.publishAsync("down/commands", "x", { qos: 1, properties });
    // The listener must be there before the connection is: what waited comes at once.
    const back = connect(broker.url, { protocolVersion: 5, clientId: "g1", reconnectPeriod: 0, ...persistent });
    const { topic, payload, properties: came } = await message(back);
    expect([topic, payload, came?.responseTopic, String(came?.correlationData)]).toEqual([
      "down/commands",
      "x",
      "up/results",
      "42",
    ]);
    await Promise.all([sender.endAsync(true), back.endAsync(true)]);
  });

  it("keeps retained messages, forgets them when empty, and publishes the will of who was cut off", async () => {
    const gateway = await broker.connect("g1", {
      will: { topic: "up/state", payload: Buffer.from("off"), qos: 1, retain: true },
    });
    await gateway.publishAsync("up/state", "on", { qos: 1, retain: true });
    await gateway.publishAsync("up/assets/a", "1", { qos: 1, retain: true });
    await gateway.publishAsync("up/assets/a", "", { qos: 1, retain: true });
    const watcher = await broker.connect("w");
    const heard: string[] = [];
    const off = new Promise<void>((resolve) =>
      watcher.on("message", (topic, payload) => {
        heard.push(`${topic}=${payload}`);
        if (String(payload) === "off") resolve();
      }),
    );
    await watcher.subscribeAsync("up/#", { qos: 1 });
    gateway.stream.destroy();
    await off;
    expect(heard).toEqual(["up/state=on", "up/state=off"]);
    await Promise.all([gateway.endAsync(true), watcher.endAsync(true)]);
  });
});

const options = (more: Partial<PlatformOptions> = {}): PlatformOptions => ({
  broker: broker.url,
  file: join(folder, "p.db"),
  prefix: "cippo/v1",
  ackAfterMs: 20,
  confirm: [],
  confirmEarly: [],
  set: [],
  mono: () => 1,
  wall: () => 1,
  log: noLog,
  stop: () => undefined,
  ...more,
});
const batch = (from: number) => ({
  v: 1,
  epoch: "E",
  from,
  to: from,
  mono0: 0,
  t0: 0,
  clock: "synced",
  points: [["m", "p", ""]],
  rows: [[0, 0, from]],
});

/** The platform's own subscription, on the broker that runs now. */
const subscribed = (): Promise<unknown> => new Promise((resolve) => broker.aedes?.once("subscribe", resolve));

describe("the platform at the broker", () => {
  it("acknowledges a message only when its transaction has committed, and waits for a database that cannot be written", async () => {
    const ready = subscribed();
    const platform = await openPlatform(options());
    await ready;
    const pubacks: string[] = [];
    broker.aedes?.on("ack", (_packet, client) => client.id === "reference-platform" && pubacks.push("ack"));
    await platform.db.script("ALTER TABLE readings RENAME TO hidden");
    const gateway = await broker.connect("g1");
    await gateway.subscribeAsync("cippo/v1/g1/down/ack", { qos: 1 });
    const acknowledged = message(gateway);
    await gateway.publishAsync("cippo/v1/g1/up/readings", JSON.stringify(batch(1)), { qos: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(pubacks).toEqual([]);
    await platform.db.script("ALTER TABLE hidden RENAME TO readings");
    expect((await acknowledged).payload).toContain('"upTo":1');
    await platform[Symbol.asyncDispose]();
    await gateway.endAsync(true);
  });

  it("comes back to a broker that was killed and forgot everything", async () => {
    const first = subscribed();
    const platform = await openPlatform(options());
    await first;
    await broker.kill();
    await broker.start();
    await subscribed();
    const gateway = await broker.connect("g1");
    await gateway.subscribeAsync("cippo/v1/g1/down/ack", { qos: 1 });
    const acknowledged = message(gateway);
    await gateway.publishAsync("cippo/v1/g1/up/readings", JSON.stringify(batch(1)), { qos: 1 });
    expect((await acknowledged).payload).toContain('"upTo":1');
    await platform[Symbol.asyncDispose]();
    await gateway.endAsync(true);
  });
});
