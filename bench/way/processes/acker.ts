/** The cheapest platform that is exact: it counts the numbers that arrive and acknowledges what it holds without a gap. */
import { inflateSync } from "node:zlib";
import { connectAsync, type MqttClient } from "mqtt";
import { serve } from "./child.ts";

/** As the reference platform: some time after the first record that is not acknowledged, or at so many, but then no more than four times a second. */
export const ACK_AFTER_MS = 5000;
const ACK_AT = 500;
const ACK_EVERY_MS = 250;
const TOPIC = /^(cippo\/v1\/[^/]+)\/up\/(?:history\/)?(readings|events)$/;
const READINGS = /"epoch":"(\w+)","cat":"\w+","from":(\d+),"to":(\d+)/g;
const EVENTS = /"epoch":"(\w+)","from":(\d+),"to":(\d+),"cat"/g;

export interface Received {
  readonly messages: number;
  readonly bytes: number;
  readonly readings: number;
  /** Numbers that came again. */
  readonly repeats: number;
  /** Numbers below the highest that did not come. */
  readonly gaps: number;
}

export function acker(): void {
  let client: MqttClient | null = null;
  const platform = new Platform((topic, body) => client?.publish(topic, body, { qos: 1 }));
  serve({
    async open({ broker, ackAfterMs }: { readonly broker: string; readonly ackAfterMs: number }) {
      platform.ackAfterMs = ackAfterMs;
      const opened = await connectAsync(broker, { protocolVersion: 5, reconnectPeriod: 0, properties: { receiveMaximum: 100 } });
      client = opened;
      opened.on("message", (topic, payload) => platform.receive(topic, payload));
      await opened.subscribeAsync("cippo/v1/+/up/#", { qos: 1 });
    },
    received: () => platform.received(),
  });
}

/** One stream of one epoch. */
interface Held {
  upTo: number;
  readonly ahead: Map<number, number>;
}

class Platform {
  ackAfterMs = ACK_AFTER_MS;
  readonly #publish: (topic: string, body: string) => void;
  /** Root of a gateway → "epoch/stream" → what is held. */
  readonly #gateways = new Map<string, Map<string, Held>>();
  readonly #due = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  /** Records since the last acknowledgement, and whether they were many. */
  #waiting = 0;
  #soon = false;
  #messages = 0;
  #bytes = 0;
  #readings = 0;
  #repeats = 0;

  constructor(publish: (topic: string, body: string) => void) {
    this.#publish = publish;
  }

  receive(topic: string, payload: Buffer): void {
    const [, root, stream] = TOPIC.exec(topic) ?? [];
    if (root === undefined || stream === undefined) return;
    const text = (payload[0] === 0x7b ? payload : inflateSync(payload)).toString("latin1");
    for (const [, epoch, from, to] of text.matchAll(stream === "events" ? EVENTS : READINGS))
      this.#hold(root, `${epoch}/${stream}`, Number(from), Number(to), stream === "readings");
    if (stream === "readings") {
      this.#messages += 1;
      this.#bytes += payload.length;
    }
    this.#due.add(root);
    this.#schedule();
  }

  #hold(root: string, name: string, from: number, to: number, counts: boolean): void {
    const streams = this.#gateways.get(root) ?? new Map<string, Held>();
    this.#gateways.set(root, streams);
    this.#waiting += to - from + 1;
    const held = streams.get(name) ?? { upTo: 0, ahead: new Map<number, number>() };
    streams.set(name, held);
    if (to <= held.upTo || held.ahead.has(from)) this.#repeats += to - from + 1;
    else {
      held.ahead.set(from, to);
      if (counts) this.#readings += to - from + 1;
    }
    for (let next = held.ahead.get(held.upTo + 1); next !== undefined; next = held.ahead.get(held.upTo + 1)) {
      held.ahead.delete(held.upTo + 1);
      held.upTo = next;
    }
  }

  #schedule(): void {
    const many = this.#waiting >= ACK_AT;
    if (this.#timer !== null && (!many || this.#soon)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#soon = many;
    this.#timer = setTimeout(() => this.#acknowledge(), many ? ACK_EVERY_MS : this.ackAfterMs);
  }

  #acknowledge(): void {
    this.#timer = null;
    this.#soon = false;
    this.#waiting = 0;
    for (const root of this.#due) {
      const acks = [...(this.#gateways.get(root) ?? [])].map(([name, { upTo, ahead }]) => {
        const [epoch, stream] = name.split("/");
        return { epoch, stream, upTo, ...(ahead.size > 0 && { held: [...ahead].slice(0, 100) }) };
      });
      this.#publish(`${root}/down/ack`, JSON.stringify({ v: 1, acks }));
    }
    this.#due.clear();
  }

  received(): Received {
    let gaps = 0;
    for (const streams of this.#gateways.values())
      for (const { upTo, ahead } of streams.values())
        if (ahead.size > 0) gaps += Math.max(...ahead.keys()) - 1 - upTo - [...ahead].reduce((n, [a, b]) => n + b - a + 1, 0);
    return { messages: this.#messages, bytes: this.#bytes, readings: this.#readings, repeats: this.#repeats, gaps };
  }
}
