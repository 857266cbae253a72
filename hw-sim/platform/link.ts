/** The platform's connection to a broker: it acknowledges an up message only when its handler has resolved. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type IPublishPacket, type MqttClient } from "mqtt";
import type { Log } from "../../src/kit/log.ts";
import type { Message } from "./ingest.ts";

export interface LinkOptions {
  readonly broker: string;
  readonly prefix: string;
  readonly clientId: string;
  readonly log: Log;
  /** Resolves when the message is durable. When it rejects, the message is tried again, and the broker waits for its PUBACK. */
  take(message: Message): Promise<void>;
  connected(): void;
}

export interface Link extends AsyncDisposable {
  readonly connected: boolean;
  /** Answers false without a connection: nothing is queued outside the database. */
  publish(topic: string, body: unknown, properties?: IPublishPacket["properties"], retain?: boolean): boolean;
}

const RETRY_MS = 500;
/** A session longer than any outage the platform itself may have. */
const SESSION_S = 7 * 24 * 3600;
/** Unacknowledged messages the broker may have under way to us. */
const WINDOW = 64;

export function openLink({ broker, prefix, clientId, log, take, connected }: LinkOptions): Link {
  let closing = false;
  const client: MqttClient = connect(broker, {
    protocolVersion: 5,
    clientId,
    clean: false,
    properties: { sessionExpiryInterval: SESSION_S, receiveMaximum: WINDOW },
    reconnectPeriod: RETRY_MS,
    reconnectOnConnackError: true,
    connectTimeout: 5000,
    keepalive: 15,
    resubscribe: false,
  });

  // The client sends PUBACK when this calls back, and reads nothing further until then.
  client.handleMessage = (packet, done) => {
    const message = addressOf(packet, prefix);
    if (!message) done();
    else void takeUntilDone(message).then(() => done());
  };

  /** Never throws: an exception here would leave the client deaf with its connection up. */
  async function takeUntilDone(message: Message): Promise<void> {
    while (!closing) {
      try {
        return await take(message);
      } catch (error) {
        log.error("platform.not-stored", { path: message.path, message: error instanceof Error ? error.message : String(error) });
        await sleep(RETRY_MS);
      }
    }
  }

  client.on("connect", () => {
    client.stream.setMaxListeners(0);
    client.subscribe(`${prefix}/+/up/#`, { qos: 1 }, (error, granted) => {
      const refused = granted?.find(({ qos }) => qos >= 0x80);
      if (error || refused) log.error("platform.not-subscribed", { message: error?.message, reason: refused?.qos });
      else log.info("platform.connected", { broker });
      if (!error && !refused) connected();
    });
  });
  client.on("close", () => closing || log.info("platform.disconnected"));
  // A broken packet leaves the connection up and the parser lost: only a new connection helps.
  client.on("error", () => client.stream?.destroy());

  return {
    get connected() {
      return client.connected;
    },
    publish(topic, body, properties, retain = false) {
      if (!client.connected) return false;
      client.publish(topic, JSON.stringify(body), { qos: 1, retain, ...(properties && { properties }) }, (error) => {
        if (error && !closing) log.warn("platform.not-published", { topic, message: error.message });
      });
      return true;
    },
    async [Symbol.asyncDispose]() {
      closing = true;
      await Promise.race([client.endAsync(true), sleep(2000)]);
    },
  };
}

function addressOf(packet: IPublishPacket, prefix: string): Message | null {
  if (!packet.topic.startsWith(`${prefix}/`)) return null;
  const [gateway, up, ...path] = packet.topic.slice(prefix.length + 1).split("/");
  if (!gateway || up !== "up" || path.length === 0) return null;
  return { gateway, path: path.join("/"), payload: Buffer.from(packet.payload), retained: packet.retain };
}
