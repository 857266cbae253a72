/** Broker and platform on this side, a gateway in the machine on the other, and questions to both. */
import { constants } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonic } from "../../src/kit/clock.ts";
import type { DeviceStatus, GatewayStatus } from "../../src/model/index.ts";
import { Database } from "../platform/store/database.ts";
import { headsOf, lagging } from "../start/judge/stored.ts";
import { type Broker, openBroker } from "../start/processes/broker.ts";
import { Child } from "../start/processes/child.ts";
import { program } from "../start/processes/program.ts";
import { Machine } from "./machine.ts";

/** What the platform holds of one point, in the order of its numbers. */
export interface Told {
  readonly value: unknown;
  readonly quality: string;
  readonly code: string | null;
  /** When it came, this machine's monotonic ms. */
  readonly arrived: number;
}

export interface RigOptions {
  /** Takes disks, logs and the platform's database. */
  readonly folder: string;
  readonly image: string;
  /** Image of the release's disk. */
  readonly release: string;
  /** The gateway's configuration, with BROKER where the broker's address belongs. */
  readonly site: string;
}

/** The host, as qemu's network shows it. */
const HOST = "10.0.2.2";

export class Rig implements AsyncDisposable {
  readonly folder: string;
  readonly platformDb: string;
  readonly broker: Broker;
  machine: Machine;
  readonly #options: RigOptions;
  readonly #platform: Child;

  private constructor(options: RigOptions, broker: Broker, platform: Child, machine: Machine) {
    this.#options = options;
    this.folder = options.folder;
    this.platformDb = join(options.folder, "platform.sqlite");
    this.broker = broker;
    this.#platform = platform;
    this.machine = machine;
  }

  /** The first boot of a card; the gateway is not installed yet. */
  static async open(options: RigOptions): Promise<Rig> {
    const { folder, image } = options;
    const broker = await openBroker("embedded", folder);
    const platform = new Child({
      name: "platform",
      command: process.execPath,
      args: [program("platform.js"), "--broker", broker.url, "--db", join(folder, "platform.sqlite"), "--ack-after", "200ms"],
      isReady: (line) => line["ready"] === true,
    });
    try {
      await platform.ready;
      await copyFile(join(image, "root.img"), join(folder, "card.img"), constants.COPYFILE_FICLONE);
      return new Rig(options, broker, platform, await bootIn(options));
    } catch (error) {
      await platform[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The same card in a machine that was off. */
  async boot(): Promise<void> {
    this.machine = await bootIn(this.#options);
  }

  /** The site's configuration, as a technician would write it there. */
  async configure(): Promise<void> {
    const yaml = this.#options.site.replace("BROKER", this.broker.url.replace("127.0.0.1", HOST));
    await this.machine.run(`mkdir -p /etc/cippo\ncat >/etc/cippo/gateway.yaml <<'YAML'\n${yaml}\nYAML`);
  }

  async told(source: string, name: string): Promise<readonly Told[]> {
    const sql = `SELECT r.value, r.quality, r.code, r.arrived FROM readings r JOIN epochs e USING (gateway, epoch)
      WHERE r.source = ? AND r.name = ? ORDER BY e.n, r.seq`;
    await using db = await Database.open(this.platformDb, "readonly");
    return (await db.all(sql, source, name)).map((row) => ({
      value: JSON.parse(String(row["value"])),
      quality: String(row["quality"]),
      code: row["code"] === null ? null : String(row["code"]),
      arrived: Number(row["arrived"]),
    }));
  }

  async device(id: string): Promise<DeviceStatus | undefined> {
    return (await this.machine.status()).devices.find((device) => device.id === id);
  }

  /** Resolves with the device when it is as wanted. */
  async until(id: string, wanted: (device: DeviceStatus) => boolean, withinMs: number): Promise<DeviceStatus> {
    let last: DeviceStatus | undefined;
    const found = async () => {
      last = await this.device(id);
      return last && wanted(last) ? last : undefined;
    };
    return until(found, withinMs, () => `${id} is ${last?.state} ${last?.problem?.code ?? ""} ${last?.problem?.what.en ?? ""}`);
  }

  /** Resolves when the platform has acknowledged all that the gateway had stored by now. */
  async delivered(withinMs: number): Promise<GatewayStatus> {
    const heads = headsOf(await this.machine.status());
    const held = async () => {
      const status = await this.machine.status();
      return lagging(status, heads) ? undefined : status;
    };
    return until(held, withinMs, () => "not everything is acknowledged");
  }

  /** Keeps the logs of a failure beside the disks, and resolves with the gateway's last warnings. */
  async keepLogs(): Promise<string> {
    const outputOf = (script: string) => this.machine.run(script, 60_000).catch((error: unknown) => `cannot be asked: ${error}`);
    const all = "journalctl -o short-monotonic --no-pager | tail -n 5000; systemctl status cippo --no-pager || true";
    await writeFile(join(this.folder, "journal"), await outputOf(all));
    await writeFile(join(this.folder, "platform.log"), this.#platform.tail.join("\n"));
    return outputOf("journalctl -u cippo -p warning -o short-monotonic --no-pager | tail -n 40");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
    await this.#platform[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }
}

const bootIn = ({ folder, image, release }: RigOptions): Promise<Machine> =>
  Machine.boot({ image, release, card: join(folder, "card.img"), console: join(folder, `console-${monotonic()}`) });

/** Looks until `look` answers something. */
export async function until<T>(look: () => Promise<T | undefined>, withinMs: number, wrong: () => string): Promise<T> {
  const latest = monotonic() + withinMs;
  let problem = "";
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined) return found;
      problem = wrong();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (monotonic() > latest) throw new Error(`after ${withinMs / 1000} s: ${problem}`);
    await sleep(200);
  }
}
