/** MQTT of the simulated site: a broker on a loopback port, to which a twin of each device publishes. */
import { Aedes } from "aedes";
import * as z from "zod";
import { monotonic } from "../../../src/kit/clock.ts";
import { type Message, type Published, Publisher } from "../mqtt/publisher.ts";
import { UplinkPublisher } from "../mqtt/uplink-publisher.ts";
import { SocketLine } from "../socket-line.ts";
import { layoutOn, pace, type SiteDevice, siteWire, type Twin } from "./wire.ts";

const EVERY_MS = 1000;

export const mqtt = siteWire({
  spec: z.strictObject({ mqtt: z.literal("embedded"), every: pace }),

  async open({ every }, { bus, devices, faults, log }) {
    const aedes = await Aedes.createBroker();
    const line = new SocketLine((socket) => aedes.handle(socket));
    await line.plug();
    const publishers = new Map(devices.map((device) => [device.id, publisherOf(device)]));
    /** Without a connected client nothing is published, so nothing is logged as shown: the broker would keep the message and deliver it later. */
    const publish = (device: string, { topic, payload, shown }: Message) => {
      const fault = faults.on(bus, device)?.kind;
      if (aedes.connectedClients === 0 || fault === "silence") return;
      const text = fault === "garbage" ? payload.slice(0, -1 - payload.length / 2) : payload;
      const packet = { cmd: "publish", topic, payload: Buffer.from(text), qos: 1, retain: false, dup: false } as const;
      aedes.publish(packet, () => undefined);
      if (fault === "garbage") return;
      const at = monotonic();
      log.write(
        ...Object.entries(shown).map(([point, value]) => ({ k: "shown" as const, device, point, value, from: at, to: at })),
      );
    };
    const all = () => {
      for (const [device, publisher] of publishers) for (const message of publisher.messages()) publish(device, message);
    };
    // One that speaks seldom tells a change at once, as parking sensors do.
    const changed = (device: string) => {
      const publisher = publishers.get(device);
      if (every !== undefined && publisher) for (const message of publisher.messages()) publish(device, message);
    };
    const timer = setInterval(all, every ?? EVERY_MS);
    return {
      config: { mqtt: `mqtt://127.0.0.1:${line.port}` },
      faults: ["silence", "garbage", "unplug"],
      twins: new Map([...publishers].map(([device, publisher]) => [device, twinOf(publisher, () => changed(device))])),
      ...(every !== undefined && { everyMs: every }),
      plug: () => line.plug(),
      unplug: () => line.unplug(),
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        await line[Symbol.asyncDispose]();
        await new Promise<void>((resolve) => aedes.close(resolve));
      },
    };
  },
});

function publisherOf(device: SiteDevice): Published {
  const layout = layoutOn("mqtt", device);
  return "uplinks" in layout ? new UplinkPublisher(layout.uplinks) : new Publisher(layout.messages);
}

const twinOf = (publisher: Published, changed: () => void): Twin => ({
  values: () => publisher.values,
  set(point, value) {
    const before = publisher.values[point];
    publisher.set(point, value);
    if (publisher.values[point] !== before) changed();
  },
});
