/** A private D-Bus with python3-dbusmock's BlueZ, to be moved, killed and restarted, and the product's own child. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Program } from "../running/processes.ts";

const MOCK = join(import.meta.dirname, "bluez-mock.py");
/** A thousand strangers take a while. */
const ANSWER_MS = 60_000;
const PYTHON = "/usr/bin/python3";
const BUNDLE = join(import.meta.dirname, "../../../dist/cippo-ble.js");

/** Empty, or what is missing. */
export function missing(): string {
  if (spawnSync("dbus-daemon", ["--version"]).status !== 0) return "dbus-daemon (apt install dbus)";
  if (spawnSync(PYTHON, ["-c", "import dbusmock"]).status !== 0) return "dbusmock (apt install python3-dbusmock)";
  return existsSync(BUNDLE) ? "" : "dist/cippo-ble.js (node tools/build.mjs)";
}

export class Bluez implements AsyncDisposable {
  readonly address: string;
  readonly #socket: string;
  #daemon: Program | null = null;
  #mock: Program | null = null;
  #control: Program | null = null;
  #asked = 0;

  constructor(folder: string) {
    this.#socket = join(folder, "bus");
    this.address = `unix:path=${this.#socket}`;
  }

  get env(): NodeJS.ProcessEnv {
    return { DBUS_SYSTEM_BUS_ADDRESS: this.address };
  }

  async start({ daemon = true, adapter = true } = {}): Promise<void> {
    if (daemon) {
      await rm(this.#socket, { force: true });
      this.#daemon = new Program("dbus-daemon", ["--session", "--nofork", "--print-address=1", `--address=${this.address}`]);
      await this.#daemon.line((line) => line || undefined);
    }
    this.#mock = new Program(PYTHON, [MOCK, "serve"], { env: this.env });
    this.#control = new Program(PYTHON, [MOCK, "control"], { env: this.env });
    this.#asked = 0;
    await this.#control.ready("ok");
    if (adapter) await this.ask({ do: "adapter" });
  }

  /** Throws what D-Bus or the mock says. */
  async ask<T = unknown>(request: object): Promise<T> {
    const control = this.#control;
    if (!control) throw new Error("not started");
    const n = ++this.#asked;
    control.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await control.line((line) => {
      const reply = JSON.parse(line) as { n: number; ok: boolean; value: T; error?: string };
      return reply.n === n ? reply : undefined;
    }, ANSWER_MS);
    if (!answer.ok) throw new Error(`bluez: ${answer.error}`);
    return answer.value;
  }

  /** bluetoothd stands still, and goes on. */
  freeze(on: boolean): void {
    this.#mock?.child.kill(on ? "SIGSTOP" : "SIGCONT");
  }

  /** bluetoothd ends; D-Bus stays. */
  async stopBluez(): Promise<void> {
    await this.#control?.kill();
    await this.#mock?.kill();
  }

  async stopBus(): Promise<void> {
    await this.stopBluez();
    await this.#daemon?.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stopBus();
  }
}

/** Anonymous memory of a process, MB. */
export const memoryOf = (pid: number): number =>
  Number(/Pss_Anon:\s+(\d+) kB/.exec(execFileSync("cat", [`/proc/${pid}/smaps_rollup`], { encoding: "utf8" }))?.[1] ?? 0) / 1024;
