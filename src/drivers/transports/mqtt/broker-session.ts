/** Keeps one session with the broker of a bus through every outage, and hands its messages to the devices that listen. */
import { monotonic } from "../../../kit/clock.ts";
import { EdgeError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { keepTrying } from "../../../kit/loop/keep-trying.ts";
import { pause } from "../../../kit/loop/pause.ts";
import { AnyOf, broadcast } from "../../../kit/loop/signals.ts";
import type { ReceivedStatus } from "../../../model/index.ts";
import { type BrokerKeys, brokerName } from "../../../mqtt/broker.ts";
import { openLink } from "../../../mqtt/client.ts";
import { type Incoming, type Link, type LinkOptions, MAX_DOWN_BYTES } from "../../../mqtt/link.ts";
import { carrierBack, reconnectWait } from "../../../mqtt/reconnect.ts";
import type { MqttFeed, MqttListener } from "../../mqtt-feed.ts";
import type { MqttBusSpec } from "./mqtt-bus.ts";
import { type Arrival, TopicQueue } from "./topic-queue.ts";

const CONNECT_MS = 15_000;
const KEEPALIVE_S = 60;
const SUBACK_MS = 15_000;
/** A link that has held this long counts as healthy: the waits begin anew. */
const STABLE_MS = 60_000;
/** Messages that may be under way: read, and not durable yet. Beyond it nothing more is read, and what waits waits at the broker. */
const UNDER_WAY = 64;
/** Filters in one SUBSCRIBE. */
const FILTERS = 50;
/** A filter that was refused is asked for again this often: rights are granted while the link stands. */
const ASK_AGAIN_MS = 60_000;
/** After the first device listens all others do within a moment: a message that nobody wants by then is of a device that is gone. */
const NOBODY_MS = 10_000;
/** MQTT 5 § 3.9.3: from here on a reason code is a refusal. */
const REFUSED = 0x80;

export interface SessionOptions {
  readonly bus: string;
  readonly spec: MqttBusSpec;
  readonly gateway: string;
  /** The folder of the credentials. */
  readonly folder?: string;
  readonly clockSynced: () => boolean;
  readonly log: Log;
}

interface Unclaimed {
  readonly arrival: Arrival;
  readonly settle: (work: Promise<void>) => void;
}

export class BrokerSession implements MqttFeed, AsyncDisposable {
  readonly #o: SessionOptions;
  readonly #queues = new Map<string, TopicQueue>();
  readonly #stop = broadcast();
  #run: Promise<void> | null = null;
  #link: Link | null = null;
  /** Why there is no link; null: there is one, or the first is still being made. */
  #failed: EdgeError | null = null;
  #everConnected = false;
  /** How many sessions the broker began with us since this process did. */
  #session = 0;
  readonly #granted = new Set<string>();
  readonly #refused = new Map<string, EdgeError>();
  #subscribing: Promise<void> = Promise.resolve();
  /** Before everybody listens; null: everybody does. */
  #unclaimed: Unclaimed[] | null = [];

  constructor(options: SessionOptions) {
    this.#o = options;
  }

  listen(device: string, filters: readonly string[]): MqttListener {
    const known = this.#queues.get(device);
    if (known !== undefined) return known;
    const queue = new TopicQueue(filters, () => this.#outage(filters));
    this.#queues.set(device, queue);
    this.#claim();
    this.#run ??= this.#keep();
    const link = this.#link;
    if (link !== null) void this.#subscribe(link).catch(() => undefined);
    return queue;
  }

  received(device: string): ReceivedStatus | undefined {
    return this.#queues.get(device)?.received;
  }

  get name(): string {
    const { gateway, bus, spec } = this.#o;
    return spec.clientId ?? `${gateway}-${bus}`;
  }

  async publish(topic: string, payload: string): Promise<"sent" | "unsent" | "unknown"> {
    const link = this.#link;
    if (link === null || !link.open) return "unsent";
    return link.publish(topic, payload).then(
      (code) => (code < REFUSED ? "sent" : "unsent"),
      () => "unknown",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
  }

  #outage(filters: readonly string[]): EdgeError | null {
    return this.#failed ?? filters.map((filter) => this.#refused.get(filter)).find((error) => error !== undefined) ?? null;
  }

  #keep(): Promise<void> {
    const { bus, spec, log } = this.#o;
    setTimeout(() => this.#giveUpOnUnclaimed(), NOBODY_MS).unref();
    return keepTrying(`mqtt ${bus}`, (stop, works) => this.#connection(stop, works), {
      log,
      stop: this.#stop.signal,
      waitMs: reconnectWait({ firstMs: spec.reconnect.first, maxMs: spec.reconnect.max }),
      woken: carrierBack,
      failed: (error) => {
        this.#failed = error.code === "sync.unreachable" ? awayOf(bus, spec.mqtt, error) : error;
      },
    });
  }

  async #connection(stop: AbortSignal, works: () => void): Promise<void> {
    const { bus, spec, log } = this.#o;
    await using link = await openLink(this.#linkOptions(), stop);
    if (!link.sessionPresent) {
      this.#granted.clear();
      this.#session += 1;
      // What was published meanwhile is lost, and no device can say so.
      if (this.#everConnected) log.warn("mqtt.session-lost", { bus, broker: brokerName(spec.mqtt) });
    }
    this.#everConnected = true;
    this.#link = link;
    const stable = setTimeout(works, STABLE_MS);
    try {
      await this.#subscribe(link);
      this.#failed = null;
      log.info("mqtt.connected", { bus, broker: brokerName(spec.mqtt), session: link.sessionPresent });
      const closed = new AbortController();
      void link.closed.then(() => closed.abort());
      using over = new AnyOf(stop, closed.signal);
      while (!over.signal.aborted) {
        await pause(ASK_AGAIN_MS, over.signal);
        if (link.open && this.#refused.size > 0) await this.#subscribe(link);
      }
      if (!stop.aborted) throw await link.closed;
    } finally {
      clearTimeout(stable);
      this.#link = null;
    }
  }

  #linkOptions(): LinkOptions {
    const { bus, spec, folder, clockSynced, log } = this.#o;
    const { ca, cert, key, password } = spec.credentials;
    const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }), ...(password && { password }) };
    return {
      broker: spec.mqtt,
      keys: keysIn(bus),
      clientId: this.name,
      mqtt: spec.version,
      ...(spec.user !== undefined && { user: spec.user }),
      ...(folder !== undefined && { credentials: { folder, ...files } }),
      timeoutMs: CONNECT_MS,
      keepaliveSeconds: KEEPALIVE_S,
      pubackTimeoutMs: SUBACK_MS,
      underWayMost: UNDER_WAY,
      clockSynced,
      onMessage: (message, over) => this.#receive(message, over),
      oversized: (message) => log.warn("mqtt.message-too-large", { bus, ...message, limit: MAX_DOWN_BYTES }),
    };
  }

  /** One at a time: each asks only for what the one before did not get. */
  #subscribe(link: Link): Promise<void> {
    const asked = this.#subscribing.catch(() => undefined).then(() => this.#askFor(link));
    this.#subscribing = asked;
    return asked;
  }

  async #askFor(link: Link): Promise<void> {
    const wanted = new Set([...this.#queues.values()].flatMap(({ filters }) => filters));
    const missing = [...wanted].filter((filter) => !this.#granted.has(filter));
    for (let at = 0; at < missing.length; at += FILTERS) {
      const some = missing.slice(at, at + FILTERS);
      // Retain handling 1: the broker sends retained messages only when the filter is new to the session.
      const codes = await link.subscribe(some.map((topic) => ({ topic, retainHandling: 1 })));
      for (const [i, topic] of some.entries()) this.#answered(topic, codes[i] ?? REFUSED);
    }
  }

  #answered(topic: string, code: number): void {
    const { bus, spec, log } = this.#o;
    const broker = brokerName(spec.mqtt);
    if (code < REFUSED) {
      this.#granted.add(topic);
      this.#refused.delete(topic);
      if (code === 0) log.info("mqtt.without-proof", { bus, topic });
      return;
    }
    if (!this.#refused.has(topic)) log.warn("mqtt.not-subscribed", { bus, topic, code });
    this.#refused.set(topic, new EdgeError("mqtt.not-subscribed", { topic, broker, reason: `0x${code.toString(16)}` }));
  }

  async #receive(message: Incoming, over: AbortSignal): Promise<undefined> {
    await this.#deliver({ message, mono: monotonic(), session: this.#session, over });
  }

  #deliver(arrival: Arrival): Promise<void> {
    const queues = this.#wanting(arrival.message);
    if (queues.length > 0) return Promise.all(queues.map((queue) => queue.take(arrival))).then(() => undefined);
    const unclaimed = this.#unclaimed;
    if (unclaimed !== null) return new Promise((settle) => unclaimed.push({ arrival, settle }));
    // The broker still remembers a subscription of an older configuration, and no device wants this topic any more.
    this.#o.log.debug("mqtt.nobody", { bus: this.#o.bus, topic: arrival.message.topic });
    return Promise.resolve();
  }

  #wanting({ topic }: Incoming): readonly TopicQueue[] {
    return [...this.#queues.values()].filter((queue) => queue.wants(topic));
  }

  /** Somebody new listens. */
  #claim(): void {
    const before = this.#unclaimed ?? [];
    if (before.length === 0) return;
    this.#unclaimed = [];
    for (const { arrival, settle } of before) settle(this.#deliver(arrival));
  }

  #giveUpOnUnclaimed(): void {
    const before = this.#unclaimed ?? [];
    this.#unclaimed = null;
    for (const { arrival, settle } of before) settle(this.#deliver(arrival));
  }
}

const keysIn = (bus: string): BrokerKeys => ({
  brokerKey: `buses.${bus}.mqtt`,
  userKey: `buses.${bus}.user`,
  credentialsKey: `buses.${bus}.credentials`,
  versionKey: `buses.${bus}.version`,
  clientIdKey: `buses.${bus}.clientId`,
});

/** The platform's broker has an error whose text says that data stay in the gateway. At this broker they wait there, so it has an error of its own. */
const awayOf = (bus: string, broker: string, { context }: EdgeError): EdgeError =>
  new EdgeError("mqtt.broker-away", { bus, broker: brokerName(broker), reason: String(context["reason"] ?? "?") });
