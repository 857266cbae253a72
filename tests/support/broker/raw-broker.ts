/** A TCP listener that speaks MQTT by mqtt-packet, misbehaves by script, and records all that it was sent. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import {
  generate,
  type IConnackPacket,
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type Packet,
  parser,
} from "mqtt-packet";
import { freePort } from "../../../hw-sim/free-port.ts";

export interface Received {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly packet: IPublishPacket;
  /** Which connection, from 0. */
  readonly connection: number;
  readonly at: number;
}

/** What a test may change at any time. `null`: no answer. */
export interface Script {
  connack(connect: IConnectPacket, connection: number): Partial<IConnackPacket> | null;
  puback(message: Received): number | null | Promise<number | null>;
  suback(subscribe: ISubscribePacket): readonly number[] | null;
}

export const obedient: Script = {
  connack: () => ({}),
  puback: () => 0,
  suback: ({ subscriptions }) => subscriptions.map(() => 1),
};

export class RawBroker implements AsyncDisposable {
  readonly connects: IConnectPacket[] = [];
  readonly subscribes: ISubscribePacket[] = [];
  readonly received: Received[] = [];
  /** Message ids that the client acknowledged. */
  readonly acknowledged: number[] = [];
  /** Most publishes without PUBACK at one time. */
  mostInFlight = 0;
  script: Script;
  port = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #inFlight = 0;
  #messageId = 0;

  private constructor(script: Partial<Script>) {
    this.script = { ...obedient, ...script };
    this.#server = this.#listener();
  }

  static async open(script: Partial<Script> = {}): Promise<RawBroker> {
    const broker = new RawBroker(script);
    await broker.#listen(await freePort());
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  get connected(): boolean {
    return this.#sockets.size > 0;
  }

  /** Topics in order of arrival, without the root. */
  topics(connection?: number): string[] {
    return this.received.filter((r) => connection === undefined || r.connection === connection).map((r) => shorten(r.topic));
  }

  on(topic: string): Received[] {
    return this.received.filter((r) => shorten(r.topic) === topic);
  }

  /** Publishes to the client; the id by which it must acknowledge comes out. */
  send(topic: string, body: unknown, more: Partial<IPublishPacket> = {}): number {
    this.#messageId += 1;
    const payload = typeof body === "string" ? body : body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body);
    const packet = {
      cmd: "publish" as const,
      topic,
      payload,
      qos: 1 as const,
      retain: false,
      dup: false,
      messageId: this.#messageId,
    };
    this.write({ ...packet, ...more });
    return this.#messageId;
  }

  write(packet: Packet): void {
    this.raw(generate(packet, { protocolVersion: this.connects.at(-1)?.protocolVersion ?? 5 }));
  }

  raw(bytes: Uint8Array): void {
    for (const socket of this.#sockets) socket.write(bytes);
  }

  /** Cuts all connections and listens no more. */
  async down(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  async up(): Promise<void> {
    this.#server = this.#listener();
    await this.#listen(this.port);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  async #listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    this.port = port;
  }

  #listener(): Server {
    return createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      this.#inFlight = 0;
      const connection = this.connects.length;
      const parse = parser();
      parse.on("packet", (packet) => this.#packet(socket, packet, connection));
      parse.on("error", () => socket.destroy());
      socket.on("data", (chunk) => parse.parse(chunk));
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  #packet(socket: Socket, packet: Packet, connection: number): void {
    const protocolVersion = this.connects.at(-1)?.protocolVersion ?? 5;
    const answer = (answered: Packet): void => {
      if (!socket.destroyed) socket.write(generate(answered, { protocolVersion }));
    };
    if (packet.cmd === "connect") {
      this.connects.push(packet);
      const connack = this.script.connack(packet, connection);
      if (connack === null) return;
      const code = connack.reasonCode ?? 0;
      const reply = { cmd: "connack" as const, sessionPresent: false, reasonCode: code, returnCode: code, ...connack };
      socket.write(generate(reply, { protocolVersion: packet.protocolVersion ?? 5 }));
      if (code !== 0) socket.end();
    } else if (packet.cmd === "subscribe") {
      this.subscribes.push(packet);
      const granted = this.script.suback(packet);
      if (granted !== null) answer({ cmd: "suback", messageId: packet.messageId ?? 0, granted: [...granted] });
    } else if (packet.cmd === "pingreq") answer({ cmd: "pingresp" });
    else if (packet.cmd === "puback") this.acknowledged.push(packet.messageId ?? 0);
    else if (packet.cmd === "publish") void this.#publish(packet, connection, answer);
  }

  async #publish(packet: IPublishPacket, connection: number, answer: (packet: Packet) => void): Promise<void> {
    const { topic, retain, messageId = 0 } = packet;
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    const message = { topic, payload: Buffer.from(packet.payload), retain, packet, connection, at: performance.now() };
    this.received.push(message);
    const reasonCode = await this.script.puback(message);
    if (reasonCode === null) return;
    this.#inFlight -= 1;
    answer({ cmd: "puback", messageId, reasonCode });
  }
}

/** `cippo/v1/gw/up/state` → `state`. */
export const shorten = (topic: string): string => topic.split("/up/")[1] ?? topic;
