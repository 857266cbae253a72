/** Brokers for tests: each kind on a port of its own, to be killed, forgetting everything, and started again there. */
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { freePort } from "../../../hw-sim/free-port.ts";
import { systemProgram } from "../../../hw-sim/system-program.ts";
import { node, Program, until } from "../running/processes.ts";

export type BrokerKind = "embedded" | "mosquitto";

const MOSQUITTO = systemProgram("mosquitto");

/** `mosquitto` only where it is installed. */
export const brokerKinds: readonly BrokerKind[] = MOSQUITTO === undefined ? ["embedded"] : ["embedded", "mosquitto"];

export class Broker implements AsyncDisposable {
  readonly kind: BrokerKind;
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #program: Program | null = null;

  private constructor(kind: BrokerKind, folder: string, port: number, settings: readonly string[] = ["allow_anonymous true"]) {
    this.kind = kind;
    this.#settings = settings;
    this.#folder = folder;
    this.port = port;
    this.url = `mqtt://127.0.0.1:${port}`;
  }

  /** `folder` takes its configuration. */
  static async open(kind: BrokerKind, folder: string): Promise<Broker> {
    const broker = new Broker(kind, folder, await freePort());
    await broker.start();
    return broker;
  }

  /** A mosquitto with lines of its own in its configuration, in place of `allow_anonymous true`. */
  static async mosquitto(folder: string, settings: readonly string[]): Promise<Broker> {
    const broker = new Broker("mosquitto", folder, await freePort(), settings);
    await broker.start();
    return broker;
  }

  /** A mosquitto that has on disk what it took before it is killed, each change of it within a moment: see `remembered`. */
  static async remembering(folder: string): Promise<Broker> {
    const broker = new Broker("mosquitto", folder, await freePort(), [
      "user root",
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${folder}/`,
      "autosave_interval 1",
      "autosave_on_changes true",
    ]);
    await broker.start();
    return broker;
  }

  /** When it last wrote down what it holds, wall ms. */
  async remembered(): Promise<number> {
    return stat(join(this.#folder, "mosquitto.db")).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }

  /** For a gateway that is to find nobody: an address on which nothing listens until `start`. */
  static async absent(kind: BrokerKind, folder: string): Promise<Broker> {
    return new Broker(kind, folder, await freePort());
  }

  async start(): Promise<void> {
    if (this.kind === "embedded") {
      this.#program = node("hw-sim/broker.js", "--port", String(this.port));
      await this.#program.ready();
      return;
    }
    const conf = join(this.#folder, "mosquitto.conf");
    const forgets = this.#settings.some((line) => line.startsWith("persistence ")) ? [] : ["persistence false"];
    const own = [`listener ${this.port} 127.0.0.1`, ...this.#settings, ...forgets, "set_tcp_nodelay true"];
    await writeFile(conf, `${own.join("\n")}\n`);
    this.#program = new Program(MOSQUITTO ?? "mosquitto", ["-c", conf]);
    // It says nothing on standard output: it is there when its port takes connections.
    await until(() => listens(this.port), 10_000, "mosquitto listens");
  }

  /** Sessions, retained messages and what it had taken and not passed on are gone. */
  async kill(): Promise<void> {
    await this.#program?.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
