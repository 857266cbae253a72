/** Opens one connection to an MQTT broker and runs it until it ends: the only file that touches mqtt.js. */

import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { type IClientOptions, type IPublishPacket, MqttClient, UniqueMessageIdProvider } from "mqtt";
import { EdgeError } from "../kit/errors.ts";
import { broadcast } from "../kit/loop/signals.ts";
import { stopped, systemReason } from "../kit/text/reasons.ts";
import type { Text } from "../model/index.ts";
import { AckOrder } from "./ack-order.ts";
import { brokerName } from "./broker.ts";
import { guardFrames, type Oversized } from "./frame-guard.ts";
import { InboundPace } from "./inbound-pace.ts";
import {
  type Filter,
  type Incoming,
  type Link,
  type LinkOptions,
  MAX_DOWN_BYTES,
  type Publish,
  packetSize,
  REASON,
} from "./link.ts";
import { LinkError, type LinkFacts } from "./link-error.ts";
import { explained, refusedBy } from "./refusals.ts";
import { openSocket, readPassword } from "./socket.ts";

const SESSION_EXPIRY_S = 7 * 86_400;
const WILL_DELAY_S = 45;
/** Messages that may come before the first is acknowledged: enough that commands waiting for a disk do not block acknowledgements. */
const INBOUND = 64;
const GRACE_MS = 3000;
/** A message that is not durable by then loses its place in the order of acknowledgements. */
const LATE_MS = 5000;
const UNLIMITED = 268_435_455;

export async function openLink(options: LinkOptions, stop: AbortSignal): Promise<Link> {
  const password = await readPassword(options.credentials);
  const socket = await openSocket(options, stop);
  const skipped = (message: Oversized): void => options.oversized?.(message);
  guardFrames(socket, { maximumBytes: MAX_DOWN_BYTES, mqtt: options.mqtt, skipped });
  const client = new MqttClient(() => socket, clientOptions(options, password));
  const life = new MqttLink(client, socket, options);
  try {
    await life.connected(stop);
    return life;
  } catch (error) {
    life.end(error instanceof EdgeError ? error : new EdgeError("internal", { message: String(error) }, error));
    throw error;
  }
}

function clientOptions(options: LinkOptions, password: Buffer | undefined): IClientOptions {
  const five = options.mqtt === 5;
  return {
    clientId: options.clientId,
    protocolVersion: five ? 5 : 4,
    clean: false,
    keepalive: options.keepaliveSeconds,
    // One link is one connection: the loop in sync connects again, with waits of its own.
    reconnectPeriod: 0,
    resubscribe: false,
    // Must be longer than our own time-out, which is to end the attempt.
    connectTimeout: options.timeoutMs * 2,
    messageIdProvider: new UniqueMessageIdProvider(),
    ...(options.user !== undefined && { username: options.user, ...(password !== undefined && { password }) }),
    ...(five && {
      properties: { sessionExpiryInterval: SESSION_EXPIRY_S, receiveMaximum: INBOUND, maximumPacketSize: MAX_DOWN_BYTES },
    }),
    ...(options.will && {
      will: {
        topic: options.will.topic,
        payload: Buffer.from(options.will.payload),
        qos: 1,
        retain: true,
        ...(five && { properties: { willDelayInterval: WILL_DELAY_S } }),
      },
    }),
  };
}

interface Pending {
  readonly since: number;
  readonly settle: (reasonCode: number) => void;
  readonly fail: (error: EdgeError) => void;
}

class MqttLink implements Link {
  readonly closed: Promise<EdgeError>;
  sessionPresent = false;
  receiveMaximum = 65_535;
  maximumPacketSize = UNLIMITED;
  readonly #client: MqttClient;
  readonly #socket: Socket;
  readonly #o: LinkOptions;
  /** By message id, oldest first. */
  readonly #pending = new Map<number, Pending>();
  readonly #idle: (() => void)[] = [];
  readonly #watchdog: NodeJS.Timeout;
  readonly #inbound = new AckOrder(LATE_MS);
  readonly #pace: InboundPace;
  /** Every message under way listens to it. */
  readonly #ended = broadcast();
  #resolveClosed: (error: EdgeError) => void = () => {};
  #over: EdgeError | null = null;
  #feeding = true;
  /** Set by the CONNACK. */
  #admitted = false;

  constructor(client: MqttClient, socket: Socket, options: LinkOptions) {
    this.#client = client;
    this.#socket = socket;
    this.#o = options;
    this.#pace = new InboundPace(options.underWayMost);
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    // A parser error leaves mqtt.js connected and deaf: whatever it complains of ends the link.
    client.on("error", (error) => this.end(this.#explain(error)));
    client.on("close", () =>
      this.end(this.#admitted ? this.#lost({ it: "chiuso dal broker", en: "closed by the broker" }, false) : this.#hungUp()),
    );
    client.on("disconnect", ({ reasonCode = 0 }) => this.end(this.#refused(reasonCode)));
    client.on("packetreceive", (packet) => {
      options.heard?.();
      if (packet.cmd === "puback") this.#acknowledged(packet.messageId ?? 0, packet.reasonCode ?? REASON.success);
    });
    client.handleMessage = (packet, done) => this.#take(packet, done);
    this.#watchdog = setInterval(() => this.#watch(), Math.max(20, options.pubackTimeoutMs / 4));
  }

  get open(): boolean {
    return this.#over === null && this.#feeding;
  }

  async connected(stop: AbortSignal): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.#client.once("connect", (connack) => {
        // The contract needs retained topics and QoS 1 of the platform's broker. A connection without a will only listens, and needs neither.
        const speaks = this.#o.will !== undefined;
        if (speaks && connack.properties?.retainAvailable === false) return this.end(this.#refused(REASON.noRetain));
        if (speaks && connack.properties?.maximumQoS === 0) return this.end(this.#refused(REASON.noQos1));
        this.sessionPresent = connack.sessionPresent;
        this.receiveMaximum = connack.properties?.receiveMaximum ?? this.receiveMaximum;
        this.maximumPacketSize = connack.properties?.maximumPacketSize ?? UNLIMITED;
        this.#admitted = true;
        resolve();
      });
    });
    const away = (): void => this.end(this.#lost(stopped, false));
    const timer = setTimeout(() => this.end(this.#lost({ it: "nessun CONNACK", en: "no CONNACK" }, true)), this.#o.timeoutMs);
    stop.addEventListener("abort", away, { once: true });
    if (stop.aborted) away();
    const error = await Promise.race([ready, this.closed]);
    clearTimeout(timer);
    stop.removeEventListener("abort", away);
    if (error instanceof EdgeError) throw error;
  }

  publish(topic: string, payload: Uint8Array | string, { retain = false, correlation }: Publish = {}): Promise<number> {
    // While it is not connected mqtt.js would keep the message without end.
    if (this.#over !== null) return Promise.reject(this.#over);
    if (!this.#feeding || !this.#client.connected)
      return Promise.reject(this.#lost({ it: "non collegato", en: "not connected" }, false));
    const body =
      typeof payload === "string" ? Buffer.from(payload) : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    if (packetSize(topic, body.length, correlation?.length ?? 0) > this.maximumPacketSize)
      return Promise.resolve(REASON.tooLarge);
    return new Promise((settle, fail) => {
      const properties = correlation !== undefined && this.#o.mqtt === 5 ? { correlationData: Buffer.from(correlation) } : {};
      // The callback is not used: it does not tell 0x00 from 0x10, and may never come.
      this.#client.publish(topic, body, { qos: 1, retain, properties }, () => {});
      this.#pending.set(this.#client.getLastMessageId(), { since: performance.now(), settle, fail });
    });
  }

  subscribe(filters: readonly Filter[]): Promise<readonly number[]> {
    const wanted = Object.fromEntries(
      // `rap` keeps the flag by which a retained command is recognised.
      filters.map(({ topic, retainHandling }) => [topic, { qos: 1 as const, nl: false, rap: true, rh: retainHandling }]),
    );
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.end(new EdgeError("sync.no-puback", { packet: "subscribe" })), this.#o.pubackTimeoutMs);
      this.#client.subscribe(wanted, (error, _, suback) => {
        clearTimeout(timer);
        // Refused filters come as an error, with the SUBACK beside it.
        const granted = suback?.granted.map(Number);
        if (granted !== undefined && granted.length === filters.length) resolve(granted);
        else reject(this.#over ?? this.#lost(error ? systemReason(error) : { it: "nessun SUBACK", en: "no SUBACK" }, false));
      });
    });
  }

  /** Ends the link at once, for this reason; later calls change nothing. */
  end(reason: EdgeError): void {
    if (this.#over !== null) return;
    this.#over = reason;
    clearInterval(this.#watchdog);
    for (const { fail } of this.#pending.values()) fail(reason);
    this.#pending.clear();
    for (const idle of this.#idle) idle();
    this.#ended.abort(reason);
    this.#client.end(true);
    this.#socket.destroy();
    this.#resolveClosed(reason);
  }

  /** Without a DISCONNECT: the broker then publishes the Will after its delay, and a quick restart is never told. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#feeding = false;
    if (this.#pending.size > 0 && this.#over === null)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, GRACE_MS);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    this.end(this.#unreachable(stopped, { ours: true }));
    // Pending publishes are settled first, so that their callers record the outcome before anything else closes.
    await setImmediate();
  }

  /**
   * While a message waits, mqtt.js handles nothing else, not even PUBACK and PINGRESP. So its callback is called at once, with an error, so
   * that it sends no PUBACK: this class sends it.
   */
  #take(packet: IPublishPacket, next: (error?: Error) => void): void {
    const work = this.#o.onMessage(incoming(packet), this.#ended.signal);
    const { qos, messageId } = packet;
    const owed = qos === 1 && messageId !== undefined;
    const done = this.#inbound.take(work, () => owed && this.#puback(messageId));
    this.#pace.take(done, () => next(owed ? new Error("acknowledged later") : undefined));
  }

  /** MQTT 5 § 3.4.2.1: without a reason code, success. */
  #puback(messageId: number): void {
    if (this.#over === null) this.#socket.write(Buffer.from([0x40, 2, messageId >> 8, messageId & 0xff]));
  }

  #acknowledged(messageId: number, reasonCode: number): void {
    const pending = this.#pending.get(messageId);
    if (pending === undefined) return;
    this.#pending.delete(messageId);
    pending.settle(reasonCode);
    if (this.#pending.size === 0) for (const idle of this.#idle) idle();
  }

  #watch(): void {
    const [oldest] = this.#pending.values();
    if (oldest !== undefined && performance.now() - oldest.since > this.#o.pubackTimeoutMs)
      this.end(new LinkError(new EdgeError("sync.no-puback", { broker: brokerName(this.#o.broker) }), { local: true }));
  }

  #explain(error: Error & { readonly code?: number | string }): EdgeError {
    const { code } = error;
    if (typeof code === "number") return this.#refused(code, error);
    if (!this.#admitted && (code === "ECONNRESET" || code === "EPIPE")) return this.#hungUp(error);
    if (code === undefined) return this.#lost(reasonOf(error), isKeepalive(error), error);
    return explained(Object.assign(error, { code }), this.#o);
  }

  #refused(reasonCode: number, cause?: unknown): EdgeError {
    return refusedBy(this.#o, reasonCode, cause);
  }

  /** Reasons that show only as a closed connection: a refusal under 3.1.1, a port that wants TLS, a certificate refused without an alert. */
  #hungUp(cause?: unknown): EdgeError {
    return new EdgeError("sync.hung-up", { broker: brokerName(this.#o.broker) }, cause);
  }

  #lost(reason: Text, local: boolean, cause?: unknown): EdgeError {
    return this.#unreachable(reason, { local }, cause);
  }

  #unreachable(reason: Text, facts: LinkFacts, cause?: unknown): LinkError {
    return new LinkError(new EdgeError("sync.unreachable", { broker: brokerName(this.#o.broker), reason }, cause), facts);
  }
}

/** How mqtt.js says that a PINGRESP did not come. */
const isKeepalive = ({ message }: Error): boolean => message === "Keepalive timeout";

const reasonOf = (error: Error): Text =>
  isKeepalive(error) ? { it: "nessuna risposta al keepalive", en: "no answer to the keepalive" } : systemReason(error);

function incoming({ topic, payload, retain, dup, messageId, properties }: IPublishPacket): Incoming {
  const { responseTopic, correlationData } = properties ?? {};
  return {
    topic,
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    retained: retain,
    again: dup,
    ...(messageId !== undefined && { id: messageId }),
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlation: correlationData }),
  };
}
