/** What an adversary does that has the platform's rights at the broker, or a place in the group of the admin socket. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { join } from "node:path";
import { connectAsync, type IClientPublishOptions, type MqttClient } from "mqtt";
import { pause } from "../../src/kit/loop/pause.ts";
import { uuidv7 } from "../../src/kit/uuid-v7.ts";
import { SOCKET } from "../start/run-folder.ts";
import type { Testbed } from "../start/testbed.ts";
import { limited, type SoakFault } from "./faults.ts";

const LIFETIME_MS = 60_000;
/** The longest text that an envelope may carry, and a whole message nearly as large as the contract takes. */
const LONG = "x".repeat(200);
const HUGE = "y".repeat(100_000);
const STARVED_MS = 20_000;
const IDLE_MS = 20_000;
const ASK_MS = 1000;
/** Ranges of one number each, with a hole after each: as many as fit into a message. */
const CRUMBS = 4000;

const nobody = (): boolean => false;

export function abuseOf(world: Testbed): readonly SoakFault[] {
  const { gateway, id, broker, dir } = world;
  const platform = (name: string, work: (say: Say, stop: AbortSignal) => Promise<void>): SoakFault => ({
    name: `abuse: ${name}`,
    mayDown: nobody,
    async during(stop) {
      await using adversary = new Adversary(broker.url);
      await work((what, body, properties) => adversary.say(`cippo/v1/${id}/down/${what}`, body, properties), stop);
    },
  });
  const refused = (): object => commandOf(id, { target: LONG, action: LONG, args: { text: HUGE.slice(0, 4000) }, issuer: LONG });
  return [
    platform("3,000 refused commands with long texts", (say) => many(3000, () => say("commands", refused()))),
    platform("answers wanted on topics that no broker takes", async (say) => {
      for (const responseTopic of topicsOf(id)) await many(50, () => say("commands", refused(), { responseTopic }));
    }),
    platform("20,000 malformed commands, each with other ids", (say) =>
      many(20_000, (n) =>
        say(
          "commands",
          { v: 1, id: `${n}-${randomBytes(16).toString("hex")}`, target: 7 },
          { correlationData: randomBytes(1024) },
        ),
      ),
    ),
    platform("messages as large as may be", (say) => many(200, (n) => say(n % 2 === 0 ? "commands" : "ack", { v: 1, id: HUGE }))),
    platform("acknowledgements in crumbs", async (say) => {
      const { streams } = await gateway.status();
      const held = Array.from({ length: CRUMBS }, (_, i) => [2 * i + 10, 2 * i + 10]);
      for (const { epoch, stream } of streams)
        await many(50, () => say("ack", { v: 1, at: 0, acks: [{ epoch, stream, upTo: 0, held, missing: held }] }));
    }),
    {
      name: "abuse: admin socket: 300 idle connections, three that write and never read",
      mayDown: nobody,
      during: (stop) => crowd(join(dir, SOCKET), () => gateway.status(), stop),
    },
    platform("commands while the disk refuses every write", async (say, stop) => {
      const starved = limited(gateway.pid, "fsize", 1, STARVED_MS, stop);
      for (let i = 0; i < 40; i += 1) {
        await many(20, () => say("commands", refused()));
        await pause(STARVED_MS / 50, stop);
      }
      await starved;
    }),
  ];
}

type Say = (what: string, body: unknown, properties?: IClientPublishOptions["properties"]) => Promise<void>;

interface Link {
  readonly client: MqttClient;
  readonly thrownOut: Promise<void>;
}

/** A client that a strict broker may disconnect for its message: the next message uses a new connection. */
class Adversary implements AsyncDisposable {
  readonly #url: string;
  #link: Promise<Link> | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves when the broker has taken the message, or disconnected its sender. */
  async say(topic: string, body: unknown, properties: IClientPublishOptions["properties"]): Promise<void> {
    const { client, thrownOut } = await this.#connected();
    const options = { qos: 1 as const, ...(properties !== undefined && { properties }) };
    await Promise.race([client.publishAsync(topic, JSON.stringify(body), options).catch(() => undefined), thrownOut]);
  }

  #connected(): Promise<Link> {
    this.#link ??= connectAsync(this.#url, { protocolVersion: 5, reconnectPeriod: 0 }).then((client) => {
      client.on("error", () => undefined);
      const thrownOut = new Promise<void>((resolve) => {
        client.once("close", () => {
          this.#link = null;
          resolve();
        });
      });
      return { client, thrownOut };
    });
    return this.#link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#link)?.client.endAsync(true);
  }
}

const commandOf = (gateway: string, of: object): object => {
  const now = Date.now();
  return { v: 1, id: uuidv7(now), gateway, issuedAt: now, expiresAt: now + LIFETIME_MS, ...of };
};

/** A few at a time, as fast as the broker takes them. */
async function many(count: number, send: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: 20 }, sender));
}

/** This gateway's stream topics, other gateways', the broker's own, and names too long, too deep or with forbidden characters. */
const topicsOf = (gateway: string): readonly string[] => [
  `cippo/v1/${gateway}/up/readings`,
  `cippo/v1/${gateway}/up/state`,
  `cippo/v1/${gateway}/up/results/../state`,
  `cippo/v1/${gateway}/up/results/\u0001`,
  `cippo/v1/${gateway}/up/results/${"deep/".repeat(300)}`,
  `cippo/v1/${gateway}/up/results/${"long".repeat(4000)}`,
  "cippo/v1/another-gateway/up/results",
  "$SYS/broker/uptime",
];

/** Asks `status` again and again meanwhile; throws when it is not answered in time. */
async function crowd(path: string, status: () => Promise<unknown>, stop: AbortSignal): Promise<void> {
  const open: Socket[] = [];
  const listening = new AbortController();
  try {
    for (let i = 0; i < 300; i += 1) open.push(await dial(path));
    const question = `${JSON.stringify({ v: 1, id: 1, do: "status" })}\n`;
    for (let i = 0; i < 3; i += 1) {
      const writer = await dial(path);
      open.push(writer.pause());
      void writeOn(writer, question, listening.signal);
    }
    for (let i = 0; i < 20; i += 1) {
      const rude = await dial(path);
      open.push(rude);
      rude.write(`${HUGE}${HUGE}\n{"v":9}\n\u0000\u0001\n`);
    }
    for (let asked = 0; asked < IDLE_MS / ASK_MS && !stop.aborted; asked += 1) {
      await status();
      await pause(ASK_MS, stop);
    }
  } finally {
    listening.abort();
    for (const socket of open) socket.destroy();
  }
}

async function dial(path: string): Promise<Socket> {
  const socket = connectSocket(path);
  const opened = once(socket, "connect");
  socket.on("error", () => socket.destroy());
  await opened.catch(() => undefined);
  return socket;
}

async function writeOn(socket: Socket, line: string, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && !socket.destroyed) {
    if (socket.write(line)) continue;
    // A wait that is given up takes its listeners along.
    const signal = AbortSignal.any([stop, AbortSignal.timeout(1000)]);
    await once(socket, "drain", { signal }).catch(() => undefined);
  }
}
