/** The broker of docs/broker.md, by the commands and files that stand there: it allows what it must, and nothing else. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { expect, it } from "vitest";
import { freePort } from "../hw-sim/free-port.ts";
import { brokerKinds } from "./support/broker/brokers.ts";
import { hasOpenssl } from "./support/broker/certificates.ts";
import { CountingSite, counter } from "./support/running/counting-site.ts";
import { Gateway, Opened, Program, temporary, until } from "./support/running/processes.ts";
import { proved, rowsOf } from "./support/running/proof.ts";

const ROOT = join(import.meta.dirname, "..");
const run = promisify(execFile);
const canRun = hasOpenssl && brokerKinds.includes("mosquitto");

/** The fenced blocks of one language, in order. */
const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, body = ""]) => body);

const PASSWORDS = { INGEST_PASSWORD: "stores & proves", OPERATOR_PASSWORD: "commands", PUBLISHER_PASSWORD: "documents" };

/** Runs what the page says in `folder`, with this machine's name in the place of the city's, and the gateway under test. */
async function follow(commands: string, folder: string): Promise<void> {
  const here = commands.replaceAll("mqtt.smartcity.example", "localhost").replaceAll("pc-galleana-01", "gw-1");
  await run("bash", ["-euc", here], { cwd: folder, env: { ...process.env, ...PASSWORDS } });
}

interface Ports {
  readonly gateways: number;
  readonly platform: number;
}

/** The three published files with this test's folder and ports in them, and nothing else. */
async function mosquitto(folder: string, { gateways, platform }: Ports): Promise<Program> {
  for (const name of ["cippo.conf", "gateways.acl", "platform.acl"]) {
    const text = await readFile(join(ROOT, "config/mosquitto", name), "utf8");
    const here = text
      .replaceAll("/etc/mosquitto/cippo", folder)
      .replace("listener 8883", `listener ${gateways}`)
      .replace("listener 8884", `listener ${platform}`);
    await writeFile(join(folder, name), here);
  }
  // As root it becomes the user mosquitto before it reads them.
  await run("bash", ["-c", `chmod 755 "${folder}" && chmod 644 "${folder}"/*`]);
  const program = new Program("mosquitto", ["-c", join(folder, "cippo.conf")]);
  for (const port of [gateways, platform]) await until(() => listens(port), 10_000, `mosquitto listens\n${program.stderr}`);
  return program;
}

async function listens(port: number): Promise<boolean> {
  const socket = connectTcp(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } finally {
    socket.destroy();
  }
}

class Client implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly #client: MqttClient;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on("message", (topic) => this.heard.push(topic));
  }

  static async open(port: number, options: IClientOptions): Promise<Client> {
    const url = `mqtts://localhost:${port}`;
    return new Client(await mqtt.connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options }, false));
  }

  /** The reason why the broker did not take it; null: it did. */
  async publish(topic: string, body: unknown = { v: 1 }): Promise<string | null> {
    return this.#client.publishAsync(topic, JSON.stringify(body), { qos: 1 }).then(
      () => null,
      (error: Error) => error.message,
    );
  }

  hear = (topic: string) => this.#client.subscribeAsync(topic, { qos: 1 });

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}

it.skipIf(!canRun)(
  "gateways and platform work with it, and nobody has more rights than the table says",
  { timeout: 120_000 },
  async () => {
    const page = await readFile(join(ROOT, "docs/broker.md"), "utf8");
    const [keys = "", passwords = ""] = blocks(page, "sh");
    await using folder = await temporary("broker");
    await follow(keys, folder.path);
    await follow(passwords, folder.path);
    // The page's last two lines once more, for a second gateway.
    const again = keys.trim().split("\n").slice(-2).join("\n");
    await follow(again.replaceAll("pc-galleana-01", "gw-2").replaceAll("gateway.", "second."), folder.path);
    const ports = { gateways: await freePort(), platform: await freePort() };
    await using opened = new Opened();
    opened.use(await mosquitto(folder.path, ports));

    // A gateway, its configuration as on the page.
    await using site = await CountingSite.open();
    await mkdir(join(folder.path, "gw"));
    await using gateway = new Gateway(join(folder.path, "gw"));
    const written = /^credentials: \{(.*)\}$/m.exec(blocks(page, "yaml")[0] ?? "")?.[1] ?? "";
    const credentials = Object.fromEntries(written.split(",").map((pair) => pair.trim().split(": ")));
    expect(credentials).toEqual({ ca: "city-ca.crt", cert: "gateway.crt", key: "gateway.key" });
    await gateway.configure(`mqtts://localhost:${ports.gateways}`, {
      credentials: { folder: folder.path, ...credentials },
      buses: site.buses,
      devices: { counter: counter(1, "100ms") },
    });
    await gateway.start();
    await until(async () => (await gateway.status()).sync.connected, 30_000, "the gateway is connected");

    // The consumer of the first ingest, as user ingest.
    const ca = join(folder.path, "city-ca.crt");
    const city = join(folder.path, "city.sqlite");
    const url = `mqtts://ingest:${encodeURIComponent(PASSWORDS.INGEST_PASSWORD)}@localhost:${ports.platform}`;
    opened.use(
      new Program(process.execPath, [join(ROOT, "docs/examples/ingest.mjs"), url, city], { env: { NODE_EXTRA_CA_CERTS: ca } }),
    );
    await until(async () => (await rowsOf(city, "SELECT seq FROM records")).length > 10, 30_000, "records are held");
    await site.hold(1);
    await proved(gateway);

    const trusted = await readFile(ca);
    const certificate = async (name: string): Promise<IClientOptions> => ({
      ca: trusted,
      cert: await readFile(join(folder.path, `${name}.crt`)),
      key: await readFile(join(folder.path, `${name}.key`)),
    });
    const user = (username: string, password: string): IClientOptions => ({ ca: trusted, username, password });
    const refused = expect.stringMatching(/not authorized/i);

    // Another gateway: its own name only, whatever client id it gives.
    const stranger = opened.use(await Client.open(ports.gateways, { ...(await certificate("second")), clientId: "gw-1" }));
    await stranger.hear("cippo/v1/+/down/#");
    await stranger.hear("cippo/v1/+/up/#");
    expect(await stranger.publish("cippo/v1/gw-2/up/events")).toBeNull();
    for (const topic of ["gw-1/up/events", "gw-1/down/commands", "gw-2/down/ack"])
      expect(await stranger.publish(`cippo/v1/${topic}`), topic).toEqual(refused);

    // The platform's programs: each its own topics.
    const operator = opened.use(await Client.open(ports.platform, user("operator", PASSWORDS.OPERATOR_PASSWORD)));
    const publisher = opened.use(await Client.open(ports.platform, user("publisher", PASSWORDS.PUBLISHER_PASSWORD)));
    const ingest = opened.use(await Client.open(ports.platform, user("ingest", PASSWORDS.INGEST_PASSWORD)));
    await operator.hear("cippo/v1/+/up/#");
    await publisher.hear("cippo/v1/#");
    await ingest.hear("cippo/v1/+/up/#");
    for (const [client, may, mayNot] of [
      [operator, ["gw-1/down/commands"], ["gw-1/down/ack", "gw-1/down/config", "gw-1/up/events"]],
      [publisher, ["gw-9/down/config", "gw-9/down/lists/disabled"], ["gw-1/down/commands", "gw-1/up/state"]],
      [ingest, ["gw-1/down/ack"], ["gw-1/down/commands", "gw-1/up/readings"]],
    ] as const) {
      for (const topic of may) expect(await client.publish(`cippo/v1/${topic}`), topic).toBeNull();
      for (const topic of mayNot) expect(await client.publish(`cippo/v1/${topic}`), topic).toEqual(refused);
    }
    // What was published is delivered before what is published now to the same subscriber.
    expect(await operator.publish("cippo/v1/gw-2/down/commands")).toBeNull();
    await until(() => stranger.heard.includes("cippo/v1/gw-2/down/commands"), 10_000, "a gateway hears its own commands");
    expect(stranger.heard.filter((topic) => topic.includes("gw-1"))).toEqual([]);
    await until(() => ingest.heard.includes("cippo/v1/gw-1/up/state"), 10_000, "ingest hears the gateway");
    await until(() => operator.heard.includes("cippo/v1/gw-1/up/state"), 10_000, "an operator sees who is there");
    expect(operator.heard.filter((topic) => !/\/up\/(state|results\/.*)$/.test(topic))).toEqual([]);
    expect(publisher.heard).toEqual([]);

    // Nobody without a name, and no password at the gateways' door.
    await expect(Client.open(ports.platform, { ca: trusted })).rejects.toThrow();
    await expect(Client.open(ports.platform, user("ingest", "wrong"))).rejects.toThrow();
    await expect(Client.open(ports.gateways, user("ingest", PASSWORDS.INGEST_PASSWORD))).rejects.toThrow();
    expect((await gateway.status()).sync.uplink?.outages).toBe(0);
  },
);
